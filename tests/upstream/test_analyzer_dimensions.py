"""Recorded runs: the compat rows of the analyzer's dimensions 2 to 15 equal what the tool printed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
import zstandard

from tests.analysis.metrics.analyzer_page import COUNTS as PRINTED_COUNTS
from tests.analysis.metrics.analyzer_page import RIGHT, STATS, VENUES, read
from tests.upstream.made_run import analyzed_run, lines, record, startup_line
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import CompatRow
from toolkit.upstream.analyzer import TOOL
from toolkit.upstream.analyzer_dimensions import COUNTS, PROFIT, RUN_SERIES, VENUE_SERIES

DATA = Path(__file__).parent.parent / "data"
RUNS = {"prb_before": "sample:before"} | {run: str(DATA / "runs" / run) for run in ("killed_head", "split_stdio")}
ONE_DIGIT, HALF_A_DIGIT = 1.0000001e-6, 0.5000001e-6
OWN_RULE_SERIES = {
    ("Dimension 2: Tick Performance / Timing Budget", "event_drain_us"): "event_drain_us",
    ("Dimension 2: Tick Performance / Timing Budget", "engine_us"): "engine_us",
} | {
    (heading, f"{venue} {name}"): f"{name} {venue}"
    for heading, name in (("Spread Statistics", "spread"), ("Depth Near Mid Statistics", "depth"))
    for venue in VENUES
}


@cache
def rows(run: str) -> dict[str, CompatRow]:
    return {row.name: row for row in analyze([RUNS[run]]).compat if row.tool == TOOL}


def page(run: str) -> str:
    return (DATA / "dimensions" / f"{run}.txt").read_text(encoding="utf-8")


def tool_names() -> dict[tuple[str, str], str]:
    names = {figure: name for name, figure in RUN_SERIES.items()}
    names |= {f"{venue}.{metric}": f"{name} {venue}" for name, metric in VENUE_SERIES.items() for venue in VENUES}
    return {key: names[figure] for key, figure in RIGHT.items() if figure in names} | OWN_RULE_SERIES


@pytest.mark.parametrize("run", RUNS)
def test_every_number_of_a_series_equals_the_printed_one(run: str) -> None:
    printed, _ = read(page(run))
    assert len(tool_names()) == len(RIGHT) - 2 * len(VENUES) + len(OWN_RULE_SERIES)
    half_way = []
    for key, name in tool_names().items():
        assert rows(run)[f"{name} n"].upstream == printed[key]["n"], key
        for stat in STATS:
            upstream = rows(run)[f"{name} {stat}"].upstream
            assert upstream == pytest.approx(printed[key][stat], abs=ONE_DIGIT, rel=0), (key, stat)
            if upstream != pytest.approx(printed[key][stat], abs=HALF_A_DIGIT, rel=0):
                half_way.append((key, stat, rows(run)[f"{name} {stat}"].ours))
    assert len(half_way) <= 2
    for _, _, ours in half_way:
        assert isinstance(ours, float)
        assert abs(ours * 1e6 % 1 - 0.5) < 1e-4, ours


@pytest.mark.parametrize("run", RUNS)
def test_every_count_equals_the_printed_one(run: str) -> None:
    _, printed = read(page(run))
    names = {figure: name for name, figure in COUNTS.items()}
    for key, figure in PRINTED_COUNTS.items():
        if figure in names:
            assert rows(run)[names[figure]].upstream == printed[key], key


def test_a_phase_of_the_tool_includes_the_phases_before_it() -> None:
    row = rows("prb_before")["engine_us p50"]
    assert isinstance(row.upstream, float)
    assert isinstance(row.ours, int | float)
    assert row.upstream > row.ours
    assert "from the start of the tick" in row.why


def test_across_a_restart_the_numbers_of_the_tool_are_not_computed(tmp_path: Path) -> None:
    both = tmp_path / "telemetry.jsonl"
    both.write_bytes(telemetry("killed_head") + telemetry("split_stdio"))
    by_name = {row.name: row for row in analyze([str(both)]).compat if row.tool == TOOL}
    for name in ("total_us p95", "mid lighter mean", "anomalies"):
        assert by_name[name].upstream is None
        assert by_name[name].ours is not None
        assert "not computed" in by_name[name].why
    assert by_name["spread lighter n"].upstream == by_name["ticks analyzed"].upstream
    assert by_name["engine_us p95"].upstream is not None


def telemetry(run: str) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader((DATA / "runs" / run / "telemetry.jsonl.zst").read_bytes()) as file:
        return file.read()


@pytest.mark.parametrize(
    ("profits", "numbers", "why"),
    [
        ([0.0, 12.5, 40.0, -3.0], (40.0, -3.0), "sorts the profits"),
        ([0.0, 12.5, 40.0], (40.0, 40.0), "Same definition"),
        ([-7.0, -9.0], (-7.0, -9.0), "sorts the profits"),
    ],
)
def test_the_final_profit_of_the_tool_is_the_highest_one(
    tmp_path: Path, profits: list[float], numbers: tuple[float, float], why: str
) -> None:
    health = {"venue_status": ["Healthy", "Healthy"], "venue_mid_usd": [1.0, 1.0]}
    records = [record(t, venues=("lighter", "aster"), pnl_total=each, **health) for t, each in enumerate(profits)]
    analysis = analyzed_run(tmp_path, lines(records), [startup_line("lighter", "aster")])
    (found,) = (each for each in analysis.compat if each.name == PROFIT)
    assert ((found.upstream, found.ours), why in found.why) == (numbers, True)
