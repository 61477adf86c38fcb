"""Books that move: one seeded common price, and on each venue a book of its own around it.

Everything is integers (prices in points, sizes in lots, the common price in millionths of a dollar), so that one seed
gives the same books on every machine. The market moves whether anyone listens or not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import NamedTuple

from connectors.venues.frames import BookSide, Level

STARTS_USD = {"BTC": 84_000, "ETH": 3_000, "SOL": 180, "TAO": 400}
OTHER_START_USD = 100
STEP_MS = 50
LEVELS = 20
"""Levels a side, next to each other."""

TRADE_CHANCE = 0.1
RECENT_TRADES = 30


class CommonPrice:
    """The common price: a bounded random walk on a 50 ms grid, in millionths of a dollar."""

    def __init__(self, seed: int, base: str) -> None:
        self._random = Random(f"{seed}/{base}/common")
        self._start = STARTS_USD.get(base, OTHER_START_USD) * 1_000_000
        self._price = self._start
        self._steps = 0

    def at(self, now_ms: int) -> int:
        """The price at a time; times must not fall."""
        while self._steps * STEP_MS < now_ms:
            reach = self._start // 50_000
            pull = (self._start - self._price) // 20_000
            self._price += int(self._random.random() * (2 * reach + 1)) - reach + pull
            self._steps += 1
        return self._price


@dataclass(frozen=True, slots=True)
class Precision:
    """How a venue writes numbers: decimals of a price and of a size, and the points between two levels."""

    price_decimals: int
    size_decimals: int
    step: int = 1

    def price(self, points: int) -> str:
        """A price as the venue writes it."""
        return fixed_point(points, self.price_decimals)

    def size(self, lots: int) -> str:
        """A size as the venue writes it; a change may be negative."""
        return fixed_point(lots, self.size_decimals)

    def level(self, points: int, lots: int) -> Level:
        """The exact level that the venue's text stands for."""
        return Decimal(points).scaleb(-self.price_decimals), Decimal(lots).scaleb(-self.size_decimals)


@lru_cache(maxsize=65_536)
def fixed_point(number: int, decimals: int) -> str:
    """An integer count of 10^-decimals as fixed-point text."""
    if not decimals:
        return str(number)
    whole, part = divmod(abs(number), 10**decimals)
    return f"{'-' if number < 0 else ''}{whole}.{part:0{decimals}d}"


class FullBook(NamedTuple):
    """A whole book: sizes by price for each side. Never changed once made."""

    bids: dict[int, int]
    asks: dict[int, int]

    def top(self, levels: int | None = None) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks, best first."""
        bids = sorted(self.bids.items(), reverse=True)
        asks = sorted(self.asks.items())
        return bids[:levels], asks[:levels]


class ChangedPrices(NamedTuple):
    """The prices at which something changed."""

    bids: set[int]
    asks: set[int]


def difference(old: FullBook, new: FullBook) -> ChangedPrices:
    """The prices at which two books differ."""
    return ChangedPrices(_differing(old.bids, new.bids), _differing(old.asks, new.asks))


def _differing(old: dict[int, int], new: dict[int, int]) -> set[int]:
    return {price for price, _ in old.items() ^ new.items()}


@dataclass(frozen=True, slots=True)
class MarketTrade:
    """One trade on a venue; `number` is the update that it came with, `at_ms` the venue's wall clock."""

    number: int
    price: int
    lots: int
    taker: BookSide
    at_ms: int


class Market:
    """One venue's book of one market, following the common price with a spread and a noise of its own."""

    def __init__(self, common: CommonPrice, precision: Precision, seed: int, venue: str) -> None:
        self.precision = precision
        self._common = common
        self._random = Random(f"{seed}/{venue}/market")
        self._noise = 0
        self.number = 1_000_000 + self._below(1_000_000)
        """The venue's update counter."""
        self.book = FullBook({}, {})
        self.trades: deque[MarketTrade] = deque(maxlen=RECENT_TRADES)
        self.funding_ppb = 12_500 + self._below(10_000)
        """Funding of one hour, in thousandths of a millionth."""

    def step(self, now_ms: int) -> ChangedPrices:
        """Move the book to this time; say where it changed."""
        bid, ask, step = *self._touch(now_ms), self.precision.step
        old = self.book
        self.book = FullBook(
            self._side(old.bids, range(bid, bid - LEVELS * step, -step)),
            self._side(old.asks, range(ask, ask + LEVELS * step, step)),
        )
        self.number += 1 + self._below(9)
        return difference(old, self.book)

    def trade(self, wall_ms: int) -> MarketTrade | None:
        """A trade at the touch, now and then; `wall_ms` is the venue's clock."""
        if self._random.random() >= TRADE_CHANCE or not (self.book.bids and self.book.asks):
            return None
        taker = BookSide.BUY if self._random.random() < 0.5 else BookSide.SELL
        price = min(self.book.asks) if taker is BookSide.BUY else max(self.book.bids)
        made = MarketTrade(self.number, price, 1 + self._below(500), taker, wall_ms)
        self.trades.append(made)
        return made

    def _touch(self, now_ms: int) -> tuple[int, int]:
        step = self.precision.step
        self._noise += self._below(3) - 1 - (self._noise > 3) + (self._noise < -3)
        fair = self._common.at(now_ms) * 10**self.precision.price_decimals // 1_000_000
        bid = (fair // step + self._noise) * step
        return bid, bid + step * (1 + self._below(2))

    def _side(self, old: dict[int, int], prices: Iterable[int]) -> dict[int, int]:
        sizes = {price: old.get(price) or self._lots() for price in prices}
        for _ in range(2):
            # Near the touch more happens: the smaller of two draws.
            place = min(self._below(LEVELS), self._below(LEVELS))
            sizes[list(sizes)[place]] = self._lots()
        return sizes

    def _lots(self) -> int:
        return 100 + self._below(50_000)

    def _below(self, limit: int) -> int:
        return int(self._random.random() * limit)
