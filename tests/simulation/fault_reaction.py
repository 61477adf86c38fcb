"""Reaction of one connector to a fault, at every feed of every venue.

The session ends with the reason that the fault table expects, within its limit. Nothing else raises an alarm, every
published book is one of the venue's, and afterwards the book equals the venue's again.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.session.events import BookFlaws
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.ground_truth import TruthWriter
from connectors.simulator.protocols import protocols
from connectors.simulator.protocols.base import VenueProtocol
from connectors.simulator.scenario import PlannedFault, plan
from connectors.venues import venues
from connectors.venues.spec import Recovery
from tests.simulation.connector_record import ConnectorRecord
from tests.simulation.fault_matrix import available_needs, missing_need, profile_of
from tests.simulation.fault_rows import FaultRow
from tests.simulation.one_connector import Simulation

BEGINS_MS = 5_000
RECOVERS_WITHIN_MS = 45_000
SETTLED_MS = 3_000
LATENCY_MS = 5

FEEDS: dict[str, Mapping[str, str]] = {
    **{name: {} for name in sorted(protocols())},
    "extended best only": {"PARAPHINA_EXTENDED_WS_DEPTH_LEVELS": "1"},
    "hyperliquid plain": {"HL_L2_FAST": "0"},
    "paradex orderbook": {"PARAPHINA_PARADEX_PUBLIC_FEED": "orderbook"},
    "paradex json": {"PARADEX_WS_ENCODING": "json"},
    "paradex deltas": {"PARAPHINA_PARADEX_PUBLIC_FEED": "deltas"},
}
FLAWS = {
    "crossed_book": BookFlaws.CROSSED,
    "locked_book": BookFlaws.LOCKED,
    "one_sided_book": BookFlaws.ONE_SIDED,
    "empty_book": BookFlaws.EMPTY,
}


def simulation(feed: str, *faults: PlannedFault, seed: int = 1, write_truth: TruthWriter | None = None) -> Simulation:
    name = feed.partition(" ")[0]
    return Simulation(
        venues()[name], protocol(feed), plan=faults, environ=FEEDS[feed], seed=seed, write_truth=write_truth
    )


def protocol(feed: str) -> VenueProtocol:
    return protocols(profile_of(FEEDS[feed]))[feed.partition(" ")[0]]


def is_applicable(feed: str, row: FaultRow) -> bool:
    """Return whether a feed has what the fault of a row needs."""
    needs = available_needs(venues()[feed.partition(" ")[0]], protocol(feed), FEEDS[feed])
    return missing_need(row.fault, needs) is None


def run_through(
    feed: str, kind: str, lasts_s: float | None = None, **values: int | str
) -> tuple[Simulation, ConnectorRecord]:
    """Simulate one fault, up to `SETTLED_MS` after the connector has recovered or the time to recover is over."""
    fault = FAULTS[kind]
    name = feed.partition(" ")[0]
    simulated = simulation(feed, plan(name, kind, BEGINS_MS / 1_000, lasts_s, **values))
    now_ms = BEGINS_MS + int((lasts_s or fault.lasts_s or 0) * 1_000)
    latest_ms = now_ms + RECOVERS_WITHIN_MS
    simulated.run(now_ms)
    while not (simulated.machine.live and simulated.has_true_book) and now_ms < latest_ms:
        now_ms += 250
        simulated.run(now_ms)
    return simulated, simulated.run(now_ms + SETTLED_MS)


def check_reaction(feed: str, row: FaultRow) -> None:
    """Simulate a row of the fault matrix at a feed; raise AssertionError for another reaction than the expected one."""
    simulated, record = run_through(feed, row.kind, row.lasts, **row.values)
    expected = row.fault.expects
    resyncs = expected.resyncs and simulated.machine.venue.recovery is not Recovery.RECONNECT
    reason = None if resyncs else expected.reason

    # Every published book is one of the venue's, and the last equals it.
    assert record.wrong_books_ms == []
    assert simulated.machine.live
    assert simulated.has_true_book

    # The expected reason, within its limit, and no other.
    ends = [(at_ms - BEGINS_MS, close.reason, close.silence) for at_ms, close in record.closes]
    assert {end[1] for end in ends} == ({reason, *expected.also} - {None})
    silence = expected.silence_at(acks=protocols()[simulated.venue].acks)
    assert {end[2] for end in ends if end[1] is reason} <= {silence}
    seen = [end[0] for end in ends if end[1] is reason]
    if resyncs:
        seen = [
            at_ms - BEGINS_MS for at_ms, note in record.notes_of("resync") if note.fields["reason"] == expected.reason
        ]
    if expected.reason is not None:
        assert 0 < seen[0] <= expected.within_ms(simulated.machine.limits)

    # The expected notes, and no other alarm.
    allowed = {*expected.notes, "resync"} if resyncs else set(expected.notes)
    assert record.alarms == allowed
    assert record.flaws - {BookFlaws.NONE} == ({FLAWS[row.kind]} if row.kind in FLAWS else set())
