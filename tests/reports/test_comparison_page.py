from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from reports.pages import run_name
from reports.run_pages import summary
from reports.views.pair import OMITTABLE, PairView
from tests.reports.made_pair import VENUES, after, before, blocked, figure, run_figures, run_info
from tests.reports.rendered import Page
from tests.reports.test_escape import HOSTILE, UNPRINTABLE
from toolkit.comparison.rows import compare
from toolkit.evidence.document import comparison_page
from toolkit.model.errors import UsageError
from toolkit.model.runs import Diagnosis, Finding, RunAnalysis, SetAsideLine
from toolkit.model.vocabulary import Ended
from toolkit.smoke.known_settings import known_settings

NAMES = ("prb_before", "prb_after")
HEADINGS = [
    "All figures", "Settings that differ", "Gate", "Reconnects", "Ages", "Freshness", "Plateaus", "Books",
    "Publisher pressure and cap hits", "Recovery without a new socket", "Market, fair value and orders",
    "Time and ticks", "Comparability and method",
]  # fmt: skip
OUR_TAGS = {
    "blockquote", "h1", "h2", "h3", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "details",
    "summary",
}  # fmt: skip


def document(left: RunAnalysis, right: RunAnalysis, names: tuple[str, str] = NAMES) -> str:
    return comparison_page(compare(left, right), names, "markdown")


@pytest.mark.parametrize("left", [before(), blocked()])
def test_every_row_of_a_rendered_table_has_as_many_cells_as_its_head(left: RunAnalysis) -> None:
    text = document(left, after())
    page = Page(text)
    assert len(page.tables) == text.count("\n\n| ")
    for table in page.tables:
        assert len(table) > 1 and {len(row) for row in table} == {len(table[0])}
    assert set(page.tags) <= OUR_TAGS


def test_the_document_has_its_headings_in_order() -> None:
    headings = Page(document(before(), after())).headings
    first = ["prb_before → prb_after", "Before and after", "Reconnects by reason"]
    assert headings[:3] == first and headings[-len(HEADINGS) :] == HEADINGS
    assert (
        headings.index("What got worse, outages, findings")
        < headings.index("Comparable?")
        < headings.index("All figures")
    )


def test_the_document_begins_with_the_answer_and_folds_the_summary_of_all_figures() -> None:
    text = document(before(), after())
    _, first, second, *_ = text.replace("\u00a0", " ").split("\n\n")
    assert first.startswith("> **Improved:** Lighter reconnects **10** → **1** (ratio 0.10, 95 % interval 0.002–0.70")
    assert second.startswith("| venue | reconnects | book age p95, s | oldest book, s | result |")
    folded = text.replace("\u00a0", " ").partition("<summary>145 figures, settings, gate, method</summary>\n\n")[2]
    summary_of_all = folded.split("\n\n")[0]
    assert summary_of_all.split("\n") == [
        "- **Feed**: SIMULATED.",
        "- **Settings**: not recorded in either run, so it is not known whether they were equal.",
        "- **Build**: before not known (the run states no build id), after `29c19fd4a1`.",
        "- **Statistical test**: improved: `lighter.reconnects`, `lighter.reconnects.server_close`; regressed: none. "
        "Other differences below are observations of one run per side.",
        "- **Gate** `frontier`: before **FAIL** (1 of 49 rules failed: extended.age_apply_ms.p95 11 249 ms); "
        "after **FAIL** (1 of 49 rules failed: extended.age_apply_ms.p95 11 249 ms).",
        "- **Missing data**: before none (no line was set aside, no tick is missing); "
        "after 1 of 2 400 lines of telemetry.jsonl (torn_tail).",
        "- **Figures**: 145 in total: 2 improved, 81 no difference, 17 inconclusive, "
        "36 without a test, "
        "9 not comparable (5 known on neither side, 4 known on one side only).",
    ]


KNOB = "PARAPHINA_LIGHTER_PING_INTERVAL_MS"


