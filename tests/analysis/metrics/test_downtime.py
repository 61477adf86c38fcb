"""Downtimes, times to the first book and backoff waits, from lines with assigned times."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import analysed, figure, stamped
from toolkit.analysis.pipeline import analyze

DATA = Path(__file__).parents[2] / "data"
TRUTH = json.loads((DATA / "timeline" / "connections.json").read_text(encoding="utf-8"))
CONNECTING = "INFO: Lighter public WS connecting readonly=true url=ws://127.0.0.1:1/"
CONNECTED = "INFO: Lighter public WS connected url=ws://127.0.0.1:1/"
BOOK = "INFO: Lighter public WS first book update"
CLOSED = 'Lighter public WS closed frame=Some(CloseFrame { code: Away, reason: "" })'
FAILED = "INFO: Lighter public WS error (consecutive_failures=1): Lighter connect error: refused"


def true_downtimes(connections: list[list[int | None]]) -> list[int]:
    """From the end of a connection that had a book to the next first book; the run's own end is no downtime."""
    waiting, found = None, []
    for _, booked, ended in connections:
        if booked is not None and waiting is not None:
            found.append(booked - waiting)
        if booked is not None:
            waiting = ended
    return found


@pytest.mark.parametrize("run", ["prb_before", "killed_head", "aa1_a", "faulty_head"])
def test_the_true_downtime_lies_between_low_and_high(run: str) -> None:
    result = analyze(["sample:before" if run == "prb_before" else str(DATA / "runs" / run)])
    for venue, connections in TRUTH[run].items():
        total, longest = (result.figure(f"{venue}.downtime_ms.{stat}") for stat in ("total", "max"))
        true = true_downtimes(connections)
        assert total is not None and longest is not None and total.n == len(true)
        if total.value is None:
            continue
        assert total.low is not None and total.high is not None and longest.low is not None and longest.high is not None
        assert total.low - 60 * total.n <= sum(true) <= total.high + 60 * total.n, (venue, true)
        assert longest.low - 60 <= max(true, default=0) <= longest.high + 60, (venue, true)


def test_a_stamped_log_gives_exact_downtimes(tmp_path: Path) -> None:
    lines = [(0.0, CONNECTING), (0.1, CONNECTED), (0.5, BOOK), (70.0, CLOSED), (71.0, CONNECTING), (71.1, CONNECTED)]
    lines += [(72.0, CLOSED), (73.5, CONNECTING), (73.6, CONNECTED), (74.0, BOOK)]
    run = analysed(tmp_path, stamped(lines))
    total, slowest = figure(run, "lighter.downtime_ms.total"), figure(run, "lighter.time_to_first_book_ms.max")
    assert (total.value, total.n, total.bound, total.note) == (4_000, 1, "exact", None)
    assert (slowest.value, slowest.n) == (500, 2)


def test_a_venue_that_does_not_reconnect_is_down_to_the_end_of_its_life(tmp_path: Path) -> None:
    lines = [(0.0, CONNECTING), (0.1, CONNECTED), (0.5, BOOK), (70.0, CLOSED), (71.0, CONNECTING), (80.0, FAILED)]
    run = analysed(tmp_path, stamped(lines))
    assert figure(run, "lighter.downtime_ms.max").value == 10_000


def test_downtime_is_null_without_line_times(tmp_path: Path) -> None:
    lines = [CONNECTING, CONNECTED, BOOK, CLOSED, CONNECTING, CONNECTED, BOOK]
    total = figure(analysed(tmp_path, "\n".join(lines)), "lighter.downtime_ms.total")
    assert (total.value, total.low, total.high, total.n) == (None, None, None, 1)
    assert total.note == "1 of 1 without a known time"


def test_a_venue_without_a_book_has_no_downtime(tmp_path: Path) -> None:
    total = figure(analysed(tmp_path, stamped([(0.0, CONNECTING), (0.1, CONNECTED)])), "lighter.downtime_ms.total")
    assert (total.value, total.note) == (None, "no session had a book")


@pytest.mark.parametrize(
    ("waits_s", "healthy", "violations"),
    [
        ((1.0, 2.0, 4.0, 8.0), False, 0),  # doubled each time
        ((1.0, 1.0, 1.0), False, 2),  # the second and third do not double
        ((1.0, 1.0, 1.0), True, 0),  # each session lasts long enough to begin again at 1 s
        ((0.2,), False, 1),
        ((1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0), False, 0),  # the policy's cap
    ],
)
def test_waits_shorter_than_the_policy_are_violations(
    waits_s: tuple[float, ...], healthy: bool, violations: int, tmp_path: Path
) -> None:
    now, lines = 0.0, [(0.0, CONNECTING), (0.1, CONNECTED), (0.2, BOOK)]
    for wait_s in waits_s:
        now += 61.0 if healthy else 5.0
        lines.append((now, CLOSED))
        now += wait_s
        lines += [(now, CONNECTING), (now + 0.1, CONNECTED)]
    run = analysed(tmp_path, stamped(lines))
    assert figure(run, "lighter.backoff.count").value == len(waits_s)
    found = figure(run, "lighter.backoff.violations")
    assert (found.value, found.low, found.high, found.bound) == (violations, violations, violations, "exact")


def test_a_wait_without_line_times_may_be_a_violation(tmp_path: Path) -> None:
    lines = [CONNECTING, CONNECTED, CLOSED, CONNECTING, CONNECTED]
    found = figure(analysed(tmp_path, "\n".join(lines)), "lighter.backoff.violations")
    assert (found.value, found.note) == (None, "no wait has line times that bound it")
