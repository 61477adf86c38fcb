"""What the report takes from telemetry, at the edges of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upstream.made_run import aged, lines, made, record, started, upstream
from toolkit.upstream.soak_report import NO_REPORT, TOOL

LOG = [started("lighter")]
ABOVE = 10_001

PLATEAUS = {
    "two records above are none": ([ABOVE, ABOVE, 0], ("n/a", 0)),
    "three are one, from its first to its last": ([ABOVE, ABOVE, ABOVE, 0], (0.5, 3)),
    "the limit itself is not above it": ([10_000, 10_000, 10_000], ("n/a", 0)),
    "it may be open at the end of the file": ([0, ABOVE, ABOVE, ABOVE], (0.5, 3)),
    "an age of -1 ends it": ([ABOVE, ABOVE, -1, ABOVE, ABOVE], ("n/a", 0)),
    "a record without ages ends it": ([ABOVE, ABOVE, None, ABOVE, ABOVE], ("n/a", 0)),
    "the longest counts": ([ABOVE, ABOVE, ABOVE, 0, ABOVE, ABOVE, ABOVE, ABOVE, 0], (0.75, 4)),
}


@pytest.mark.parametrize(("ages_ms", "longest"), PLATEAUS.values(), ids=PLATEAUS)
def test_a_plateau_is_a_run_of_records_above_the_limit(
    tmp_path: Path, ages_ms: list[int | None], longest: tuple[object, object]
) -> None:
    analysis = made(tmp_path, lines(aged(*ages_ms)), LOG)
    name = "plateau lighter 10000"
    assert (upstream(analysis, f"{name} max_duration_s"), upstream(analysis, f"{name} ticks")) == longest


def test_a_missing_record_does_not_end_a_plateau(tmp_path: Path) -> None:
    records = [each for each in aged(ABOVE, ABOVE, ABOVE, ABOVE) if each["t"] != 2]
    analysis = made(tmp_path, lines(records), LOG)
    assert upstream(analysis, "plateau lighter 10000 max_duration_s") == 0.75
    assert upstream(analysis, "plateau lighter 10000 end_tick") == 3


def test_a_plateau_without_wall_clocks_has_records_and_no_duration(tmp_path: Path) -> None:
    records = aged(ABOVE, ABOVE, ABOVE)
    for each in records:
        del each["treasury_guidance"]["as_of_ms"]
    analysis = made(tmp_path, lines(records), LOG)
    assert upstream(analysis, "plateau lighter 10000 max_duration_s") == "n/a"
    assert upstream(analysis, "plateau lighter 10000 ticks") == 3
    assert upstream(analysis, "telemetry as_of range") == "n/a -> n/a"


def test_ages_below_zero_are_in_no_percentile_and_a_venue_without_others_is_in_no_table(tmp_path: Path) -> None:
    analysis = made(tmp_path, lines(aged(-1, -1, 500, 1_000)), LOG)
    assert upstream(analysis, "ages lighter apply_n") == 2
    assert upstream(analysis, "ages lighter apply_p50") == 750.0
    silent = made(tmp_path / "silent", lines(aged(-1, -1)), LOG)
    assert upstream(silent, "ages lighter apply_n") is None
    assert upstream(silent, "gate ages lighter apply_p95") == "not checked"
    assert upstream(silent, "gate") == "FAIL"


UNREADABLE = {
    "torn at the end": (lines(aged(0, 0)) + '{"t": 2, "venue_', 3),
    "two objects on a line": (lines(aged(0)) + lines(aged(0, 0)).replace("\n", "", 1), 2),
    "bare words": (lines(aged(0)) + "killed\n" + lines(aged(0, 0)[1:]), 2),
    "NUL bytes left by a crash of the host": (lines(aged(0, 0)) + "\0" * 40, 3),
    "NUL bytes before the next life": (lines(aged(0, 0)) + "\0" * 40 + lines(aged(0)), 3),
}


@pytest.mark.parametrize(("telemetry", "line"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_line_that_is_no_json_value_leaves_no_report(tmp_path: Path, telemetry: str, line: int) -> None:
    analysis = made(tmp_path, telemetry, LOG)
    assert {row.upstream for row in analysis.compat if row.tool == TOOL} == {NO_REPORT}
    assert f"line {line} of telemetry.jsonl" in analysis.compat[0].why


def test_blank_lines_and_values_that_are_no_objects_are_passed_over(tmp_path: Path) -> None:
    analysis = made(tmp_path, "\n  \n[1]\n" + lines(aged(0, 0)), LOG)
    assert upstream(analysis, "telemetry rows") == 2


def test_a_record_without_a_tick_is_a_row(tmp_path: Path) -> None:
    analysis = made(tmp_path, lines([record(0), {"note": "no tick"}]), LOG)
    assert upstream(analysis, "telemetry rows") == 2


def test_the_gate_asks_for_the_connectors_that_were_started(tmp_path: Path) -> None:
    analysis = made(tmp_path, lines(aged(0, 0)), [started("lighter", "aster")])
    assert upstream(analysis, "gate ages aster apply_n") == "missing apply-age coverage for venue 'aster' (apply_n=0)"
    assert upstream(analysis, "gate ages lighter apply_n") == "passed"


def test_without_a_file_of_rx_stats_its_numbers_are_not_there_and_its_gate_fails(tmp_path: Path) -> None:
    analysis = made(tmp_path, lines(aged(0, 0)), LOG)
    missing = "missing market_rx_stats.log (cap_hits evidence unavailable)"
    assert upstream(analysis, "gate cap_hits parsed lines") == missing
    assert upstream(analysis, "cap_hits estimated total") is None


def test_a_file_that_is_there_twice_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "copy.log").write_text(f"{LOG[0]}\n", encoding="utf-8")
    analysis = made(tmp_path, lines(aged(0, 0)) + '{"t": 2, "venue_', LOG)
    assert [ledger.file for ledger in analysis.ledger] == ["copy.log", "telemetry.jsonl"]
    assert upstream(analysis, "telemetry rows") == NO_REPORT
