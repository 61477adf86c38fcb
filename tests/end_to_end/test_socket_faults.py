"""Faults over real sockets: the analysis of what the run left tells what the venues' own record tells."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulator.faults.table import FAULTS
from connectors.venues import venues
from connectors.venues.spec import Recovery
from tests.end_to_end.process import VENUES, Left, ticks
from toolkit.model.vocabulary import ReconnectReason as Reason

REACHED_MS = 60
"""A tick takes its time stamp before it drains: a frame that left a little later may still be in it."""

SETTLED_MS = 1_000

OF_THE_HOST = {"holes", "local_stall"}
"""What a machine that has other work does to a run; it is true then, and blames no venue."""


def mends(venue: str, kind: str) -> bool:
    """Whether the book is mended on the living socket."""
    return FAULTS[kind].expects.mends and venues()[venue].recovery is not Recovery.RECONNECT


def faults(left: Left, venue: str) -> list[str]:
    return [row["kind"] for row in left.told("fault_start", venue)]


@pytest.mark.parametrize("venue", VENUES)
def test_connects_are_the_connections_that_the_venue_accepted(any_smoke: Left, venue: str) -> None:
    assert any_smoke.value(f"{venue}.connects") == len(any_smoke.told("accept", venue))


@pytest.mark.parametrize("venue", VENUES)
def test_connections_that_were_refused_are_failures_by_their_reason(dozen: Left, venue: str) -> None:
    refused = dozen.told("door", venue) if venue != "lighter" else ["by the listener, which tells nobody"]
    assert dozen.value(f"{venue}.connect_failures.connect_error") == len(refused)
    assert dozen.value(f"{venue}.connect_failures") == len(refused)


@pytest.mark.parametrize("venue", VENUES)
def test_sessions_end_by_the_reasons_that_the_fault_table_expects_and_no_other(dozen: Left, venue: str) -> None:
    expected: Counter[Reason] = Counter()
    for kind in faults(dozen, venue):
        fault = FAULTS[kind].expects
        expected.update(fault.also)
        if fault.reason not in (None, Reason.CONNECT_ERROR) and not mends(venue, kind):
            expected[fault.reason] += 1
    assert dozen.reconnects(venue) == dict(expected)


@pytest.mark.parametrize("venue", VENUES)
def test_resyncs_are_the_gaps_that_were_mended_on_the_socket(dozen: Left, venue: str) -> None:
    mended = sum(mends(venue, kind) for kind in faults(dozen, venue))
    figure = dozen.analysis.figure(f"{venue}.resyncs.seq_gap")
    assert (figure.value if figure is not None else 0) == mended


def test_a_dozen_kinds_were_on_and_each_is_in_the_truth(dozen: Left) -> None:
    assert len({kind for venue in VENUES for kind in faults(dozen, venue)}) >= 12


@pytest.mark.parametrize("venue", VENUES)
def test_every_book_that_a_tick_shows_is_one_that_the_venue_meant_in_that_order(any_smoke: Left, venue: str) -> None:
    frames = [row for row in any_smoke.told("frame", venue) if row["bid"] and row["ask"]]
    times = [row["t_unix_ms"] for row in frames]
    books = [top(row) for row in frames]
    held = 0
    for at_ms, seen in ticks(any_smoke, venue):
        if seen[0]:
            sent = bisect_right(times, at_ms + REACHED_MS)
            assert seen in books[held:sent], at_ms
            held += books[held:sent].index(seen)
    assert held > 0


@pytest.mark.parametrize("venue", VENUES)
def test_at_the_end_the_book_is_the_venues_and_its_status_healthy(any_smoke: Left, venue: str) -> None:
    under_way = faults(any_smoke, venue)[len(any_smoke.told("fault_end", venue)) :]
    *_, (at_ms, seen) = ticks(any_smoke, venue)
    frames = any_smoke.told("frame", venue)
    if under_way:
        # An idle close outlasts its run: the last socket may be closed, and the book is the last one that came.
        assert under_way == ["idle_close"]
        assert seen in [top(row) for row in frames if row["bid"] and row["ask"]]
    else:
        first = bisect_right([row["t_unix_ms"] for row in frames], at_ms - SETTLED_MS) - 1
        assert seen in [top(row) for row in frames[max(0, first) :]]
        assert any_smoke.telemetry[-1]["venue_status"][VENUES.index(venue)] == "Healthy"


def top(row: dict[str, Any]) -> tuple[float, float, float]:
    """Mid, spread and depth of a book of the truth."""
    (bid, bid_size), (ask, ask_size) = (map(Decimal, row[side]) for side in ("bid", "ask"))
    return float((bid + ask) / 2), float(ask - bid), float(bid * bid_size + ask * ask_size)


def test_every_line_of_every_file_is_used(any_smoke: Left) -> None:
    assert {each.file: each.set_aside for each in any_smoke.analysis.ledger if each.set_aside} == {}
    assert all(each.used == each.lines > 0 for each in any_smoke.analysis.ledger)


def test_the_gate_passes_what_recovers_and_fails_what_does_not(dozen: Left, mute: Left, quiet: Left) -> None:
    assert {"dozen": dozen.code, "mute": mute.code, "quiet": quiet.code} == {"dozen": 0, "mute": 1, "quiet": 0}
    assert "FAIL: gate frontier" in mute.printed
    assert "lighter.reconnects.stale_watchdog" in mute.printed


def test_a_venue_that_stays_mute_is_left_again_and_again_and_no_other_venue_is(mute: Left) -> None:
    assert mute.reconnects("lighter").keys() == {Reason.STALE_WATCHDOG}
    assert mute.reconnects("lighter")[Reason.STALE_WATCHDOG] == len(mute.told("accept", "lighter")) - 1
    assert all(mute.reconnects(venue) == {} for venue in VENUES if venue != "lighter")


def test_a_quiet_run_has_one_connection_a_venue_and_nothing_to_tell(quiet: Left) -> None:
    for venue in VENUES:
        assert quiet.value(f"{venue}.connects") == 1
        assert quiet.value(f"{venue}.reconnects") == 0
        assert quiet.value(f"{venue}.connect_failures") == 0
    assert {each.code for each in quiet.analysis.findings} <= OF_THE_HOST


def test_every_smoke_says_that_it_is_simulated(any_smoke: Left) -> None:
    assert "SIMULATED" in any_smoke.printed
    assert any_smoke.analysis.run.simulated
    assert "SIMULATED" in (any_smoke.out / "run.log").read_text().splitlines()[0]
    assert all(record["toolkit"]["simulated"] for record in any_smoke.telemetry)
