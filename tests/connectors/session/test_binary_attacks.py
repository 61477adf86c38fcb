"""Damaged binary messages end a session with the right reason, and the next session is well."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors import settings
from connectors.session.connector import Connector, ConnectorState
from connectors.session.events import Action, Note, Opened, Received, SessionEvent, Started, TimePassed
from connectors.venues import venues
from connectors.venues.paradex import FEED
from connectors.venues.paradex_messages import BOOK, NEWEST_VERSION, PUBLIC, SNAPSHOT
from tests.attacks.catalogue.on_binary import DAMAGES, Damage

EVERY_MS = 100
FOR_MS = 15_000


def connector() -> Connector:
    venue = venues()["paradex"]
    known = (*settings.COMMON_SETTINGS, *settings.venue_settings(venue))
    resolved = settings.resolve(known, {FEED: "orderbook"})
    return Connector(venue, settings.target(venue, resolved, "ETH"), settings.limits(venue, resolved), lambda: 0.0)


def book(market: str, number: int) -> bytes:
    levels = {"bids": [(Decimal(2_000), Decimal(number))], "asks": [(Decimal(2_001), Decimal(1))]}
    values = {"ts": 1_790_000_000_000_000 + number, "seq": number, "pkgType": SNAPSHOT, "market": market}
    return PUBLIC.write(BOOK, values | levels, NEWEST_VERSION)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_damaged_binary_messages_end_a_session_with_their_reason_and_the_next_is_well(damage: Damage) -> None:
    machine = connector()
    notes: list[Note] = []

    def step(now_ms: int, event: SessionEvent) -> list[Action]:
        actions = machine.step(now_ms, event)
        notes.extend(each for each in actions if isinstance(each, Note))
        return actions

    def begin(now_ms: int, number: int) -> None:
        step(now_ms, Opened("127.0.0.1"))
        step(now_ms, Received(book(machine.target.instrument, number), binary=True))
        assert machine.live

    step(0, Started())
    begin(1, 1)
    damaged = [each for change in damage.changes for each in change(book(machine.target.instrument, 2))]
    now_ms = 1
    for now_ms in range(1 + EVERY_MS, FOR_MS, EVERY_MS):
        for message in damaged:
            step(now_ms, Received(message, binary=True))
        step(now_ms, TimePassed())
        if machine.state is not ConnectorState.OPEN:
            break
    fields = [note.fields for note in notes if note.kind == "reconnect"]
    ended = [" ".join(str(each[key]) for key in ("reason", "silence") if each.get(key)) for each in fields]
    assert ended == ([damage.reason] if damage.reason else [])
    if ended:
        while machine.state is not ConnectorState.CONNECTING:
            assert machine.due_ms is not None
            step(machine.due_ms, TimePassed())
            now_ms += EVERY_MS
        begin(now_ms, 3)
