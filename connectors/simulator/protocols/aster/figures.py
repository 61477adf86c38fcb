"""Figures that Aster gives of a market on the socket and by REST: candles, statistics of 24 hours, mark prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connectors.simulator.market import fixed_point
from connectors.simulator.protocols.base import MarketState
from connectors.simulator.protocols.candles import MINUTE_MS, Candle, interval_lengths

DAY_MS = 1_440 * MINUTE_MS
FUNDING_MS = 8 * 60 * MINUTE_MS
"""Funding interval: rates of this venue cover 8 hours."""

INTERVALS = interval_lengths("1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M")
"""Lengths of candles in ms."""


def bars(state: MarketState, interval: str, count: int) -> list[Candle]:
    """Return the last `count` bars, oldest first; before the first trade one bar of the mid price without trades."""
    length_ms = INTERVALS[interval]
    mid = state.book.mid()
    empty = Candle(state.wall_ms // length_ms * length_ms, mid, mid, mid, mid)
    return state.history.trade_candles.bars(length_ms, count) or [empty]


def current_opened_ms(state: MarketState, interval: str) -> int:
    """Return the Unix time in ms at which the bar of now began."""
    return state.wall_ms // INTERVALS[interval] * INTERVALS[interval]


def bar_of(state: MarketState, interval: str, opened_ms: int) -> Candle:
    """Return the bar of now or the one before it; without a trade in it, a bar of the price before it."""
    last = bars(state, interval, 3)
    before = [bar for bar in last if bar.opened_ms < opened_ms]
    price = before[-1].close if before else last[0].open
    return next((bar for bar in last if bar.opened_ms == opened_ms), Candle(opened_ms, *[price] * 4))


def quote(state: MarketState, notional: int) -> str:
    """Return an amount of the quote asset as text."""
    return fixed_point(notional, state.precision.price_decimals + state.precision.size_decimals)


def rate(state: MarketState) -> str:
    """Return the funding rate of the venue's interval as text."""
    return fixed_point(state.funding_ppb * 8, 9)


def next_funding_ms(state: MarketState) -> int:
    """Return the Unix time of the next funding in ms."""
    return (state.wall_ms // FUNDING_MS + 1) * FUNDING_MS


def mark(state: MarketState) -> dict[str, Any]:
    """Return the fields of a mark price event."""
    mid = state.mid()
    return {"p": mid, "i": mid, "P": mid, "r": rate(state), "T": next_funding_ms(state)}


class Day:
    """Statistics of the last 24 hours of a market, in the two spellings of the venue."""

    def __init__(self, state: MarketState) -> None:
        day, mid, price = state.history.trade_candles.day(), state.book.mid(), state.precision.price
        if not day.trades:
            day = replace(day, open=mid, high=mid, low=mid, close=mid)
        change = day.close - day.open
        mean = day.notional // day.lots if day.lots else day.close
        last = state.history.trades[-1].lots if state.history.trades else 0
        self._price = {
            "priceChange": price(change),
            "priceChangePercent": fixed_point(change * 100_000 // day.open if day.open else 0, 3),
            "weightedAvgPrice": price(mean),
            "lastPrice": price(day.close),
            "lastQty": state.precision.size(last),
            "openPrice": price(day.open),
            "highPrice": price(day.high),
            "lowPrice": price(day.low),
            "volume": state.precision.size(day.lots),
            "quoteVolume": quote(state, day.notional),
            "openTime": state.wall_ms - DAY_MS,
            "closeTime": state.wall_ms,
            "firstId": day.first_trade,
            "lastId": day.last_trade,
            "count": day.trades,
        }

    def by_name(self) -> dict[str, Any]:
        """Return the statistics with the names of the REST responses."""
        return dict(self._price)

    def ticker_event(self) -> dict[str, Any]:
        """Return the fields of a `24hrTicker` event."""
        return dict(zip("pPwcQohlvqOCFLn", self._price.values(), strict=True))

    def mini_ticker_event(self) -> dict[str, Any]:
        """Return the fields of a `24hrMiniTicker` event."""
        event = self.ticker_event()
        return {name: event[name] for name in "cohlvq"}
