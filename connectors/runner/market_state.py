"""State of each venue in the runner: the applied book, its age, and the last funding rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.runner.health import VenueAges, event_age_ms
from connectors.runner.queue import Delivery
from connectors.session.book import OrderBook
from connectors.session.events import BookFlaws, EventSource
from connectors.venues.frames import Book, BookDelta, Funding

ZERO = Decimal(0)
AHEAD_MS = 1_000
"""A venue's time that is more than this ahead of our clock cannot give an event age."""


@dataclass(slots=True)
class MarketView:
    """Market data of one venue, updated at each tick.

    Times are in ms, monotonic or (`_unix_ms`) by the wall clock; prices and depth are in USD. While a side of the book
    is empty, `mid` and `spread` keep their last value and `depth` is zero. `depth` is the value of the best bid plus
    that of the best ask. `applied_ms` is the time at which a two-sided book was last applied, None before the first.
    `event_unix_ms` is the venue's time of that book (`event_dated` is True), or its time of arrival if the venue gives
    none. `applied` counts the ticks that applied a book.

    An injected book sets `mid`, `spread`, `depth`, `flaws` and `source` until the next one of the socket. It is no book
    of the socket: `book`, ages and times stay. `injected` counts such books, `injected_ms` is the time of the last one.
    """

    venue: str
    book: OrderBook = field(default_factory=OrderBook)
    mid: Decimal = ZERO
    spread: Decimal = ZERO
    depth: Decimal = ZERO
    flaws: BookFlaws = BookFlaws.EMPTY
    source: EventSource | None = None
    applied_ms: int | None = None
    event_unix_ms: int | None = None
    event_dated: bool = False
    no_depth_since_ms: int | None = None
    funding: Funding | None = None
    funding_source: EventSource | None = None
    funding_unix_ms: int = 0
    applied: int = 0
    injected: int = 0
    injected_ms: int | None = None

    def apply(self, deliveries: Iterable[Delivery], now_ms: int) -> None:
        """Apply the events of a tick, which are of this venue and in order."""
        newest: Delivery | None = None
        for delivery in deliveries:
            match delivery.event:
                case Book() as book if delivery.source is EventSource.INJECTED:
                    self._inject(book, now_ms)
                case Book() as book:
                    self.book.replace(book)
                    newest = delivery
                case BookDelta() as delta:
                    self.book.apply(delta)
                    newest = delivery
                case Funding() as funding:
                    self.funding, self.funding_source = funding, delivery.source
                    self.funding_unix_ms = delivery.received_unix_ms
        if newest is not None:
            self._update(newest, now_ms)

    def _update(self, newest: Delivery, now_ms: int) -> None:
        self.applied += 1
        if not self._show(self.book, newest.source):
            if self.no_depth_since_ms is None:
                self.no_depth_since_ms = now_ms
            return
        self.no_depth_since_ms = None
        self.applied_ms = now_ms
        exchange_ms = getattr(newest.event, "exchange_ms", None)
        self.event_dated = exchange_ms is not None
        self.event_unix_ms = newest.received_unix_ms if exchange_ms is None else exchange_ms

    def _inject(self, fetched: Book, now_ms: int) -> None:
        self.injected += 1
        self.injected_ms = now_ms
        book = OrderBook()
        book.replace(fetched)
        self._show(book, EventSource.INJECTED)

    def _show(self, book: OrderBook, source: EventSource) -> bool:
        """Set the values of the book's top; return whether both of its sides have a level."""
        self.source, self.flaws = source, book.flaws()
        bid, ask = book.top()
        if bid is None or ask is None:
            self.depth = ZERO
            return False
        self.mid = (bid[0] + ask[0]) / 2
        self.spread = ask[0] - bid[0]
        self.depth = bid[0] * bid[1] + ask[0] * ask[1]
        return True

    def ages(self, now_ms: int, now_unix_ms: int) -> VenueAges:
        """Return the ages that determine the status of the venue."""
        if self.applied_ms is None:
            return VenueAges()
        empty_ms = 0 if self.no_depth_since_ms is None else now_ms - self.no_depth_since_ms
        return VenueAges(now_ms - self.applied_ms, event_age_ms(now_unix_ms, self.event_unix_ms), empty_ms)

    def event_time_flaw(self, now_unix_ms: int) -> str | None:
        """Return why the event age is not that of the venue's clock; None if it is, or if there is no book.

        `arrival`: the book has no time, so its time of arrival is used. `ahead`: the venue's clock is ahead of ours.
        """
        if self.event_unix_ms is None:
            return None
        if not self.event_dated:
            return "arrival"
        return "ahead" if self.event_unix_ms - now_unix_ms > AHEAD_MS else None

    def funding_age_ms(self, now_unix_ms: int) -> int | None:
        """Return the age of the funding rate in ms, 0 or more; None without a rate."""
        return None if self.funding is None else max(0, now_unix_ms - self.funding_unix_ms)
