"""One market's order book, of exact numbers, and the sequence rules: what follows, and what shows a reset."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Any

from connectors.session.events import BookFlaws
from connectors.venues.frames import Book, BookDelta, BookSide, FrameLevel, Level, Number, exact_levels, to_decimal

MAX_LEVELS = 20_000
"""Most levels of one side of a stored book; a venue whose deltas add more is left."""

SCANNED_LEVELS = 64
"""Levels of one side up to which its best price is sought among all of them, which is then faster than a heap."""

# A member of an enumeration is found in several times the time of a name.
_NO_FLAWS, _CROSSED, _LOCKED = BookFlaws.NONE, BookFlaws.CROSSED, BookFlaws.LOCKED


class Ladder:
    """One side of a book: price levels, best price first when read.

    `sizes` holds the size at each price. `best_price` is the price nearest to the other side, None for an empty side.
    It is sought in the whole side only after the best level was removed. A large side has a heap of its prices for
    that, those of bids negated. The heap holds removed prices too, until they come to its top or it is built again.
    """

    __slots__ = ("_buys", "_heap", "_nearest", "_sign", "best_price", "sizes")

    def __init__(self, side: BookSide) -> None:
        self.best_price: float | None = None
        self.sizes: dict[float, Number] = {}
        self._buys = side is BookSide.BUY
        self._nearest: Callable[..., Any] = max if self._buys else min
        self._sign = -1.0 if self._buys else 1.0
        self._heap: list[float] | None = None

    def replace(self, levels: Iterable[FrameLevel]) -> bool:
        """Replace all levels; return True if anything changed.

        Of equal prices the last counts. Levels of size zero are left out.
        """
        before, sizes = self.sizes, {level.price: level.size for level in levels}
        if not all(sizes.values()):
            sizes = {price: size for price, size in sizes.items() if size}
        self.sizes, self._heap = sizes, None
        self.best_price = self._nearest(sizes) if sizes else None
        return sizes != before

    def update(self, levels: Collection[FrameLevel]) -> bool:
        """Set the absolute size of each level; return True if anything changed.

        Size zero removes a level. The removal of an unknown level is legal and changes nothing.
        """
        sizes, best, buys = self.sizes, self.best_price, self._buys
        for level in levels:
            if sizes.get(level.price, 0) != level.size:
                break
        else:
            return False
        if best is None:
            best = -math.inf if buys else math.inf
        count, removed = len(sizes), 0
        for level in levels:
            size = level.size
            if size:
                price = level.price
                sizes[price] = size
                # A higher bid or a lower ask; that an equal ask passes too changes nothing.
                if (price > best) is buys:
                    best = price
            elif sizes.pop(level.price, None):
                removed += 1
        if self._heap is not None:
            self._extend_heap(self._heap, len(sizes) - count + removed)
        self.best_price = best if best in sizes else self._find_best()
        return True

    def _extend_heap(self, heap: list[float], added: int) -> None:
        """Put the `added` newest prices on the heap, or drop one that would be more than twice as long as the side."""
        if len(heap) + added > 2 * len(self.sizes):
            self._heap = None
            return
        for price in islice(reversed(self.sizes), added):
            heappush(heap, price * self._sign)

    def _find_best(self) -> float | None:
        if len(self.sizes) <= SCANNED_LEVELS:
            self._heap = None
            return self._nearest(self.sizes) if self.sizes else None
        if self._heap is None:
            self._heap = [price * self._sign for price in self.sizes]
            heapify(self._heap)
        while (best := self._heap[0] * self._sign) not in self.sizes:
            heappop(self._heap)
        return best

    def best(self) -> Level | None:
        """Return the level nearest to the other side, None for an empty side."""
        price = self.best_price
        return None if price is None else (to_decimal(price), to_decimal(self.sizes[price]))

    def levels(self, depth: int | None = None) -> list[FrameLevel]:
        """Return the best `depth` levels, or all of them."""
        ordered = sorted(self.sizes.items(), reverse=self._buys)
        return [FrameLevel(price, size) for price, size in ordered[:depth]]


class OrderBook:
    """The book of one market; `seq` is the sequence number of its state, None where the venue numbers nothing."""

    __slots__ = ("asks", "bids", "seq")

    def __init__(self) -> None:
        self.bids = Ladder(BookSide.BUY)
        self.asks = Ladder(BookSide.SELL)
        self.seq: int | None = None

    def replace(self, book: Book) -> bool:
        """Replace both sides by a whole book; return True if any level changed."""
        bids_changed, asks_changed = self.bids.replace(book.bids), self.asks.replace(book.asks)
        self.seq = book.seq
        return bids_changed or asks_changed

    def apply(self, delta: BookDelta) -> bool:
        """Apply the levels of a delta; return True if any level changed.

        The sequence is not checked here: call `check_sequence` first.
        """
        bids_changed, asks_changed = self.bids.update(delta.bids), self.asks.update(delta.asks)
        if delta.seq is not None:
            self.seq = delta.seq
        return bids_changed or asks_changed

    def may_outgrow(self, delta: BookDelta) -> bool:
        """Return False if a side cannot have more than `MAX_LEVELS` levels after this delta."""
        bids, asks = self.bids.sizes, self.asks.sizes
        return len(bids) + len(delta.bids) > MAX_LEVELS or len(asks) + len(delta.asks) > MAX_LEVELS

    @property
    def is_too_large(self) -> bool:
        """True if a side has more than `MAX_LEVELS` levels."""
        return max(len(self.bids.sizes), len(self.asks.sizes)) > MAX_LEVELS

    def top(self) -> tuple[Level | None, Level | None]:
        """Return best bid and best ask; None for an empty side."""
        return self.bids.best(), self.asks.best()

    def depth(self, levels: int | None = None) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return the best `levels` bids and asks (None: all), best first.

        Equal books compare equal, whatever frames they were built from.
        """
        return exact_levels(self.bids.levels(levels)), exact_levels(self.asks.levels(levels))

    def flaws(self) -> BookFlaws:
        """Return the flaws of the top: an empty side, a crossed or a locked price; `NONE` for a normal book."""
        bid, ask = self.bids.best_price, self.asks.best_price
        if bid is None or ask is None:
            return BookFlaws.EMPTY if bid is ask else BookFlaws.ONE_SIDED
        if bid < ask:
            return _NO_FLAWS
        return _CROSSED if bid > ask else _LOCKED


