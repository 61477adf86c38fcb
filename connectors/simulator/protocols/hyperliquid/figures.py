"""Figures that Hyperliquid gives of a market on the socket and by request: books, trades, candles, funding."""

from __future__ import annotations

from typing import Any

from connectors.simulator.market import MarketTrade, fixed_point
from connectors.simulator.protocols.base import MarketState
from connectors.simulator.protocols.candles import Candle, interval_lengths
from connectors.venues.frames import BookSide

INTERVALS = interval_lengths("1m 3m 5m 15m 30m 1h 2h 4h 8h 12h 1d 3d 1w 1M")
"""Lengths of candles in ms."""


def book(state: MarketState, depth: int | None) -> dict[str, Any]:
    """Return a full book with `depth` levels a side."""
    return {"coin": state.symbol, "time": state.wall_ms, "levels": levels(state, depth)}


def levels(state: MarketState, depth: int | None) -> list[list[dict[str, Any]]]:
    """Return bids and asks, best first."""
    return [[{"px": price, "sz": size, "n": 1} for price, size in side] for side in state.levels(depth)]


def trade(each: MarketTrade, state: MarketState) -> dict[str, Any]:
    """Return a trade; its side is the taker's."""
    return {
        "coin": state.symbol,
        "side": "B" if each.taker is BookSide.BUY else "A",
        "px": state.precision.price(each.price),
        "sz": state.precision.size(each.lots),
        "time": each.at_ms,
        "hash": f"0x{each.number:064x}",
        "tid": each.number,
        "users": [f"0x{1:040x}", f"0x{2:040x}"],
    }


def candle(interval: str, state: MarketState) -> dict[str, Any]:
    """Return the candle of now; without a trade in it, its prices are the last one."""
    length_ms, mid = INTERVALS[interval], state.book.mid()
    opened_ms = state.wall_ms // length_ms * length_ms
    last = (state.history.trade_candles.bars(length_ms, 1) or [Candle(opened_ms, mid, mid, mid, mid)])[0]
    return encode_candle(last if last.opened_ms == opened_ms else Candle(opened_ms, *[last.close] * 4), interval, state)


def encode_candle(bar: Candle, interval: str, state: MarketState) -> dict[str, Any]:
    """Return a candle: opened and closed at, symbol, interval, prices, volume of the base asset, number of trades."""
    prices = {"o": bar.open, "c": bar.close, "h": bar.high, "l": bar.low}
    return {
        "t": bar.opened_ms,
        "T": bar.opened_ms + INTERVALS[interval] - 1,
        "s": state.symbol,
        "i": interval,
        **{name: state.precision.price(points) for name, points in prices.items()},
        "v": state.precision.size(bar.lots),
        "n": bar.trades,
    }


def context(state: MarketState) -> dict[str, Any]:
    """Return the context of the market: funding, open interest and prices."""
    mid = state.mid()
    return {
        "funding": fixed_point(state.funding_ppb, 9),
        "openInterest": "1000.0",
        "prevDayPx": mid,
        "dayNtlVlm": "1000000.0",
        "premium": "0.0",
        "oraclePx": mid,
        "markPx": mid,
        "midPx": mid,
        "impactPxs": [mid, mid],
        "dayBaseVlm": "1000.0",
    }
