"""One order book, exact: prices sorted, sizes by price, its top and what is wrong with it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from decimal import Decimal
from itertools import islice

from connectors.session.events import Shape
from connectors.venues.frames import Book, BookDelta, Level, Side


class Ladder:
    """One side of a book, best price first when read."""

    __slots__ = ("_prices", "_side", "_sizes")

    def __init__(self, side: Side) -> None:
        self._side = side
        self._sizes: dict[Decimal, Decimal] = {}
        self._prices: list[Decimal] = []

    def __len__(self) -> int:
        return len(self._prices)

    def replace(self, levels: Iterable[Level]) -> bool:
        """Forget everything and take these levels; of equal prices the last counts, zero sizes are absent.

        Says whether anything changed.
        """
        before = self._sizes
        self._sizes = {price: size for price, size in dict(levels).items() if size}
        self._prices = sorted(self._sizes)
        return self._sizes != before

    def set(self, price: Decimal, size: Decimal) -> bool:
        """Give a level its absolute size; zero removes it, and removing an unknown level is legal.

        Says whether anything changed.
        """
        known = self._sizes.get(price)
        if size:
            self._sizes[price] = size
            if known is None:
                insort(self._prices, price)
        elif known is not None:
            del self._sizes[price]
            del self._prices[bisect_left(self._prices, price)]
        return size != (known or 0)

    def best(self) -> Level | None:
        """The level nearest the other side."""
        if not self._prices:
            return None
        price = self._prices[-1 if self._side is Side.BUY else 0]
        return price, self._sizes[price]

    def levels(self, depth: int | None = None) -> tuple[Level, ...]:
        """The best `depth` levels, or all."""
        ordered = reversed(self._prices) if self._side is Side.BUY else iter(self._prices)
        return tuple((price, self._sizes[price]) for price in islice(ordered, depth))


class OrderBook:
    """The book of one market as the venue's frames make it; `seq` is the state's number, None where there is none."""

    __slots__ = ("asks", "bids", "seq")

    def __init__(self) -> None:
        self.bids = Ladder(Side.BUY)
        self.asks = Ladder(Side.SELL)
        self.seq: int | None = None

    def replace(self, book: Book) -> bool:
        """Take a whole book; says whether any level changed."""
        changed = self.bids.replace(book.bids), self.asks.replace(book.asks)
        self.seq = book.seq
        return any(changed)

    def apply(self, delta: BookDelta) -> bool:
        """Take changed levels; whether the delta fits is judged before (`connectors.sequence`).

        Says whether any level changed.
        """
        changed = [self.bids.set(price, size) for price, size in delta.bids]
        changed += [self.asks.set(price, size) for price, size in delta.asks]
        if delta.seq is not None:
            self.seq = delta.seq
        return any(changed)

    def top(self) -> tuple[Level | None, Level | None]:
        """Best bid and best ask; None for an empty side."""
        return self.bids.best(), self.asks.best()

    def depth(self, levels: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Bids and asks, best first; equal books compare equal whatever way they came about."""
        return self.bids.levels(levels), self.asks.levels(levels)

    def shape(self) -> Shape:
        """What is wrong with the top, if anything."""
        bid, ask = self.top()
        if bid is None or ask is None:
            return Shape.EMPTY if bid is ask else Shape.ONE_SIDED
        if bid[0] > ask[0]:
            return Shape.CROSSED
        return Shape.LOCKED if bid[0] == ask[0] else Shape.SOUND