def with_settings(run: RunAnalysis, settings: dict[str, str], **other: Any) -> RunAnalysis:
    return replace(run, run=replace(run.run, settings=settings, **other))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({KNOB: "0"}, {KNOB: "1000"}, f"1 of 1 differs: `{KNOB}` **0** → **1000**."),
        ({}, {KNOB: "1000"}, f"1 of 1 differs: `{KNOB}` **not set (30000 by default)** → **1000**."),
        ({KNOB: "0", "HL_COIN": "ETH"}, {KNOB: "0", "HL_COIN": "ETH"}, "none of 2 differs."),
        ({"A": "1", "B": "1", "C": "1", "D": "1"}, {},
         "4 of 4 differ: `A` **1** → **not set**; `B` **1** → **not set**; `C` **1** → **not set**, and 1 more below."),
    ],
)  # fmt: skip
def test_the_settings_that_differ_are_in_the_review_summary_and_in_a_table(
    left: dict[str, str], right: dict[str, str], expected: str
) -> None:
    sides = with_settings(before(), left, kind="toolkit"), with_settings(after(), right, kind="toolkit")
    pair = compare(*sides, known_settings)
    text = comparison_page(pair, NAMES, "markdown")
    assert f"- **Settings**: {expected}\n" in text
    rows = {row[0]: row[1:] for table in Page(text).tables if table[0][0] == "setting" for row in table[1:]}
    assert rows.keys() == {name for name in left.keys() | right.keys() if left.get(name) != right.get(name)}


def test_equal_settings_are_folded() -> None:
    left = with_settings(before(), {KNOB: "0", "HL_COIN": "ETH"})
    text = document(left, with_settings(after(), {KNOB: "1", "HL_COIN": "ETH"}, settings_withheld=("PARAPHINA_X",)))
    assert "<summary>1 equal, 0 that differ only in the directory of the run or the port" in text
    assert "- Settings with undocumented names, not compared: PARAPHINA_X." in text


def test_the_omitted_figures_are_counted() -> None:
    pair = PairView(compare(before(), after()), NAMES, omitted=tuple(OMITTABLE))
    rows = sum(len(section.table.rows) for section in pair.sections.values() if not section.low_priority)
    assert sum(int(text.replace("\u00a0", "").split()[0]) for text in pair.omitted_text) + rows == len(pair.rows)


def pair_of(metric: str, before_ms: tuple[float | None, ...], after_ms: tuple[float | None, ...]) -> str:
    """Return the document of two runs with one age of each venue."""
    runs = []
    for number, values in enumerate((before_ms, after_ms)):
        venues = VENUES[: len(values)]
        ages = [figure(f"{venue}.{metric}", value, "ms") for venue, value in zip(venues, values, strict=True)]
        runs.append(RunAnalysis(run_info(id=str(number), venues=venues), (), (*run_figures(), *ages)))
    return document(*runs).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("after_ms", "where"),
    [
        ((418, 418, 418, 418), "all venues rose"),
        ((418, 418, 418, None), "all venues that can be compared rose"),
    ],
)
def test_a_common_shift_claims_every_venue_only_if_every_venue_was_compared(
    after_ms: tuple[float | None, ...], where: str
) -> None:
    assert f"The median event ages of {where} by 18 ms together" in pair_of(
        "age_event_ms.p50", (400, 400, 400, 400), after_ms
    )


def test_the_worst_venue_comes_first_in_every_table() -> None:
    page = Page(document(before(), after()))
    headline = [row[0] for row in page.tables[0][1:]]
    assert headline == ["lighter", "extended", "hyperliquid", "paradex", "aster"]
    for table in page.tables[1:]:
        venues = list(dict.fromkeys(row[0] for row in table[1:] if row[0] in VENUES))
        assert venues == [venue for venue in headline if venue in venues]


def test_every_figure_has_exactly_one_place_in_the_sections() -> None:
    pair = PairView(compare(before(), after()), NAMES)
    shown = [cell.figure for section in pair.sections.values() for row in section.table.rows for cell in row[1:2]]
    for section in pair.sections.values():
        for grid in (section.moved, section.unchanged, *section.not_comparable):
            shown += [cell.figure for row in grid.table.rows for cell in row]
        for folded in (*section.zero, *section.unknown):
            scopes = folded.scopes or (("run",) if f"run.{folded.metrics[0]}" in pair.rows else VENUES)
            shown += [f"{scope}.{metric}" for metric in folded.metrics for scope in scopes]
    assert sorted(filter(None, shown)) == sorted(pair.rows)


def row_of(page: Page, venue: str, metric: str) -> list[str]:
    (row,) = (row for table in page.tables for row in table if row[:2] == [venue, metric])
    return [cell.replace("\u00a0", " ") for cell in row]


