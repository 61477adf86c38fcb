"""What a venue shows of its market: the book as it is, or as a fault makes it look, and what changed since when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from connectors.simulator.market import ChangedPrices, CommonPrice, FullBook, Market, MarketTrade, difference
from connectors.simulator.messages import Content, TrueBook
from connectors.simulator.protocols.base import LevelChange, MarketState, Stream, VenueProtocol

BookAlteration = Callable[[FullBook], FullBook]
"""How a fault changes the look of a book."""

HISTORY = 400


class MarketData:
    """One venue's market on show.

    `shown` is the book that its socket means. While `frozen` it stands still, though the market behind it moves; what
    moved meanwhile is told once it thaws, so that also a book fetched by REST in between comes out right.
    """

    def __init__(self, protocol: VenueProtocol, base: str, seed: int, start_unix_ms: int) -> None:
        self.protocol = protocol
        self.base = base
        self.symbol = protocol.symbol.format(base=base)
        self.market = Market(CommonPrice(seed, base), protocol.precision, seed, protocol.venue)
        self._start_unix_ms = start_unix_ms
        self.market.step(0)
        self.shown = self.market.book
        self.frozen = False
        self._altered = False
        self._unsent = ChangedPrices(set(), set())
        self._history: deque[tuple[int, FullBook]] = deque(maxlen=HISTORY)

    def step(
        self, now_ms: int, alterations: Sequence[BookAlteration], *, quiet: bool = False
    ) -> tuple[ChangedPrices, FullBook, MarketTrade | None]:
        """Move the market; give what was touched, the book shown before, and a trade, if one was made."""
        before, trade, touched = self.shown, None, ChangedPrices(set(), set())
        if not quiet:
            touched, trade = self.market.step(now_ms), self.market.trade(self._start_unix_ms + now_ms)
        touched = self._accumulate(touched) if self.frozen else self._apply_alterations(touched, alterations)
        self._history.append((self.market.number, self.shown))
        return touched, before, trade

    def _accumulate(self, touched: ChangedPrices) -> ChangedPrices:
        """Nothing is touched while frozen; what is goes on account."""
        self._unsent.bids.update(touched.bids)
        self._unsent.asks.update(touched.asks)
        self._altered = True
        return ChangedPrices(set(), set())

    def _apply_alterations(self, touched: ChangedPrices, alterations: Sequence[BookAlteration]) -> ChangedPrices:
        """Show the market as it looks now; what differs by the look alone is touched as well."""
        before, self.shown = self.shown, self.market.book
        for alter_book in alterations:
            self.shown = alter_book(self.shown)
        if alterations or self._altered:
            more, unsent = difference(before, self.shown), self._unsent
            touched = ChangedPrices(touched.bids | more.bids | unsent.bids, touched.asks | more.asks | unsent.asks)
            self._unsent = ChangedPrices(set(), set())
        self._altered = bool(alterations)
        return touched

    def rest_state(self, now_ms: int, *, updates_ago: int = 0) -> MarketState:
        """The market as REST shows it: never frozen, at most late."""
        number, book = self.market.number, self.market.book if self.frozen else self.shown
        if updates_ago and self._history:
            number, book = self._history[max(-1 - updates_ago, -len(self._history))]
        return self._state(now_ms, number, book)

    def frame_state(
        self, stream: Stream, now_ms: int, *, full: bool, trades: Iterable[MarketTrade] = ()
    ) -> MarketState:
        """The market as a stream's next frame shows it."""
        bids: tuple[LevelChange, ...] = ()
        asks: tuple[LevelChange, ...] = ()
        if stream.incremental and not full:
            bids = tuple((at, stream.bids[at], self.shown.bids.get(at, 0)) for at in sorted(stream.bids, reverse=True))
            asks = tuple((at, stream.asks[at], self.shown.asks.get(at, 0)) for at in sorted(stream.asks))
        return self._state(now_ms, self.market.number, self.shown, full, bids, asks, tuple(trades))

    def true_book(self, stream: Stream) -> TrueBook | None:
        """The book that a stream means now."""
        return TrueBook(self.shown, self.protocol.precision, stream.depth) if stream.content is Content.BOOK else None

    def has_changes(self, stream: Stream) -> bool:
        """Whether a book stream has anything to tell."""
        if stream.incremental:
            return bool(stream.bids or stream.asks)
        return stream.last_top != self.shown.top(stream.depth)

    def mark_sent(self, stream: Stream) -> None:
        """The stream's last frame said it all."""
        if stream.incremental:
            stream.bids, stream.asks = {}, {}
        elif stream.content is Content.BOOK:
            stream.last_top = self.shown.top(stream.depth)

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
        wall_ms = self._start_unix_ms + now_ms
        return MarketState(self.symbol, self.base, precision, wall_ms, number, book, funding, full, bids, asks, trades)


def merge_changes(stream: Stream, touched: ChangedPrices, before: FullBook) -> None:
    """Remember for a chained stream what was touched and what stood there when it was last told."""
    for price in touched.bids:
        stream.bids.setdefault(price, before.bids.get(price, 0))
    for price in touched.asks:
        stream.asks.setdefault(price, before.asks.get(price, 0))
