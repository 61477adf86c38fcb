"""Stamps without a zone or a year give times where the run's telemetry shows their clock, and none elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, START_MS, record
from toolkit.analysis.pipeline import Options, analyze
from toolkit.db.store import connect

LINES = [
    START_LINE,
    "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream",
    "INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream",
    "INFO: Lighter public WS error (consecutive_failures=1): stream ended",
    "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream",
    "INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream",
]
STEP_S = 100
Form = Callable[[datetime, str], str]
FORMS: dict[str, Form] = {
    "syslog": lambda at, line: f"{at:%b %d %H:%M:%S} bot1 paraphina_live[42]: {line}",
    "no zone": lambda at, line: f"{at:%Y-%m-%d %H:%M:%S} {line}",
    "a fraction": lambda at, line: f"[{at:%Y-%m-%d %H:%M:%S.%f}] {line}",
    "within compose": lambda at, line: f"bot-1  | {at:%Y-%m-%dT%H:%M:%S} {line}",
}


def placed(folder: Path, form: Form, hours: float = 0, late_s: float = 0, years: int = 0) -> list[tuple[int, int]]:
    """Return time since the start and error (ms) of the lines of a log on a clock that is `hours` ahead of UTC."""
    start = datetime.fromtimestamp(START_MS / 1_000 + late_s, UTC) + timedelta(hours=hours, days=365 * years)
    log = "".join(form(start + timedelta(seconds=n * STEP_S), line) + "\n" for n, line in enumerate(LINES))
    (folder / "run.log").write_text("docker compose up\n" + log)
    telemetry = "".join(record(t, 10 * t, (0, 0, 0)) for t in range(len(LINES) * STEP_S // 10))
    (folder / "telemetry.jsonl").write_text(telemetry)
    analyze([str(folder)], db := str(folder / "store.duckdb"), Options(scope="ages"))
    with connect(db, read_only=True) as con:
        query = "select at_ms, at_error_ms from log_events where at_ms is not null order by line"
        return [(at_ms - START_MS, error) for at_ms, error in con.execute(query).fetchall()]


@pytest.mark.parametrize(
    ("form", "hours"), [("syslog", 2), ("no zone", -9.5), ("a fraction", 5.75), ("within compose", 0)]
)
def test_the_telemetry_shows_the_clock_of_stamps_without_a_zone(tmp_path: Path, form: str, hours: float) -> None:
    resolution_ms = 0 if form == "a fraction" else 1_000
    expected = [(n * STEP_S * 1_000 + resolution_ms // 2, resolution_ms // 2) for n in range(len(LINES))]
    assert placed(tmp_path, FORMS[form], hours) == expected


@pytest.mark.parametrize("late_s", [400, -400], ids=["a log that begins late", "a log that ends early"])
def test_a_log_that_does_not_fit_the_telemetry_gives_no_times(tmp_path: Path, late_s: float) -> None:
    assert placed(tmp_path, FORMS["no zone"], late_s=late_s) == []


def test_a_log_of_another_day_gives_no_times(tmp_path: Path) -> None:
    assert placed(tmp_path, FORMS["no zone"], hours=30 * 24) == []


STATED = [
    (0, 0, 0, True), (5.75, 0, 0, True), (-9.5, 1, 2, True), (2, 0, 3_600, False), (2, 400, 400, False), (30 * 24, 0, 0, False),
]  # fmt: skip


@pytest.mark.parametrize("form", ["syslog", "within compose"])
@pytest.mark.parametrize(("hours", "first_s", "second_s", "known"), STATED)
def test_without_telemetry_lines_that_state_a_time_show_the_clock_if_they_agree(
    tmp_path: Path, form: str, hours: float, first_s: float, second_s: float, known: bool
) -> None:
    def update(venue: str, late_s: float) -> str:
        return f"FIRST_BOOK_UPDATE venue={venue} symbol=ETH mid=1.5 spread=0.1 ts={START_MS + round(late_s * 1_000)}"

    start = datetime.fromtimestamp(START_MS / 1_000, UTC) + timedelta(hours=hours)
    lines = [*LINES[:3], update("lighter", first_s), update("aster", second_s), *LINES[3:]]
    (tmp_path / "run.log").write_text("".join(FORMS[form](start, line) + "\n" for line in lines))
    analyze([str(tmp_path)], db := str(tmp_path / "store.duckdb"), Options(scope="ages"))
    with connect(db, read_only=True) as con:
        query = "select distinct at_ms from log_event where family = 'ws_connecting'"
        times = [at_ms for (at_ms,) in con.execute(query).fetchall()]
    near = [at_ms for at_ms in times if at_ms is not None and abs(at_ms - START_MS) <= 1_000]
    assert bool(near) == known
