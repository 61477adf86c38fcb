"""Tests of faults over real sockets: the analysis agrees with the venues' ground truth."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulator.faults.table import FAULTS
from connectors.venues import venues
from connectors.venues.spec import Recovery
from tests.end_to_end.process import VENUES, SmokeResult, ticks
from toolkit.model.vocabulary import ReconnectReason as Reason

IN_FLIGHT_MS = 60
"""A tick takes its time stamp before it drains the queue, so a frame sent up to this much later may be in it."""

SETTLED_MS = 1_000

HOST_FINDINGS = {"holes", "local_stall"}
"""Findings that a loaded machine causes; they are about the host, not a venue."""


def resyncs_in_place(venue: str, kind: str) -> bool:
    """Return whether the connector repairs the book of this fault without a new socket."""
    return FAULTS[kind].expects.resyncs and venues()[venue].recovery is not Recovery.RECONNECT


def faults(result: SmokeResult, venue: str) -> list[str]:
    return [row["kind"] for row in result.truth_rows("fault_start", venue)]


@pytest.mark.parametrize("venue", VENUES)
def test_connects_equal_the_connections_that_the_venue_accepted(any_smoke: SmokeResult, venue: str) -> None:
    assert any_smoke.value(f"{venue}.connects") == len(any_smoke.truth_rows("accept", venue))


@pytest.mark.parametrize("venue", VENUES)
def test_refused_connections_are_counted_as_connect_failures(dozen: SmokeResult, venue: str) -> None:
    refused = (
        dozen.truth_rows("door", venue)
        if venue != "lighter"
        else ["refused by the closed listener, which writes no truth row"]
    )
    assert dozen.value(f"{venue}.connect_failures.connect_error") == len(refused)
    assert dozen.value(f"{venue}.connect_failures") == len(refused)


@pytest.mark.parametrize("venue", VENUES)
def test_sessions_end_with_the_reasons_of_the_fault_table_and_no_other(dozen: SmokeResult, venue: str) -> None:
    expected: Counter[Reason] = Counter()
    for kind in faults(dozen, venue):
        fault = FAULTS[kind].expects
        expected.update(fault.also)
        if fault.reason not in (None, Reason.CONNECT_ERROR) and not resyncs_in_place(venue, kind):
            expected[fault.reason] += 1
    assert dozen.reconnects(venue) == dict(expected)


@pytest.mark.parametrize("venue", VENUES)
def test_resyncs_equal_the_gaps_that_were_repaired_on_the_same_socket(dozen: SmokeResult, venue: str) -> None:
    repaired = sum(resyncs_in_place(venue, kind) for kind in faults(dozen, venue))
    figure = dozen.analysis.figure(f"{venue}.resyncs.seq_gap")
    assert (figure.value if figure is not None else 0) == repaired


def test_at_least_twelve_kinds_of_faults_started(dozen: SmokeResult) -> None:
    assert len({kind for venue in VENUES for kind in faults(dozen, venue)}) >= 12


@pytest.mark.parametrize("venue", VENUES)
def test_every_book_in_a_tick_was_sent_by_the_venue_in_that_order(any_smoke: SmokeResult, venue: str) -> None:
    frames = [row for row in any_smoke.truth_rows("frame", venue) if row["bid"] and row["ask"]]
    times = [row["t_unix_ms"] for row in frames]
    books = [top(row) for row in frames]
    position = 0
    for at_ms, seen in ticks(any_smoke, venue):
        if seen[0]:
            sent = bisect_right(times, at_ms + IN_FLIGHT_MS)
            assert seen in books[position:sent], at_ms
            position += books[position:sent].index(seen)
    assert position > 0


@pytest.mark.parametrize("venue", VENUES)
def test_at_the_end_the_book_is_current_and_the_venue_healthy(any_smoke: SmokeResult, venue: str) -> None:
    active = faults(any_smoke, venue)[len(any_smoke.truth_rows("fault_end", venue)) :]
    *_, (at_ms, seen) = ticks(any_smoke, venue)
    frames = any_smoke.truth_rows("frame", venue)
    if active:
        # An idle close lasts longer than the run: the last socket may be closed, so any book that was sent may be the last.
        assert active == ["idle_close"]
        assert seen in [top(row) for row in frames if row["bid"] and row["ask"]]
    else:
        first = bisect_right([row["t_unix_ms"] for row in frames], at_ms - SETTLED_MS) - 1
        assert seen in [top(row) for row in frames[max(0, first) :]]
        assert any_smoke.telemetry[-1]["venue_status"][VENUES.index(venue)] == "Healthy"


def top(row: dict[str, Any]) -> tuple[float, float, float]:
    """Return mid, spread and depth of a book of the ground truth."""
    (bid, bid_size), (ask, ask_size) = (map(Decimal, row[side]) for side in ("bid", "ask"))
    return float((bid + ask) / 2), float(ask - bid), float(bid * bid_size + ask * ask_size)


def test_every_line_of_every_file_is_used(any_smoke: SmokeResult) -> None:
    assert {each.file: each.set_aside for each in any_smoke.analysis.ledger if each.set_aside} == {}
    assert all(each.used + each.other == each.lines > 0 for each in any_smoke.analysis.ledger)


def test_the_gate_passes_runs_that_recover_and_fails_the_one_that_does_not(
    dozen: SmokeResult, mute: SmokeResult, quiet: SmokeResult
) -> None:
    assert {"dozen": dozen.code, "mute": mute.code, "quiet": quiet.code} == {"dozen": 0, "mute": 1, "quiet": 0}
    assert "FAIL: gate frontier" in mute.printed
    assert "lighter.reconnects.stale_watchdog" in mute.printed


def test_only_the_mute_venue_is_reconnected_and_by_the_stale_watchdog(mute: SmokeResult) -> None:
    assert mute.reconnects("lighter").keys() == {Reason.STALE_WATCHDOG}
    assert mute.reconnects("lighter")[Reason.STALE_WATCHDOG] == len(mute.truth_rows("accept", "lighter")) - 1
    assert all(mute.reconnects(venue) == {} for venue in VENUES if venue != "lighter")


def test_a_quiet_run_has_one_connection_per_venue_and_no_finding_about_a_venue(quiet: SmokeResult) -> None:
    for venue in VENUES:
        assert quiet.value(f"{venue}.connects") == 1
        assert quiet.value(f"{venue}.reconnects") == 0
        assert quiet.value(f"{venue}.connect_failures") == 0
    assert {each.code for each in quiet.analysis.findings} <= HOST_FINDINGS


def test_every_run_is_marked_simulated(any_smoke: SmokeResult) -> None:
    assert "SIMULATED" in any_smoke.printed
    assert any_smoke.analysis.run.simulated
    assert "SIMULATED" in (any_smoke.out / "run.log").read_text().splitlines()[0]
    assert all(record["toolkit"]["simulated"] for record in any_smoke.telemetry)
