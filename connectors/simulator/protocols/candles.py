"""Candles of a simulated market: one bar a minute of trades and of mid prices, merged into longer ones on request."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

from connectors.simulator.market import MarketTrade
from connectors.venues.frames import BookSide

MINUTE_MS = 60_000
DAY_MINUTES = 1_440
UNIT_MINUTES = {"m": 1, "h": 60, "d": 1_440, "w": 10_080, "M": 43_200}
"""Units of intervals such as 15m; a month is 30 days, because the candles hold one day at most."""


def interval_lengths(names: str) -> dict[str, int]:
    """Return the length in ms of each interval in a list such as `1m 4h 1d`."""
    return {name: int(name[:-1]) * UNIT_MINUTES[name[-1]] * MINUTE_MS for name in names.split()}


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar: prices in points; of its trades (none in a bar of prices) the sum of `lots` and their count `trades`.

    `opened_ms` is the Unix time at which it began, `notional` the sum of price times lots, `first_trade` and
    `last_trade` are numbers; `bought_lots` and `bought_notional` are of the trades whose taker bought.
    """

    opened_ms: int
    open: int
    high: int
    low: int
    close: int
    lots: int = 0
    notional: int = 0
    trades: int = 0
    first_trade: int = 0
    last_trade: int = 0
    bought_lots: int = 0
    bought_notional: int = 0

    def extended(self, later: Candle) -> Candle:
        """Return this bar with a later one added to it."""
        return joined((self, later))


def joined(bars: Sequence[Candle]) -> Candle:
    """Return one bar of these, which are at least one, oldest first."""
    first, last = bars[0], bars[-1]
    return Candle(
        first.opened_ms,
        first.open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        last.close,
        lots=sum(bar.lots for bar in bars),
        notional=sum(bar.notional for bar in bars),
        trades=sum(bar.trades for bar in bars),
        first_trade=next((bar.first_trade for bar in bars if bar.first_trade), 0),
        last_trade=max(bar.last_trade for bar in bars),
        bought_lots=sum(bar.bought_lots for bar in bars),
        bought_notional=sum(bar.bought_notional for bar in bars),
    )


class Candles:
    """Minute bars of one series of prices over the last day."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=DAY_MINUTES)
        # One bar of all minutes before the last, so that a request joins two bars, and not a day of them.
        self._before_last: Candle | None = None

    def add(self, at_ms: int, price: int) -> None:
        """Add a price at a Unix time that is not before the last one."""
        self._add(Candle(_opened_ms(at_ms, MINUTE_MS), price, price, price, price))

    def add_trade(self, trade: MarketTrade) -> None:
        """Add a trade that is not before the last one."""
        notional, bought = trade.price * trade.lots, trade.taker is BookSide.BUY
        bar = Candle(
            _opened_ms(trade.at_ms, MINUTE_MS),
            trade.price,
            trade.price,
            trade.price,
            trade.price,
            lots=trade.lots,
            notional=notional,
            trades=1,
            first_trade=trade.number,
            last_trade=trade.number,
            bought_lots=trade.lots if bought else 0,
            bought_notional=notional if bought else 0,
        )
        self._add(bar)

    def _add(self, bar: Candle) -> None:
        if self._minutes and self._minutes[-1].opened_ms == bar.opened_ms:
            self._minutes[-1] = self._minutes[-1].extended(bar)
        else:
            self._minutes.append(bar)
            self._before_last = None

    def bars(self, length_ms: int, count: int) -> list[Candle]:
        """Return the last `count` bars of `length_ms` (whole minutes), oldest first, without empty ones."""
        newest_first = groupby(reversed(self._minutes), lambda minute: _opened_ms(minute.opened_ms, length_ms))
        bars = [
            replace(joined(list(minutes)[::-1]), opened_ms=opened_ms)
            for opened_ms, minutes in islice(newest_first, count)
        ]
        return bars[::-1]

    def day(self) -> Candle:
        """Return one bar of the last 24 hours; a bar of zeros without a price."""
        if not self._minutes:
            return Candle(0, 0, 0, 0, 0)
        if self._before_last is None and len(self._minutes) > 1:
            self._before_last = joined(list(self._minutes)[:-1])
        last = self._minutes[-1]
        return self._before_last.extended(last) if self._before_last else last


def _opened_ms(at_ms: int, length_ms: int) -> int:
    return at_ms // length_ms * length_ms


class MarketHistory:
    """Trades of a market: the recent ones, candles of their prices, and candles of the mid prices at their times."""

    def __init__(self, trades: deque[MarketTrade] | None = None) -> None:
        self.trades: deque[MarketTrade] = deque() if trades is None else trades
        self.trade_candles = Candles()
        self.price_candles = Candles()

    def add(self, trade: MarketTrade, mid: int) -> None:
        """Add a trade to the candles, with the mid price in points at its time."""
        self.trade_candles.add_trade(trade)
        self.price_candles.add(trade.at_ms, mid)
