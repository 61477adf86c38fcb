"""Faults of endpoints at every venue: refused handshakes keep their status, cool-downs grow, and endpoints rotate."""

from __future__ import annotations

from itertools import pairwise

import pytest

from connectors.session.connector import ROTATE_AFTER
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.ground_truth import TruthRow
from connectors.simulator.messages import ConnectPolicy
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import plan
from connectors.venues import venues
from tests.simulation.one_connector import Simulation
from toolkit.model.vocabulary import ReconnectReason as Reason

GONE = "gone.invalid"
REFUSING = sorted(kind for kind, fault in FAULTS.items() if fault.connect_policy is ConnectPolicy.STATUS)

each_venue = pytest.mark.parametrize("name", sorted(protocols()))


def two_endpoints(name: str, first_host: str) -> dict[str, str]:
    """Return the settings of a venue with two endpoints, the first one on another host."""
    ws = venues()[name].ws
    second = str(ws.default).split(",")[0]
    scheme, _, rest = second.partition("://")
    return {ws.name: f"{scheme}://{first_host}/{rest.partition('/')[2]},{second}"}


@each_venue
@pytest.mark.parametrize("kind", REFUSING)
def test_a_refused_handshake_keeps_its_status(name: str, kind: str) -> None:
    simulated = Simulation(venues()[name], protocols()[name], plan=[plan(name, kind, 2)])
    refused = [close for _, close in simulated.run(8_000).closes if close.reason is Reason.CONNECT_ERROR]
    assert refused
    assert {close.status for close in refused} == {FAULTS[kind].values["status"]}


@each_venue
@pytest.mark.parametrize("kind", ["http_429", "http_503"])
def test_an_attempt_waits_as_long_as_the_venue_asks(name: str, kind: str) -> None:
    simulated = Simulation(venues()[name], protocols()[name], plan=[plan(name, kind, 2, 30, retry_after_s=6)])
    refused = [at_ms for at_ms, close in simulated.run(40_000).closes if close.reason is Reason.CONNECT_ERROR]
    assert len(refused) > 2
    assert all(later - earlier >= 6_000 for earlier, later in pairwise(refused))


@each_venue
def test_a_host_without_an_address_is_left_for_the_next_endpoint(name: str) -> None:
    simulated = Simulation(
        venues()[name], protocols()[name], environ=two_endpoints(name, GONE), unresolved={GONE}, seed=2
    )
    record = simulated.run(30_000)
    assert [close.reason for _, close in record.closes] == [Reason.CONNECT_ERROR] * ROTATE_AFTER
    assert all(GONE in close.detail for _, close in record.closes)
    (rotated,) = record.notes_of("rotated")
    assert rotated[1].fields["ws"] == str(venues()[name].ws.default).split(",")[0]
    assert simulated.machine.live and simulated.has_true_book


@each_venue
def test_an_endpoint_that_moved_is_left_for_the_next_one(name: str) -> None:
    moved = plan(name, "endpoint_moved", 2, 30)
    simulated = Simulation(venues()[name], protocols()[name], environ=two_endpoints(name, "old.example"), plan=[moved])
    record = simulated.run(60_000)
    assert record.notes_of("rotated")
    assert simulated.machine.live and simulated.has_true_book


@each_venue
def test_the_cool_down_of_a_flapping_venue_grows_and_every_close_is_counted(name: str) -> None:
    truth: list[TruthRow] = []
    simulated = Simulation(
        venues()[name], protocols()[name], plan=[plan(name, "flapping", 5, 120)], write_truth=truth.append
    )
    record = simulated.run(180_000)
    closed = [row for row in truth if row["event"] == "server_close"]
    attempts = [note.fields["attempts"] for _, note in record.notes_of("waiting")]
    assert attempts == list(range(1, len(closed) + 1))
    # Without the growing wait there would be more than a hundred.
    assert 4 <= len(closed) <= 25
    assert [note.fields["count"] for _, note in record.notes_of("reconnect")] == attempts
    assert {(close.reason, close.code) for _, close in record.closes} == {(Reason.SERVER_CLOSE, 1001)}
    assert simulated.machine.live and simulated.has_true_book


def test_a_snapshot_waits_as_long_as_the_venue_asks() -> None:
    busy = plan("aster", "snapshot_http", 2, 10, status=429, retry_after_s=3)
    simulated = Simulation(venues()["aster"], protocols()["aster"], plan=[busy])
    failed = [note.fields for _, note in simulated.run(30_000).notes_of("snapshot_failed")]
    assert len(failed) > 1
    assert all(fields["status"] == 429 and int(fields["wait_ms"] or 0) >= 3_000 for fields in failed)
    assert simulated.machine.live and simulated.has_true_book