@pytest.mark.parametrize(
    ("venue", "metric", "cells"),
    [
        ("lighter", "reconnects", ["10", "10", "1", "1", "−9 (× 0.10)", "improved"]),
        ("lighter", "age_apply_ms.p99", ["500 ms", "2 399", "< 250 ms", "2 399", "–", ""]),
        ("extended", "read_timeouts_kept",
         ["not instrumented", "0", "6", "2 399", "–", "not comparable (before: not instrumented)"]),
        ("run", "publisher.lossless_wait",
         ["not instrumented", "0", "≥ 1 000", "2 399", "–",
          "not comparable (before: not instrumented; printed at 1, 2, 3 and every 1000)"]),
    ],
)  # fmt: skip
def test_a_row_shows_both_values_with_their_sample_counts_and_the_verdict(
    venue: str, metric: str, cells: list[str]
) -> None:
    assert row_of(Page(document(before(), after())), venue, metric)[2:] == cells


def test_a_document_with_a_blocked_side_has_the_diagnosis_in_place_of_numbers() -> None:
    page = Page(document(blocked(), after()))
    assert page.headings[-len(HEADINGS) :] == HEADINGS
    assert (
        "Blocked: the before run never ran: the build could not move a file across devices (os error 18)" in page.text
    )
    (row,) = (row for table in page.tables for row in table if row[0] == "reconnects")
    assert row == ["reconnects", "5", "3", "3", "2", "1", "1 to 5"]


def test_a_document_with_two_blocked_sides_has_all_headings() -> None:
    page = Page(document(blocked(), blocked()))
    assert page.headings[-len(HEADINGS) :] == HEADINGS
    assert "Blocked: neither run ran: " in page.text


def test_a_run_that_died_and_a_venue_without_a_book_come_first() -> None:
    dead = [
        figure(each.figure, 1, "share") if each.figure == "paradex.age_apply_unknown.share" else each
        for each in after().figures
    ]
    info = replace(after().run, ended=Ended.KILLED, diagnosis=Diagnosis("x", "the log stops in mid-line", "run.log", 7))
    text = document(before(), replace(after(), run=info, figures=tuple(dead)))
    first = text.replace("\u00a0", " ").split("\n\n")[1]
    assert first.startswith(
        "> **After: killed after 9 min 59.5 s: the log stops in mid-line (run.log line 7).** "
        "**Paradex never had a book after the change.**"
    )
    assert [
        cell.replace("\u00a0", " ")
        for row in Page(text).tables[0]
        if row[0] == "paradex"
        for cell in (*row[:3], row[-1])
    ] == ["paradex", "3", "< 0.25", "no book after"]


def test_the_reconnects_of_a_venue_without_a_book_are_no_improvement() -> None:
    dead = [
        replace(each, value=1) if each.figure.endswith("age_apply_unknown.share") else
        replace(each, value=0) if each.figure.endswith(".reconnects") else each
        for each in after().figures
    ]  # fmt: skip
    text = document(before(), replace(after(), figures=tuple(dead)))
    named = "Lighter, Extended, Hyperliquid, Paradex, Aster"
    assert text.split("\n\n")[1].startswith(f"> **{named} never had a book after the change.**")
    assert "improved" not in text.lower().partition("## before and after")[0]


def test_the_rest_of_a_run_that_was_cut_short_is_missing_data() -> None:
    info = replace(after().run, ended=Ended.CRASHED, diagnosis=Diagnosis("panic", "it panicked", "run.log", 7))
    text = document(before(), replace(after(), run=info))
    assert (
        "after 1 of 2 400 lines of telemetry.jsonl (torn_tail), the rest of the run, which was cut short."
        in text.replace("\u00a0", " ")
    )
    assert text.count("it panicked") == 1


def test_counts_of_runs_of_different_length_are_said_to_be_compared_by_their_rates() -> None:
    shorter = replace(before(), run=replace(before().run, id="b", observed_ms=200_000))
    text = document(before(), shorter).replace("\u00a0", " ")
    assert "- The runs last 9 min 59.5 s and 3 min 20.0 s: counts are compared by their hourly rates." in text