# --- the sequence rule ------------------------------------------------------------------------------------------------


class SequenceCheck(StrEnum):
    """The relation of a delta to the state of the book."""

    FOLLOWS = "follows"
    OLD = "old"
    GAP = "gap"
    MISMATCH = "mismatch"


_FOLLOWS = SequenceCheck.FOLLOWS


def check_sequence(state: int | None, delta: BookDelta, *, bridging: bool = False) -> SequenceCheck:
    """Compare a delta with the sequence number `state` of the stored book; without numbers a delta always follows.

    Each venue's decode function brings its numbering to `prev -> seq`, so one rule serves all venues:

        delta.seq <= state            OLD       the state contains it (a repeat, or numbers running backwards)
        delta.prev == state           FOLLOWS   apply
        delta.prev >  state           GAP       deltas between are missing
        delta.prev <  state < seq     MISMATCH  overlaps

    An overlap is legal once, for the first delta after a REST snapshot (`bridging`): the snapshot's number has to lie
    inside `first..seq` (Aster and Binance futures, "How to manage a local order book correctly": `U <= lastUpdateId`
    and `u >= lastUpdateId`), or the delta has to follow it directly.
    """
    if state is None or delta.seq is None or delta.prev is None:
        return SequenceCheck.FOLLOWS
    if bridging:
        return _check_bridging(state, delta.seq, delta.prev, delta.first)
    if delta.seq <= state:
        return SequenceCheck.OLD
    if delta.prev == state:
        return _FOLLOWS
    return SequenceCheck.GAP if delta.prev > state else SequenceCheck.MISMATCH


def _check_bridging(state: int, seq: int, prev: int, first: int | None) -> SequenceCheck:
    if seq < state:
        return SequenceCheck.OLD
    lowest = prev if first is None else min(first, prev)
    return SequenceCheck.FOLLOWS if lowest <= state else SequenceCheck.GAP


RESET_FALL = 1_000
"""A counter that falls by more than this, or to 0 or 1, may have been reset; a smaller fall is an old frame."""

RESET_FRAMES = 3
"""Frames in an unbroken chain, the one that fell included, that prove a reset."""


class ResetDetector:
    """Tells the reset of a venue's sequence counter from old frames, by the frames that a session drops as old.

    A dropped frame that fell far enough begins a chain, and a dropped frame that continues the chain makes it longer.
    Any other frame of the book ends the chain; a repeat of the chain's last frame does not.
    """

    __slots__ = ("_frames", "_last")

    def __init__(self) -> None:
        self._last: int | None = None
        self._frames = 0

    def clear(self) -> None:
        """End the chain: a frame was applied, or the book is rebuilt."""
        self._last, self._frames = None, 0

    def old_frame(self, state: int | None, seq: int | None, prev: int | None = None) -> bool:
        """Take a frame that is older than the book's number `state`; return True if it proves a reset.

        `prev` is the number that the frame follows. Without it the venue skips numbers, so that a number above the last
        one, by at most `RESET_FALL`, continues the chain.
        """
        if seq is None or state is None or seq == self._last:
            return False
        if not self._continues(seq, prev):
            self._frames = 0
            if state - seq <= RESET_FALL and seq not in (0, 1):
                self._last = None
                return False
        self._last = seq
        self._frames += 1
        return self._frames >= RESET_FRAMES

    def _continues(self, seq: int, prev: int | None) -> bool:
        if self._last is None:
            return False
        return 0 < seq - self._last <= RESET_FALL if prev is None else prev == self._last
