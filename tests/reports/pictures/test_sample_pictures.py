"""Pictures of the sample pair: their data, what they show, their size, and that they refer to nothing outside."""

from __future__ import annotations

from functools import cache

from reports.markup.html import html_table
from reports.pictures import (
    age_distributions,
    age_strips,
    block_text,
    event_table,
    picture_files,
    picture_styles,
    reason_bars,
)
from tests.reports.pictures.made_pictures import of_class, parsed, texts
from toolkit.analysis.pipeline import analyze
from toolkit.analysis.run_info import Options
from toolkit.model.runs import RunAnalysis
from toolkit.model.serialize import analysis_json


@cache
def sample(name: str) -> RunAnalysis:
    return analyze([f"sample:{name}"], options=Options(pictures=True))


def test_the_samples_give_one_strip_a_venue_and_side_below_the_limit_of_size() -> None:
    picture = age_strips(sample("before"), sample("after"))
    root = parsed(picture)
    assert [each.get("height") for each in of_class(root, "strip")] == [*["81"] * 5, "16"]
    assert len(of_class(root, "ages")) == 10
    assert len(picture.encode()) < 40_000
    assert picture == age_strips(sample("before"), sample("after"))


def test_every_mark_of_the_samples_has_a_title_and_leads_to_a_row_of_the_table() -> None:
    before, after = sample("before"), sample("after")
    picture = parsed(age_strips(before, after))
    table = parsed(html_table(event_table(before, after)))
    targets = {each.get("href", "").removeprefix("#") for each in picture.iter("a")}
    assert targets <= {each.get("id") for each in table.iter("td")}
    assert len(targets) == 40  # 23 reconnects before, 14 and 4 kept timeouts after; two of these are drawn as one
    assert all(each.findtext("title") for each in picture.iter("a"))
    titles = texts(picture, "title")
    assert "lighter, before, 60.6\u00a0s ±\u00a00.8\u00a0s: reconnect, venue closed: “idle”; run.log 66, 70" in titles
    assert "hyperliquid, after, outage of 10.2\u00a0s from 430.0\u00a0s, largest age 12\u00a0s" in titles


def test_no_element_of_a_picture_refers_to_anything_outside_of_it() -> None:
    before, after = sample("before"), sample("after")
    parts = [draw(before, after) for draw in (age_strips, age_distributions, reason_bars)]
    page = parsed("".join(parts))
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for text in (*parts, picture_styles()):
        assert not any(word in text for word in ("http", "url(//", "src=", "<script", "@import", "xlink"))


def test_the_pictures_of_the_samples_are_small() -> None:
    before, after = sample("before"), sample("after")
    assert sum(len(draw(before, after).encode()) for draw in (age_strips, age_distributions, reason_bars)) < 70_000
    assert all(len(content) < 45_000 for content in picture_files(before, after).values())


def test_the_reasons_of_the_samples_are_those_of_the_log() -> None:
    rows = of_class(parsed(reason_bars(sample("before"), sample("after"))), "reason")
    assert [(row.findtext("p"), [each.text for each in of_class(row, "count")]) for row in rows] == [
        ("venue closed: “idle”", ["9", "0"]),
        ("connection reset or ended", ["7", "7"]),
        ("venue closed, no reason printed", ["2", "2"]),
        ("read timeout", ["2", "2"]),
        ("no line says why", ["2", "2"]),
        ("book watchdog", ["1", "1"]),
    ]


def test_the_line_of_blocks_shows_the_closes_of_the_venue_that_changed() -> None:
    assert block_text(sample("before"), sample("after")).splitlines()[1:-1] == [
        "lighter, oldest book in each 15\u00a0s, full height 2\u00a0s",
        "before ▁▁▁▁▅▁▁▁▅▁▁▁▃▁▁▁▄▁▁▁▅▆█▁▁▁▃▁▁▁▄▁▁▁▅▁▁▁▅▁",
        "after  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▃▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
    ]


def test_the_data_of_the_pictures_agrees_with_the_figures_and_episodes_of_the_run() -> None:
    for analysis in (sample("before"), sample("after")):
        data = analysis.pictures
        assert data is not None and (data.tick_ms, data.step_ms) == (250, 1_000)
        assert {curve.venue: curve.limit_ms for curve in data.curves} == {
            "extended": 1_000, "hyperliquid": 2_000, "aster": 1_000, "lighter": 1_000, "paradex": 3_000,
        }  # fmt: skip
        for curve in data.curves:
            assert len(curve.ages_ms) == 600
            largest = analysis.figure(f"{curve.venue}.age_apply_ms.max")
            assert largest is not None
            assert max(age for age in curve.ages_ms if age is not None) == curve.apply_quantiles_ms[-1] == largest.value
        marked = [(each.venue, each.kind, each.lines) for each in data.marks]
        told = [(each.venue, each.kind, each.lines) for each in analysis.episodes]
        assert sorted(marked) == sorted(each for each in told if each[1] in ("reconnect", "resync", "kept"))
        assert all(each.low_ms is not None and each.high_ms is not None for each in data.marks)


def test_the_data_of_the_pictures_is_no_part_of_the_published_json() -> None:
    assert '"pictures"' not in analysis_json(sample("before"))