def test_the_text_lists_every_figure_only_if_asked() -> None:
    pair = compare(before(), after())
    short, long = (comparison_page(pair, NAMES, "text", everything) for everything in (False, True))
    assert "--all adds settings, gate, method and all 145 figures" in " ".join(short.split())
    assert "Settings that differ" not in short and "Settings that differ" in long
    assert long.startswith(short.split("Comparable?")[0]) and short.count("\n") < 65
    prose = [line for line in short.split("\n") if "  " not in line.strip()]
    assert max(map(len, prose)) <= 100


def test_no_table_of_a_page_is_empty() -> None:
    assert all(len(table) > 1 for table in Page(document(blocked(), blocked())).tables)


@pytest.mark.parametrize("format", ["text", "markdown"])
@pytest.mark.parametrize(("simulated", "word"), [(True, "SIMULATED"), (False, "live"), (None, "feed unknown")])
def test_every_output_shows_the_kind_of_feed(format: str, simulated: bool | None, word: str) -> None:
    run = replace(after(), run=run_info(simulated=simulated))
    pair = compare(run, run)
    outputs = [
        summary(run, "x", format),
        comparison_page(pair, NAMES, format),
    ]
    assert all(word in output for output in outputs)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert document(before(), after()) == document(before(), after())


def hostile(text: str) -> RunAnalysis:
    """Return a run in which every text that a producer can choose is `text`."""
    venue = text.replace(".", "") or "x"
    figures = [
        figure(f"{venue}.reconnects", 3, note=text or None),
        figure(f"{venue}.reconnects.{venue}", 3),
        figure(f"{venue}.age_apply_ms.p95", None, "ms", note=text or None),
        figure(f"{venue}.plateau_10s.count", 0),
    ]
    info = run_info(
        label=text, kind=text, venues=(venue,), build_id=text, trade_mode=text, vintage=text, semantics={text: text},
        ended=Ended.CRASHED, diagnosis=Diagnosis("x", text, text, 3), settings={text: text}, settings_withheld=(text,),
        origin={text: text},
    )  # fmt: skip
    file = replace(before().ledger[0], file=text, set_aside={text: 1}, where=(SetAsideLine(1, 0, text),))
    finding = Finding("x", text, venue, text, (), ((text, 4),))
    return RunAnalysis(info, (file,), tuple(figures), findings=(finding,))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_changes_the_structure_of_the_document(text: str) -> None:
    run = hostile(text)
    other = with_settings(run, {f"{text}!": text, text: f"{text}!"}, id="other")
    page = Page(document(run, other, (text, text)))
    assert page.headings[-len(HEADINGS) :] == HEADINGS
    assert [len(table[0]) for table in page.tables][-3:] == [4, 6, 3]
    assert all(len(row) == len(table[0]) for table in page.tables for row in table)
    assert set(page.tags) <= OUR_TAGS
    assert not re.search(r"[@#]\w", page.prose)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_sends_a_control_sequence_to_a_terminal(text: str) -> None:
    run = hostile(text)
    pair = compare(run, with_settings(run, {text: f"{text}!"}, id="other"))
    for page in (
        summary(run, text, "text"),
        comparison_page(pair, (text, text), "text"),
    ):
        assert not {unicodedata.category(character) for character in page.replace("\n", "")} & UNPRINTABLE


@pytest.mark.parametrize(
    "text", ["wss://ada:s3cr3tV4lue@venue.example/ws", "api_key=s3cr3tV4lue", "/home/s3cr3tV4lue/soak"]
)
def test_no_secret_of_a_run_reaches_any_page(text: str) -> None:
    run = hostile(text)
    pair = compare(run, with_settings(run, {text: f"{text}!"}, id="other"))
    for format in ("text", "markdown"):
        assert "s3cr3tV4lue" not in comparison_page(pair, (text, text), format)
    for format in ("text", "markdown", "html"):
        assert "s3cr3tV4lue" not in summary(run, text, format)


def test_a_format_without_a_template_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--format html: this command prints text, json or markdown"):
        comparison_page(compare(before(), after()), ("x", "y"), "html")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("runs/before", "before"),
        ("runs/before/", "before"),
        ("sample:before", "sample:before"),
        ("-", "standard input"),
        ("/", "/"),
        (".", "."),
    ],
)
def test_a_run_is_named_after_the_last_part_of_its_path(path: str, name: str) -> None:
    assert run_name(path) == name
