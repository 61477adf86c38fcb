"""Candles of a simulated market: one bar a minute of trades and of mid prices, merged into longer ones on request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

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
        return replace(
            self,
            high=max(self.high, later.high),
            low=min(self.low, later.low),
            close=later.close,
            lots=self.lots + later.lots,
            notional=self.notional + later.notional,
            trades=self.trades + later.trades,
            first_trade=self.first_trade or later.first_trade,
            last_trade=max(self.last_trade, later.last_trade),
            bought_lots=self.bought_lots + later.bought_lots,
            bought_notional=self.bought_notional + later.bought_notional,
        )


class Candles:
    """Minute bars of one series of prices over the last day."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=DAY_MINUTES)

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

    def bars(self, length_ms: int, count: int) -> list[Candle]:
        """Return the last `count` bars of `length_ms` (whole minutes), oldest first, without empty ones."""
        bars: list[Candle] = []
        for minute in reversed(self._minutes):
            opened_ms = _opened_ms(minute.opened_ms, length_ms)
            if bars and bars[-1].opened_ms == opened_ms:
                bars[-1] = replace(minute, opened_ms=opened_ms).extended(bars[-1])
            elif len(bars) == count:
                break
            else:
                bars.append(replace(minute, opened_ms=opened_ms))
        return bars[::-1]

    def day(self) -> Candle:
        """Return one bar of the last 24 hours; a bar of zeros without a price."""
        bars = self.bars(MINUTE_MS, DAY_MINUTES)
        total = bars[0] if bars else Candle(0, 0, 0, 0, 0)
        for bar in bars[1:]:
            total = total.extended(bar)
        return total


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
