"""Simulated order books: one seeded common price per asset, and one book per venue around it.

All values are integers (prices in points, sizes in lots, the common price in millionths of a dollar), so one seed gives
the same books on every machine. The market moves independently of connections.
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
"""Adjacent levels on each side of a book."""

TRADE_CHANCE = 0.1
RECENT_TRADES = 30


class CommonPrice:
    """Price common to all venues: a bounded random walk on a 50 ms grid, in millionths of a dollar."""

    def __init__(self, seed: int, base: str) -> None:
        self._random = Random(f"{seed}/{base}/common")
        self._start = STARTS_USD.get(base, OTHER_START_USD) * 1_000_000
        self._price = self._start
        self._steps = 0

    def at(self, now_ms: int) -> int:
        """Return the price at `now_ms`; successive times must not decrease."""
        while self._steps * STEP_MS < now_ms:
            max_move = self._start // 50_000
            pull = (self._start - self._price) // 20_000
            self._price += int(self._random.random() * (2 * max_move + 1)) - max_move + pull
            self._steps += 1
        return self._price


@dataclass(frozen=True, slots=True)
class Precision:
    """Number format of a venue: decimals of prices and of sizes, and the points between two levels (`step`)."""

    price_decimals: int
    size_decimals: int
    step: int = 1

    def price(self, points: int) -> str:
        """Return a price as the venue writes it."""
        return fixed_point(points, self.price_decimals)

    def size(self, lots: int) -> str:
        """Return a size as the venue writes it; the size of a change may be negative."""
        return fixed_point(lots, self.size_decimals)

    def level(self, points: int, lots: int) -> Level:
        """Return the exact price and size that the venue's text represents."""
        return Decimal(points).scaleb(-self.price_decimals), Decimal(lots).scaleb(-self.size_decimals)


@lru_cache(maxsize=65_536)
def fixed_point(number: int, decimals: int) -> str:
    """Format `number` * 10^-`decimals` as fixed-point text."""
    if not decimals:
        return str(number)
    whole, part = divmod(abs(number), 10**decimals)
    return f"{'-' if number < 0 else ''}{whole}.{part:0{decimals}d}"


class FullBook(NamedTuple):
    """Complete order book: lots by price in points for each side. Its dictionaries are never modified."""

    bids: dict[int, int]
    asks: dict[int, int]

    def top(self, levels: int | None = None) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return the best `levels` of each side as (points, lots), best first; None returns all."""
        bids = sorted(self.bids.items(), reverse=True)
        asks = sorted(self.asks.items())
        return bids[:levels], asks[:levels]

    def mid(self) -> int:
        """Return the mid price in points; a side without levels counts as zero."""
        return (max(self.bids, default=0) + min(self.asks, default=0)) // 2


def grouped(book: FullBook, step: int) -> FullBook:
    """Return the book with the levels of each `step` points as one: bids by the lower price, asks by the higher."""
    if step == 1:
        return book
    bids, asks = dict[int, int](), dict[int, int]()
    for price, lots in book.bids.items():
        bids[price // step * step] = bids.get(price // step * step, 0) + lots
    for price, lots in book.asks.items():
        asks[-(-price // step) * step] = asks.get(-(-price // step) * step, 0) + lots
    return FullBook(bids, asks)


class ChangedPrices(NamedTuple):
    """Prices in points at which a book changed."""

    bids: set[int]
    asks: set[int]


def difference(old: FullBook, new: FullBook) -> ChangedPrices:
    """Return the prices at which two books differ."""
    return ChangedPrices(_changed_prices(old.bids, new.bids), _changed_prices(old.asks, new.asks))


def _changed_prices(old: dict[int, int], new: dict[int, int]) -> set[int]:
    return {price for price, _ in old.items() ^ new.items()}


@dataclass(frozen=True, slots=True)
class MarketTrade:
    """One trade on a venue; `number` is the update counter at that time, `at_ms` the venue's wall clock in Unix ms."""

    number: int
    price: int
    lots: int
    taker: BookSide
    at_ms: int


class SimulatedMarket:
    """One venue's order book of one market; it follows the common price with its own spread and noise."""

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
        """Funding rate of one hour, in parts per billion."""

    def step(self, now_ms: int) -> ChangedPrices:
        """Move the book to `now_ms` and return the prices at which it changed."""
        bid, ask, step = *self._best_prices(now_ms), self.precision.step
        old = self.book
        self.book = FullBook(
            self._side(old.bids, range(bid, bid - LEVELS * step, -step)),
            self._side(old.asks, range(ask, ask + LEVELS * step, step)),
        )
        self.number += 1 + self._below(9)
        return difference(old, self.book)

    def trade(self, wall_ms: int) -> MarketTrade | None:
        """Return a trade at the best price, with probability `TRADE_CHANCE`; `wall_ms` is the venue's wall clock."""
        if self._random.random() >= TRADE_CHANCE or not (self.book.bids and self.book.asks):
            return None
        taker = BookSide.BUY if self._random.random() < 0.5 else BookSide.SELL
        price = min(self.book.asks) if taker is BookSide.BUY else max(self.book.bids)
        trade = MarketTrade(self.number, price, 1 + self._below(500), taker, wall_ms)
        self.trades.append(trade)
        return trade

    def _best_prices(self, now_ms: int) -> tuple[int, int]:
        step = self.precision.step
        self._noise += self._below(3) - 1 - (self._noise > 3) + (self._noise < -3)
        fair = self._common.at(now_ms) * 10**self.precision.price_decimals // 1_000_000
        bid = (fair // step + self._noise) * step
        return bid, bid + step * (1 + self._below(2))

    def _side(self, old: dict[int, int], prices: Iterable[int]) -> dict[int, int]:
        sizes = {price: old.get(price) or self._lots() for price in prices}
        for _ in range(2):
            # The smaller of two draws: levels near the best price change more often.
            index = min(self._below(LEVELS), self._below(LEVELS))
            sizes[list(sizes)[index]] = self._lots()
        return sizes

    def _lots(self) -> int:
        return 100 + self._below(50_000)

    def _below(self, limit: int) -> int:
        return int(self._random.random() * limit)
