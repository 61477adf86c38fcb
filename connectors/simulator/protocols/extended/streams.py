"""Streams of Extended: which there are, by URL (v1) and by topic (v2), and how their frames are encoded.

A change of a book carries both the difference (`q`) and the new size (`c`). In v1 `seq` counts the frames of the
connection from 1, in v2 the data frames of all topics of the connection from 0. The full book of each minute follows
the changes of the same time and has the next number.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.simulator.market import MarketTrade, Precision, fixed_point
from connectors.simulator.messages import Content
from connectors.simulator.protocols.base import LevelChange, MarketState, Stream, compact_json
from connectors.simulator.protocols.candles import MINUTE_MS, Candle
from connectors.simulator.protocols.numbering import Numbering
from connectors.venues.frames import BookSide

SNAPSHOT_MS, DELTA_MS, STATS_MS = 60_000, 100, 1_000
FIRST_TRADE_ID = 2_100_000_000_000_000_000
INTERVALS_MIN = {
    **{f"PT{minutes}M": minutes for minutes in (1, 5, 15, 30)},
    **{f"PT{hours}H": hours * 60 for hours in (1, 2, 4, 8, 12, 24)},
    "P1D": 1_440,
}
URL = re.compile(r"/v1/(?P<name>orderbooks|publicTrades|funding|prices/mark|prices/index)(?:/(?P<market>[^/?]+))?$")
CANDLES_URL = re.compile(r"/v1/candles/(?P<market>[^/?]+)/(?P<kind>trades|mark-prices|index-prices)$")


class StreamKind(StrEnum):
    """Kinds of streams, by the first part of their topic."""

    BOOK = "orderbooks"
    TRADES = "trades"
    FUNDING = "funding-rates"
    PRICES = "prices"
    CANDLES = "candles"


V1_TOPICS = {
    "orderbooks": "orderbooks.{market}",
    "publicTrades": "trades.{market}",
    "funding": "funding-rates.{market}",
    "prices/mark": "prices.mark.{market}",
    "prices/index": "prices.index.{market}",
}
V1_CANDLES = {"trades": "last", "mark-prices": "mark", "index-prices": "index"}
V2_TYPES = {StreamKind.TRADES: "TRADES", StreamKind.FUNDING: "FUNDING_RATES", StreamKind.CANDLES: "CANDLES"}
PRICE_TYPES = {"mark": "MP", "index": "IP"}


def stream_for_url(path: str, symbol: str) -> Stream | None:
    """Return the stream that a v1 URL names; None for an unknown one."""
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if found := CANDLES_URL.search(parts.path):
        if found["market"] != symbol or query.get("interval") not in INTERVALS_MIN:
            return None
        return stream(f"candles.{V1_CANDLES[found['kind']]}.{symbol}.{query['interval']}")
    found = URL.search(parts.path)
    if found is None or found["market"] not in (symbol, None):
        return None
    best_only = found["name"] == "orderbooks" and query == {"depth": "1"}
    if query and not best_only:
        return None
    return stream(f"orderbooks.1.{symbol}" if best_only else V1_TOPICS[found["name"]].format(market=symbol))


def names_stream(path: str) -> bool:
    """Return whether a path is that of a v1 stream of any market."""
    return bool(URL.search(path) or CANDLES_URL.search(path))


def stream(topic: str, numbering: Numbering | None = None) -> Stream:
    """Return the stream of a topic; with the `numbering` of its connection it is one of v2."""
    more: dict[str, Any] = {} if numbering is None else {"wrapped": True, "numbering": numbering}
    kind, *rest = topic.split(".")
    match StreamKind(kind), rest:
        case StreamKind.BOOK, ["1", _]:
            return Stream(topic, depth=1, **more)
        case StreamKind.BOOK, _:
            return Stream(topic, incremental=True, full_every_ms=SNAPSHOT_MS, period_ms=DELTA_MS, **more)
        case StreamKind.TRADES, _:
            # Only v2 repeats recent trades at the subscription.
            return Stream(topic, Content.TRADES, sends_at_once=numbering is not None, **more)
        case StreamKind.FUNDING, _:
            return Stream(topic, Content.FUNDING, **more)
        case _:
            return Stream(topic, Content.STATS, period_ms=STATS_MS, **more)


def encode(each: Stream, state: MarketState) -> str:
    """Encode the next frame of a stream."""
    kind, *rest = each.channel.split(".")
    frame_type, data = _content(StreamKind(kind), rest, each, state)
    if each.wrapped:
        prefix = {StreamKind.BOOK: "ORDERBOOKS.", StreamKind.PRICES: "PRICES."}.get(StreamKind(kind), "")
        frame_type = prefix + (frame_type or V2_TYPES[StreamKind(kind)])
        numbers = {"ts": state.wall_ms, "seq": each.numbering.take()}
        return compact_json({"type": frame_type, "data": data, **numbers, "subscription": each.channel})
    each.number += 1
    typed = {} if frame_type is None else {"type": frame_type}
    return compact_json({**typed, "data": data, "ts": state.wall_ms, "seq": each.number})


def _content(kind: StreamKind, rest: list[str], each: Stream, state: MarketState) -> tuple[str | None, Any]:
    """Return the type of a frame, None for a stream of one type, and its data."""
    match kind, rest:
        case StreamKind.BOOK, _:
            frame_type = "SNAPSHOT" if state.full else "DELTA"
            return frame_type, {"t": frame_type, "m": state.symbol, **_sides(each, state)}
        case StreamKind.TRADES, _:
            return None, [trade(row, state) for row in state.trades]
        case StreamKind.FUNDING, _:
            return None, funding(state)
        case StreamKind.PRICES, [price_kind, _]:
            return PRICE_TYPES[price_kind], {"m": state.symbol, "p": state.mid(), "ts": state.wall_ms}
        case _:
            return None, candles(rest[0], rest[-1], 1, state)


def _sides(each: Stream, state: MarketState) -> dict[str, Any]:
    if state.full:
        bids, asks = ([{"q": size, "p": price} for price, size in side] for side in state.levels(each.depth))
    else:
        bids, asks = (
            [_change(row, state.precision) for row in side if row[1] != row[2]] for side in (state.bids, state.asks)
        )
    return {"b": bids, "a": asks, "d": "1" if each.depth == 1 else "f"}


def _change(row: LevelChange, precision: Precision) -> dict[str, str]:
    price, before, now = row
    return {"q": precision.size(now - before), "p": precision.price(price), "c": precision.size(now)}


def trade(row: MarketTrade, state: MarketState) -> dict[str, Any]:
    """Encode a public trade."""
    return {
        "i": FIRST_TRADE_ID + row.number,
        "m": state.symbol,
        "S": "BUY" if row.taker is BookSide.BUY else "SELL",
        "tT": "TRADE",
        "T": row.at_ms,
        "p": state.precision.price(row.price),
        "q": state.precision.size(row.lots),
    }


def funding(state: MarketState) -> dict[str, Any]:
    """Encode the funding rate of one hour."""
    return {"m": state.symbol, "T": state.wall_ms, "f": fixed_point(state.funding_ppb, 9)}


def candles(kind: str, interval: str, count: int, state: MarketState) -> list[dict[str, Any]]:
    """Encode the last `count` candles of trades (`last`) or of prices, the newest first."""
    series = state.history.trade_candles if kind == "last" else state.history.price_candles
    bars = series.bars(INTERVALS_MIN[interval] * MINUTE_MS, count)
    return [_candle(bar, state.precision, volume=kind == "last") for bar in reversed(bars)]


def _candle(bar: Candle, precision: Precision, *, volume: bool) -> dict[str, Any]:
    prices = {"o": bar.open, "l": bar.low, "h": bar.high, "c": bar.close}
    row = {"T": bar.opened_ms, **{name: precision.price(points) for name, points in prices.items()}}
    return row | ({"v": precision.size(bar.lots)} if volume else {})
