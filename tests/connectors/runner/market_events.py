"""Market events, and strategies that draw their parts, for the tests of the runner."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hypothesis import strategies as st

from connectors.runner.queue import Delivery
from connectors.session.events import BookFlaws, EventSource
from connectors.venues.frames import Book, BookDelta, BookSide, FrameLevel, MarketFrame, Trade

D = Decimal
FRESH_MS, CATASTROPHIC_MS = 1_000, 120_000
NOW_MS, UNIX_MS = 5_000, 1_790_000_000_000


def delivery(event: MarketFrame, venue: str = "aster", source: EventSource = EventSource.SOCKET) -> Delivery:
    return Delivery(venue, event, BookFlaws.NONE, source, NOW_MS - 7, UNIX_MS - 7)


def book(bid: str = "100", ask: str = "101", seq: int = 1, exchange_ms: int | None = UNIX_MS - 40) -> Book:
    return Book("book", [FrameLevel(float(bid), 2)], [FrameLevel(float(ask), 3)], seq, exchange_ms)


def delta(seq: int, bids: Iterable[tuple[int, int]] = (), asks: Iterable[tuple[int, int]] = ()) -> BookDelta:
    sides = ([FrameLevel(price, size) for price, size in side] for side in (bids, asks))
    return BookDelta("book", *sides, seq=seq, prev=seq - 1)


TRADE = Trade("trades", D(100), D(1), BookSide.BUY, "1")

PRICES, SIZES = st.integers(95, 105), st.integers(0, 3)
SIDES = st.lists(st.tuples(PRICES, SIZES), max_size=4)
