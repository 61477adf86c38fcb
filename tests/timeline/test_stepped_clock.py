"""Times of log lines in a run whose wall clock steps: they are on the clock of the ticks, which does not step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pytest

from tests.analysis.metrics.sample_runs import START_LINE, START_MS, record, stamped
from tests.sampling import sampled
from toolkit.analysis.pipeline import analyze

TICKS = 400
STEP_S = 50.25
CYCLE = (
    "INFO: Aster public WS connecting url=ws://a",
    "INFO: Aster public WS connected url=ws://a",
    "INFO: Aster public WS first message received",
    "INFO: Aster public WS first book update",
    "WARN: Aster public WS closed by server",
)
LINES = [(0.4 + 0.9 * n, CYCLE[n % len(CYCLE)]) for n in range(110)]

Clock = Callable[[float], float]
"""Maps the time since the start to that by the wall clock, both in seconds."""


def stepping(at_s: float, by_s: float) -> Clock:
    return lambda time_s: time_s + (by_s if time_s >= at_s else 0.0)


def by_stamps(lines: Iterable[tuple[float, str]], clock: Clock) -> str:
    return stamped([(0.0, START_LINE), *((clock(at_s), text) for at_s, text in lines)])


def by_runner_lines(lines: Iterable[tuple[float, str]], clock: Clock) -> str:
    """Return a log without stamps, with a line of the runner before each other line."""
    audit = "WS_AUDIT venue=extended component=runner_apply reason=periodic interval_ms=1000 tick={} now_ms={}"
    rows = ((audit.format(int(s / 0.25), START_MS + round(1_000 * clock(s))), text) for s, text in lines)
    return "\n".join([START_LINE, *(line for pair in rows for line in pair)]) + "\n"


def placed(folder: Path, log: str, clock: Clock) -> tuple[list[tuple[int | None, int]], list[tuple[str, float]]]:
    """Return time and error of each line of the socket, and the figures of sessions and downtime."""
    folder.mkdir()
    (folder / "run.log").write_text(log)
    ticks = "".join(record(t, clock(t / 4), [0, 250 * (t % 2), 0], venue_age_event_ms=[60] * 3) for t in range(TICKS))
    (folder / "telemetry.jsonl").write_text(ticks)
    analyze([str(folder)], str(folder / "runs.duckdb"))
    with duckdb.connect(str(folder / "runs.duckdb"), read_only=True) as con:
        times = con.execute("select at_ms, at_error_ms from log_events where venue = 'aster' order by line").fetchall()
        figures = con.execute(
            "select figure, value from figures where figure like 'aster.%' order by figure"
        ).fetchall()
    return times, figures


@pytest.mark.parametrize("write", [by_stamps, by_runner_lines])
@sampled("by_s", [-86_400, -60, 30, 3_600], 2)
def test_lines_of_a_stepping_clock_have_the_times_of_a_steady_one(
    tmp_path: Path, by_s: float, write: Callable[[Iterable[tuple[float, str]], Clock], str]
) -> None:
    steady, clock = stepping(0, 0), stepping(STEP_S, by_s)
    times, figures = placed(tmp_path / "plain", write(LINES, steady), steady)
    assert placed(tmp_path / "stepped", write(LINES, clock), clock) == (times, figures)
    assert sum(at_ms is not None for at_ms, _ in times) >= len(LINES) - 1


@pytest.mark.parametrize("write", [by_stamps, by_runner_lines])
def test_lines_near_a_small_step_back_have_a_time_whose_error_covers_it(
    tmp_path: Path, write: Callable[[Iterable[tuple[float, str]], Clock], str]
) -> None:
    clock = stepping(STEP_S, -2)
    times, _ = placed(tmp_path / "stepped", write(LINES, clock), clock)
    late_ms = [
        (at_ms - START_MS - 1_000 * at_s, error_ms)
        for (at_ms, error_ms), (at_s, _) in zip(times, LINES, strict=True)
        if at_ms
    ]
    assert len(late_ms) >= len(LINES) - 1
    assert all(abs(late) <= error_ms + 1 for late, error_ms in late_ms)
    assert sum(error_ms > 1_000 for _, error_ms in late_ms) < 10
