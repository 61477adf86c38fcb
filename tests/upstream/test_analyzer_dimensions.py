"""Recorded runs: dimensions 2 to 15 of the analyzer, each number of the view against what the tool printed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import zstandard

from tests.analysis.metrics.analyzer_page import COUNTS as PRINTED_COUNTS
from tests.analysis.metrics.analyzer_page import RIGHT, STATS, VENUES, read
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import CompatRow
from toolkit.upstream.analyzer import TOOL
from toolkit.upstream.analyzer_dimensions import COUNTS, RUN, VENUE

DATA = Path(__file__).parent.parent / "data"
RUNS = {"prb_before": "sample:before"} | {run: str(DATA / "runs" / run) for run in ("killed_head", "split_stdio")}
A_DIGIT, HALF_A_DIGIT = 1.0000001e-6, 0.5000001e-6
OWN = {
    ("Dimension 2: Tick Performance / Timing Budget", "event_drain_us"): "event_drain_us",
    ("Dimension 2: Tick Performance / Timing Budget", "engine_us"): "engine_us",
} | {
    (heading, f"{venue} {word}"): f"{word} {venue}"
    for heading, word in (("Spread Statistics", "spread"), ("Depth Near Mid Statistics", "depth"))
    for venue in VENUES
}


@cache
def rows(run: str) -> dict[str, CompatRow]:
    return {row.name: row for row in analyze([RUNS[run]]).compat if row.tool == TOOL}


def page(run: str) -> str:
    return (DATA / "dimensions" / f"{run}.txt").read_text(encoding="utf-8")


def named() -> dict[tuple[str, str], str]:
    words = {figure: word for word, figure in RUN.items()}
    words |= {f"{venue}.{metric}": f"{word} {venue}" for word, metric in VENUE.items() for venue in VENUES}
    return {key: words[figure] for key, figure in RIGHT.items() if figure in words} | OWN


@pytest.mark.parametrize("run", RUNS)
def test_every_number_of_a_series_is_what_the_tool_printed(run: str) -> None:
    printed, _ = read(page(run))
    assert len(named()) == len(RIGHT) - 2 * len(VENUES) + len(OWN)
    half_way = []
    for key, word in named().items():
        assert rows(run)[f"{word} n"].upstream == printed[key]["n"], key
        for stat in STATS:
            told = rows(run)[f"{word} {stat}"].upstream
            assert told == pytest.approx(printed[key][stat], abs=A_DIGIT, rel=0), (key, stat)
            if told != pytest.approx(printed[key][stat], abs=HALF_A_DIGIT, rel=0):
                half_way.append((key, stat, rows(run)[f"{word} {stat}"].ours))
    assert len(half_way) <= 2
    for _, _, ours in half_way:
        assert isinstance(ours, float)
        assert abs(ours * 1e6 % 1 - 0.5) < 1e-4, ours


@pytest.mark.parametrize("run", RUNS)
def test_every_count_is_what_the_tool_printed(run: str) -> None:
    _, printed = read(page(run))
    words = {figure: word for word, figure in COUNTS.items()}
    for key, figure in PRINTED_COUNTS.items():
        if figure in words:
            assert rows(run)[words[figure]].upstream == printed[key], key


def test_a_phase_that_the_tool_takes_from_the_begin_of_the_tick_is_ours_and_those_before_it() -> None:
    row = rows("prb_before")["engine_us p50"]
    assert isinstance(row.upstream, float)
    assert isinstance(row.ours, int | float)
    assert row.upstream > row.ours
    assert "since the tick began" in row.why


def test_over_a_restart_its_numbers_are_not_worked_out_and_the_view_says_so(tmp_path: Path) -> None:
    both = tmp_path / "telemetry.jsonl"
    both.write_bytes(telemetry("killed_head") + telemetry("split_stdio"))
    found = {row.name: row for row in analyze([str(both)]).compat if row.tool == TOOL}
    for name in ("total_us p95", "mid lighter mean", "anomalies"):
        assert found[name].upstream is None
        assert found[name].ours is not None
        assert "not worked out" in found[name].why
    assert found["spread lighter n"].upstream == found["ticks analyzed"].upstream
    assert found["engine_us p95"].upstream is not None


def telemetry(run: str) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader((DATA / "runs" / run / "telemetry.jsonl.zst").read_bytes()) as file:
        return file.read()
