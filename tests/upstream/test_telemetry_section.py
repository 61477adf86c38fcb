"""Edge cases of the report's rules for telemetry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upstream.made_run import age_records, analyzed_run, lines, record, startup_line, upstream
from toolkit.upstream.soak_report import NO_REPORT, TOOL

LOG = [startup_line("lighter")]
ABOVE = 10_001

PLATEAUS = {
    "two records above the limit are none": ([ABOVE, ABOVE, 0], ("n/a", 0)),
    "three are one, from the first to the last": ([ABOVE, ABOVE, ABOVE, 0], (0.5, 3)),
    "the limit itself is not above it": ([10_000, 10_000, 10_000], ("n/a", 0)),
    "a plateau may be open at the end of the file": ([0, ABOVE, ABOVE, ABOVE], (0.5, 3)),
    "an age of -1 ends a plateau": ([ABOVE, ABOVE, -1, ABOVE, ABOVE], ("n/a", 0)),
    "a record without ages ends a plateau": ([ABOVE, ABOVE, None, ABOVE, ABOVE], ("n/a", 0)),
    "the longest plateau counts": ([ABOVE, ABOVE, ABOVE, 0, ABOVE, ABOVE, ABOVE, ABOVE, 0], (0.75, 4)),
}


@pytest.mark.parametrize(("ages_ms", "longest"), PLATEAUS.values(), ids=PLATEAUS)
def test_a_plateau_is_a_run_of_records_above_the_limit(
    tmp_path: Path, ages_ms: list[int | None], longest: tuple[object, object]
) -> None:
    analysis = analyzed_run(tmp_path, lines(age_records(*ages_ms)), LOG)
    name = "plateau lighter 10000"
    assert (upstream(analysis, f"{name} max_duration_s"), upstream(analysis, f"{name} ticks")) == longest


def test_a_missing_record_does_not_end_a_plateau(tmp_path: Path) -> None:
    records = [each for each in age_records(ABOVE, ABOVE, ABOVE, ABOVE) if each["t"] != 2]
    analysis = analyzed_run(tmp_path, lines(records), LOG)
    assert upstream(analysis, "plateau lighter 10000 max_duration_s") == 0.75
    assert upstream(analysis, "plateau lighter 10000 end_tick") == 3


def test_a_plateau_without_wall_clocks_has_records_and_no_duration(tmp_path: Path) -> None:
    records = age_records(ABOVE, ABOVE, ABOVE)
    for each in records:
        del each["treasury_guidance"]["as_of_ms"]
    analysis = analyzed_run(tmp_path, lines(records), LOG)
    assert upstream(analysis, "plateau lighter 10000 max_duration_s") == "n/a"
    assert upstream(analysis, "plateau lighter 10000 ticks") == 3
    assert upstream(analysis, "telemetry as_of range") == "n/a -> n/a"


def test_negative_ages_are_left_out_of_percentiles_and_tables(tmp_path: Path) -> None:
    analysis = analyzed_run(tmp_path, lines(age_records(-1, -1, 500, 1_000)), LOG)
    assert upstream(analysis, "ages lighter apply_n") == 2
    assert upstream(analysis, "ages lighter apply_p50") == 750.0
    unknown = analyzed_run(tmp_path / "unknown", lines(age_records(-1, -1)), LOG)
    assert upstream(unknown, "ages lighter apply_n") is None
    assert upstream(unknown, "gate ages lighter apply_p95") == "not checked"
    assert upstream(unknown, "gate") == "FAIL"


UNREADABLE = {
    "torn at the end": (lines(age_records(0, 0)) + '{"t": 2, "venue_', 3),
    "two objects on a line": (lines(age_records(0)) + lines(age_records(0, 0)).replace("\n", "", 1), 2),
    "text that is not JSON": (lines(age_records(0)) + "killed\n" + lines(age_records(0, 0)[1:]), 2),
    "NUL bytes left by a crash of the host": (lines(age_records(0, 0)) + "\0" * 40, 3),
    "NUL bytes before a restart": (lines(age_records(0, 0)) + "\0" * 40 + lines(age_records(0)), 3),
}


@pytest.mark.parametrize(("telemetry", "line"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_line_that_is_not_one_json_value_stops_the_report(tmp_path: Path, telemetry: str, line: int) -> None:
    analysis = analyzed_run(tmp_path, telemetry, LOG)
    assert {row.upstream for row in analysis.compat if row.tool == TOOL} == {NO_REPORT}
    assert f"line {line} of telemetry.jsonl" in analysis.compat[0].why


def test_blank_lines_and_values_that_are_not_objects_are_skipped(tmp_path: Path) -> None:
    analysis = analyzed_run(tmp_path, "\n  \n[1]\n" + lines(age_records(0, 0)), LOG)
    assert upstream(analysis, "telemetry rows") == 2


def test_a_record_without_a_tick_is_a_row(tmp_path: Path) -> None:
    analysis = analyzed_run(tmp_path, lines([record(0), {"note": "no tick"}]), LOG)
    assert upstream(analysis, "telemetry rows") == 2


def test_the_gate_expects_the_connectors_that_were_started(tmp_path: Path) -> None:
    analysis = analyzed_run(tmp_path, lines(age_records(0, 0)), [startup_line("lighter", "aster")])
    assert upstream(analysis, "gate ages aster apply_n") == "missing apply-age coverage for venue 'aster' (apply_n=0)"
    assert upstream(analysis, "gate ages lighter apply_n") == "passed"


def test_without_rx_stats_the_cap_hits_are_missing_and_the_gate_fails(tmp_path: Path) -> None:
    analysis = analyzed_run(tmp_path, lines(age_records(0, 0)), LOG)
    missing = "missing market_rx_stats.log (cap_hits evidence unavailable)"
    assert upstream(analysis, "gate cap_hits parsed lines") == missing
    assert upstream(analysis, "cap_hits estimated total") is None


def test_a_log_that_exists_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "copy.log").write_text(f"{LOG[0]}\n", encoding="utf-8")
    analysis = analyzed_run(tmp_path, lines(age_records(0, 0)) + '{"t": 2, "venue_', LOG)
    copies = {ledger.file: ledger.copy_of for ledger in analysis.ledger}
    assert copies == {"copy.log": None, "telemetry.jsonl": None, "run.log": "copy.log"}
    assert upstream(analysis, "telemetry rows") == NO_REPORT
