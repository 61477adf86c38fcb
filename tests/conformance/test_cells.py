"""Tests of the conformance cells: events of a client beside the ground truth that a simulated venue writes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from connectors.simulator.messages import Content
from connectors.simulator.scenario import plan
from tests.conformance.cells import COLUMNS, Event, cells
from tests.conformance.truth import Truth, facts
from tests.connectors.simulator.listener import START_UNIX_MS, Listener

DROP_S = 20
QUIET_S = 15


def recorded(*, drops: bool = True, reconnects: bool = True) -> tuple[list[Event], Truth]:
    """Return what a client of whole books would report of one connection, a drop and another connection."""
    listener = Listener("hyperliquid", [plan("hyperliquid", "drop", DROP_S)] if drops else [])
    listener.connect()
    listener.listen(DROP_S * 1_000 + 500)
    if drops and reconnects:
        listener.connect()
    listener.listen(DROP_S * 1_000 + 4_000)
    events: list[Event] = [{"at": START_UNIX_MS / 1_000, "event": "connected"}]
    for at_ms, action in listener.actions:
        if action in listener.frames(Content.BOOK):
            bids, asks = json.loads(action.data)["data"]["levels"]
            book = {
                "bids": [[level["px"], level["sz"]] for level in bids],
                "asks": [[level["px"], level["sz"]] for level in asks],
            }
            events.append({"at": (START_UNIX_MS + at_ms) / 1_000, "event": "book", "of": "socket", **book})
    return [*events, {"at": events[-1]["at"], "event": "subscribed", "channel": "l2Book"}], facts(listener.truth)


def column(events: list[Event], truth: Truth, name: str) -> str:
    return str(dict(zip(COLUMNS, cells(events, truth, QUIET_S), strict=True))[name])


def books(events: list[Event]) -> list[Event]:
    return [event for event in events if event["event"] == "book"]


def test_a_client_with_every_book_right_passes_every_column() -> None:
    events, truth = recorded()
    assert [cell.passed for cell in cells(events, truth, QUIET_S)] == [True] * len(COLUMNS)
    number = len(books(events))
    assert column(events, truth, "book equal to the truth") == f"yes: {number} of {number}, up to 5 levels a side"


def test_numbers_are_compared_by_value_and_levels_in_any_order() -> None:
    events, truth = recorded()
    for book in books(events):
        book["bids"] = [[price + "000", str(float(size))] for price, size in reversed(book["bids"])]
    assert column(events, truth, "book equal to the truth").startswith("yes")


def without_last_ask(book: Event) -> None:
    book["asks"] = book["asks"][:-1]


def with_other_size(book: Event) -> None:
    book["bids"][-1][1] = "0.0001"


def with_more_decimals(book: Event) -> None:
    book["bids"][0][0] += "001"


@pytest.mark.parametrize("damage", [without_last_ask, with_other_size, with_more_decimals])
def test_one_wrong_level_of_one_book_fails_the_column(damage: Callable[[Event], None]) -> None:
    events, truth = recorded()
    damage(books(events)[3])
    number = len(books(events))
    cell = column(events, truth, "book equal to the truth")
    assert cell.startswith(f"**no**: {number - 1} of {number}")
    assert "first other: book 4, best [['" in cell


def test_a_book_that_comes_back_after_a_newer_one_is_not_equal() -> None:
    events, truth = recorded()
    last, first = books(events)[-1], books(events)[0]
    last["bids"], last["asks"] = first["bids"], first["asks"]
    assert column(events, truth, "book equal to the truth").startswith("**no**")


def test_a_fetched_book_is_not_looked_up_among_the_frames() -> None:
    events, truth = recorded()
    number = len(books(events))
    events.append({**books(events)[0], "of": "rest", "bids": [["1", "1"]]})
    assert column(events, truth, "book equal to the truth").startswith(f"yes: {number} of {number}")


def test_a_client_that_stays_away_after_the_drop_fails_the_last_column() -> None:
    assert column(*recorded(reconnects=False), "reconnect after a drop") == "**no**: no connection again"


def test_the_time_to_data_after_the_drop_is_measured() -> None:
    assert column(*recorded(), "reconnect after a drop") == "yes: 0.5 s, by the client"


def test_without_a_drop_the_last_column_is_not_reached() -> None:
    assert column(*recorded(drops=False), "reconnect after a drop") == "–"


def test_a_connection_shorter_than_the_quiet_time_fails_keep_alive() -> None:
    events, truth = recorded()
    assert str(cells(events, truth, 25)[4]).startswith("**no**: 20 s")


def test_a_connection_that_the_venue_ends_fails_keep_alive() -> None:
    events, truth = recorded(drops=False)
    next(iter(truth.connections.values())).ended_by = "server_drop"
    assert column(events, truth, "keep-alive").endswith("ended by server_drop")


@pytest.mark.parametrize(
    ("events", "stderr", "why"),
    [
        ([{"at": 0.0, "event": "failed", "what": "connect", "why": "404"}], "ignored", "404"),
        ([], "Traceback\n  File x\nOSError: gone\n\n", "OSError: gone"),
        ([], "", "no event"),
    ],
)
def test_a_client_that_cannot_connect_shows_its_own_words_once(events: list[Event], stderr: str, why: str) -> None:
    first, *others = cells(events, Truth(), QUIET_S, stderr)
    assert (str(first), {str(cell) for cell in others}) == (f"**no**: {why}", {"–"})


def test_a_channel_that_a_client_wants_and_hears_nothing_of_fails_the_column() -> None:
    events, truth = recorded()
    assert column(events, truth, "subscribe") == "yes: 1 channel"
    events.append({"at": 0.0, "event": "wants", "channels": ["l2Book", "candle", "bbo"]})
    assert column(events, truth, "subscribe") == "**no**: 1 channel; no data of bbo, candle"


def test_a_message_that_the_models_refuse_fails_the_column_with_its_reason() -> None:
    events, truth = recorded()
    events.append({"at": 0.0, "event": "failed", "what": "parse", "why": "field tid missing"})
    assert column(events, truth, "parsed").endswith("; 1 refused: field tid missing")
