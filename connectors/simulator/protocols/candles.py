"""Candles of a simulated market: one bar a minute of trades and of mid prices, merged into longer ones on request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from connectors.simulator.market import MarketTrade

MINUTE_MS = 60_000
DAY_MINUTES = 1_440


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar: prices in points; of its trades (none in a bar of prices) the sum of `lots` and their count `trades`.

    `opened_ms` is the Unix time at which it began, `notional` the sum of price times lots, `last_trade` a number.
    """

    opened_ms: int
    open: int
    high: int
    low: int
    close: int
    lots: int = 0
    notional: int = 0
    trades: int = 0
    last_trade: int = 0

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
            last_trade=max(self.last_trade, later.last_trade),
        )


class Candles:
    """Minute bars of one series of prices over the last day."""

    def __init__(self) -> None:
        self._minutes: deque[Candle] = deque(maxlen=DAY_MINUTES)

    def add(self, at_ms: int, price: int, lots: int = 0, trade: int = 0) -> None:
        """Add a price, or a trade of `lots`, at a Unix time that is not before the last one."""
        traded = (lots, price * lots, 1 if lots else 0, trade)
        bar = Candle(_opened_ms(at_ms, MINUTE_MS), price, price, price, price, *traded)
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
        self.trade_candles.add(trade.at_ms, trade.price, trade.lots, trade.number)
        self.price_candles.add(trade.at_ms, mid)
