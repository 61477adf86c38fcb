"""Streams of Aster: their names, and the events that they send."""

from __future__ import annotations

import re
from typing import Any

from connectors.simulator.messages import Content
from connectors.simulator.protocols.aster.figures import INTERVALS, Day, bar_of, current_opened_ms, mark, quote
from connectors.simulator.protocols.aster.rest import aggregate_trade
from connectors.simulator.protocols.base import MarketState, Stream

DEPTH = re.compile(r"depth(?P<levels>5|10|20)?(?:@(?P<ms>100|500)ms)?")
MARK = re.compile(r"markPrice(?:@arr)?(?P<fast>@1s)?")
KLINE = re.compile(r"kline_(?P<interval>\w+)")
ALL_MARKETS = ("markPrice@arr", "markPrice@arr@1s", "ticker@arr", "miniTicker@arr", "bookTicker")
"""Streams of all markets, each named after an exclamation mark; all but the last send lists."""

PERIODS_MS = {
    "aggTrade": 100,
    "bookTicker": 0,
    "ticker": 500,
    "miniTicker": 500,
    "ticker@arr": 1_000,
    "miniTicker@arr": 1_000,
}
CONTENTS = {"aggTrade": Content.TRADES, "bookTicker": Content.BOOK}


def stream(name: str, symbol: str, *, wrapped: bool) -> Stream | None:
    """Return the stream of a name; None for an unknown one, which the venue accepts but never serves."""
    coin, _, kind = name.partition("@")
    if name.startswith("!"):
        coin, kind = symbol.lower(), name[1:] if name[1:] in ALL_MARKETS else ""
    elif kind in ALL_MARKETS[:-1]:
        return None
    if coin != symbol.lower():
        return None
    common: dict[str, Any] = {"sends_at_once": False, "wrapped": wrapped}
    if depth := DEPTH.fullmatch(kind):
        levels, period_ms = depth["levels"], int(depth["ms"] or 250)
        return Stream(
            name, depth=int(levels) if levels else None, period_ms=period_ms, incremental=not levels, **common
        )
    if price := MARK.fullmatch(kind):
        return Stream(name, Content.FUNDING, period_ms=1_000 if price["fast"] else 3_000, **common)
    if (kline := KLINE.fullmatch(kind)) and kline["interval"] in INTERVALS:
        return Stream(name, Content.STATS, period_ms=250, **common)
    if kind in PERIODS_MS:
        content = CONTENTS.get(kind, Content.STATS)
        return Stream(name, content, depth=1 if content is Content.BOOK else None, period_ms=PERIODS_MS[kind], **common)
    return None


def payload(stream: Stream, state: MarketState) -> Any:
    """Return the next event of a stream, or the list of events of a stream of all markets."""
    kind = stream.channel[1:] if stream.channel.startswith("!") else stream.channel.partition("@")[2]
    event = {"e": _event_name(kind), "E": state.wall_ms, "s": state.symbol, **_fields(stream, kind, state)}
    return [event] if kind.partition("@")[2].startswith("arr") else event


def _event_name(kind: str) -> str:
    names = {"aggTrade": "aggTrade", "bookTicker": "bookTicker", "ticker": "24hrTicker", "miniTicker": "24hrMiniTicker"}
    head = kind.partition("@")[0]
    if head.startswith("kline"):
        return "kline"
    return "markPriceUpdate" if head == "markPrice" else names.get(head, "depthUpdate")


def _fields(stream: Stream, kind: str, state: MarketState) -> dict[str, Any]:
    match kind.partition("@")[0]:
        case "aggTrade":
            return aggregate_trade(state.trades[-1], state)
        case "markPrice":
            return mark(state)
        case "bookTicker":
            bid, ask = (side[0] if side else ["0", "0"] for side in state.levels(1))
            best = {"b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
            return {"u": state.number, "T": state.wall_ms - 3, **best}
        case "ticker":
            return Day(state).ticker_event()
        case "miniTicker":
            return Day(state).mini_ticker_event()
        case head if head.startswith("kline_"):
            return {"k": _kline(stream, head.removeprefix("kline_"), state)}
        case _:
            return {"T": state.wall_ms - 3, **_depth(stream, state)}


def _depth(stream: Stream, state: MarketState) -> dict[str, Any]:
    """Encode a depth frame; the first one follows the update counter at the subscription."""
    first = 1 + (stream.number or stream.since)
    numbers = {"U": first, "u": state.number, "pu": first - 1}
    if stream.incremental:
        price, size = state.precision.price, state.precision.size
        bids, asks = ([[price(at), size(now)] for at, _, now in side] for side in (state.bids, state.asks))
    else:
        bids, asks = state.levels(stream.depth)
    stream.number = state.number
    return {**numbers, "b": bids, "a": asks}


def _kline(stream: Stream, interval: str, state: MarketState) -> dict[str, Any]:
    """Encode a candle; the frame after its end shows it closed, the next one shows the candle that began."""
    opened_ms = current_opened_ms(state, interval)
    closed = stream.started and stream.number != opened_ms
    bar, length_ms = bar_of(state, interval, stream.number if closed else opened_ms), INTERVALS[interval]
    stream.number = opened_ms
    price, size = state.precision.price, state.precision.size
    return {
        "t": bar.opened_ms,
        "T": bar.opened_ms + length_ms - 1,
        "s": state.symbol,
        "i": interval,
        "f": bar.first_trade,
        "L": bar.last_trade,
        "o": price(bar.open),
        "c": price(bar.close),
        "h": price(bar.high),
        "l": price(bar.low),
        "v": size(bar.lots),
        "n": bar.trades,
        "x": closed,
        "q": quote(state, bar.notional),
        "V": size(bar.bought_lots),
        "Q": quote(state, bar.bought_notional),
        "B": "0",
    }
