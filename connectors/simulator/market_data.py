"""Market data of a venue: the order book, with the alterations of active faults, and the changes each stream owes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from connectors.simulator.market import (
    ChangedPrices,
    CommonPrice,
    FullBook,
    MarketTrade,
    SimulatedMarket,
    difference,
    grouped,
)
from connectors.simulator.messages import Content, TrueBook
from connectors.simulator.protocols.base import LevelChange, MarketState, Stream, VenueProtocol
from connectors.simulator.protocols.candles import MarketHistory

BookAlteration = Callable[[FullBook], FullBook]
"""Function of a fault that returns the altered book."""

HISTORY = 400
"""Number of past books kept for outdated REST responses."""


class MarketData:
    """Market data of one market as one venue sends it.

    `shown` is the book that the sockets show. While `frozen` is set, `shown` does not change although the market moves.
    The changes of that time are sent after it, so a connector that fetched a book by REST meanwhile is correct too.
    `clock` returns the venue's time at a Unix time.
    """

    def __init__(
        self,
        protocol: VenueProtocol,
        base: str,
        seed: int,
        start_unix_ms: int,
        clock: Callable[[int], int] = lambda unix_ms: unix_ms,
    ) -> None:
        self.protocol = protocol
        self.base = base
        self.symbol = protocol.symbol.format(base=base)
        self.market = SimulatedMarket(CommonPrice(seed, base), protocol.precision, seed, protocol.venue)
        self._start_unix_ms = start_unix_ms
        self._clock = clock
        self.history = MarketHistory(self.market.trades)
        self.market.step(0)
        self.shown = self.market.book
        self.frozen = False
        self._altered = False
        self._unsent = ChangedPrices(set(), set())
        self._history: deque[tuple[int, FullBook]] = deque(maxlen=HISTORY)

    def step(
        self, now_ms: int, alterations: Sequence[BookAlteration], *, quiet: bool = False
    ) -> tuple[ChangedPrices, FullBook, MarketTrade | None]:
        """Move the market; return the changed prices, the book shown before, and a trade, if any.

        `quiet` leaves the market as it is; `alterations` are applied to the book shown.
        """
        before, trade, changed = self.shown, None, ChangedPrices(set(), set())
        if not quiet:
            changed, trade = self.market.step(now_ms), self.market.trade(self._start_unix_ms + now_ms)
        if trade is not None:
            self.history.add(trade, self.market.book.mid())
        changed = self._accumulate(changed) if self.frozen else self._apply_alterations(changed, alterations)
        self._history.append((self.market.number, self.shown))
        return changed, before, trade

    def _accumulate(self, changed: ChangedPrices) -> ChangedPrices:
        """Collect changes to send after the freeze; return none."""
        self._unsent.bids.update(changed.bids)
        self._unsent.asks.update(changed.asks)
        self._altered = True
        return ChangedPrices(set(), set())

    def _apply_alterations(self, changed: ChangedPrices, alterations: Sequence[BookAlteration]) -> ChangedPrices:
        """Show the market's book with `alterations`; return all prices that changed."""
        before, self.shown = self.shown, self.market.book
        for alter_book in alterations:
            self.shown = alter_book(self.shown)
        if alterations or self._altered:
            more, unsent = difference(before, self.shown), self._unsent
            changed = ChangedPrices(changed.bids | more.bids | unsent.bids, changed.asks | more.asks | unsent.asks)
            self._unsent = ChangedPrices(set(), set())
        self._altered = bool(alterations)
        return changed

    def rest_state(self, now_ms: int, *, updates_ago: int = 0) -> MarketState:
        """Return the state for a REST response: never frozen, `updates_ago` updates old."""
        number, book = self.market.number, self.market.book if self.frozen else self.shown
        if updates_ago and self._history:
            number, book = self._history[max(-1 - updates_ago, -len(self._history))]
        return self._state(now_ms, number, book)

    def frame_state(
        self, stream: Stream, now_ms: int, *, full: bool, trades: Iterable[MarketTrade] = ()
    ) -> MarketState:
        """Return the state for the next frame of a stream: the full book if `full`, else the unsent changes."""
        bids: tuple[LevelChange, ...] = ()
        asks: tuple[LevelChange, ...] = ()
        if stream.incremental and not full:
            bids = tuple((at, stream.bids[at], self.shown.bids.get(at, 0)) for at in sorted(stream.bids, reverse=True))
            asks = tuple((at, stream.asks[at], self.shown.asks.get(at, 0)) for at in sorted(stream.asks))
        return self._state(now_ms, self.market.number, self._shown_by(stream), full, bids, asks, tuple(trades))

    def true_book(self, stream: Stream) -> TrueBook | None:
        """Return the book that a book stream shows now; None for other streams."""
        if stream.content is not Content.BOOK:
            return None
        return TrueBook(self._shown_by(stream), self.protocol.precision, stream.depth)

    def _shown_by(self, stream: Stream) -> FullBook:
        return grouped(self.shown, stream.price_step)

    def has_changes(self, stream: Stream) -> bool:
        """Return whether a book stream has changes to send."""
        if stream.incremental:
            return bool(stream.bids or stream.asks)
        return stream.last_top != self._shown_by(stream).top(stream.depth)

    def mark_sent(self, stream: Stream) -> None:
        """Record that the stream's last frame included all changes."""
        if stream.incremental:
            stream.bids, stream.asks = {}, {}
        elif stream.content is Content.BOOK:
            stream.last_top = self._shown_by(stream).top(stream.depth)

    def _state(
        self,
        now_ms: int,
        number: int,
        book: FullBook,
        full: bool = True,
        bids: tuple[LevelChange, ...] = (),
        asks: tuple[LevelChange, ...] = (),
        trades: tuple[MarketTrade, ...] = (),
    ) -> MarketState:
        precision, funding = self.protocol.precision, self.market.funding_ppb
        wall_ms = self._clock(self._start_unix_ms + now_ms)
        changes = (full, bids, asks, trades)
        return MarketState(self.symbol, self.base, precision, wall_ms, number, book, funding, *changes, self.history)


def merge_changes(stream: Stream, changed: ChangedPrices, before: FullBook) -> None:
    """Add changed prices to an incremental stream, with the sizes before the first change not sent yet."""
    for price in changed.bids:
        stream.bids.setdefault(price, before.bids.get(price, 0))
    for price in changed.asks:
        stream.asks.setdefault(price, before.asks.get(price, 0))
