"""Subscriptions of Hyperliquid: their fields and defaults, and the data that each sends."""

from __future__ import annotations

import json
from typing import Any

from connectors.simulator.messages import Content
from connectors.simulator.protocols.base import MarketState, Stream, compact_json
from connectors.simulator.protocols.hyperliquid.figures import INTERVALS, book, candle, context, levels, trade

FAST_MS, PLAIN_MS = 500, 5_500
"""Interval of full books in ms, with and without `fast`."""

MIDS_MS = 5_000
"""Interval of `allMids` in ms: the venue sends it with its plain books."""

FIELDS: dict[str, dict[str, tuple[type, object]]] = {
    "l2Book": {"coin": (str, ...), "nSigFigs": (int, None), "mantissa": (int, None), "fast": (bool, False)},
    "bbo": {"coin": (str, ...)},
    "trades": {"coin": (str, ...)},
    "activeAssetCtx": {"coin": (str, ...)},
    "candle": {"coin": (str, ...), "interval": (str, ...)},
    "allMids": {"dex": (str, None)},
}
"""Fields of each type of subscription: type of the value and default; a field without default must be there."""

SHOWN_DEFAULTS = ("l2Book",)
"""Types whose acknowledgement shows the defaults."""


def known_subscription(subscription: dict[str, Any]) -> dict[str, Any] | None:
    """Return a subscription as the venue repeats it; None if its type, a field or a value cannot be read."""
    name = subscription.get("type")
    if not isinstance(name, str) or name not in FIELDS:
        return None
    echo: dict[str, Any] = {"type": name}
    for field, (wanted, default) in FIELDS[name].items():
        value = subscription.get(field, default)
        if value is None and default is not ...:
            if name in SHOWN_DEFAULTS:
                echo[field] = default
            continue
        if type(value) is not wanted or (field == "interval" and value not in INTERVALS):
            return None
        echo[field] = value
    return echo


def stream(echo: dict[str, Any]) -> Stream:
    """Return the stream of a subscription as the venue repeats it; that text names the stream."""
    channel = compact_json(echo)
    match echo["type"]:
        case "l2Book":
            depth, period_ms = (5, FAST_MS) if echo["fast"] else (20, PLAIN_MS)
            return Stream(channel, depth=depth, period_ms=period_ms, repeats_unchanged=True)
        case "bbo":
            return Stream(channel, depth=1)
        case "trades":
            return Stream(channel, Content.TRADES)
        case "activeAssetCtx":
            return Stream(channel, Content.FUNDING)
        case "allMids":
            return Stream(channel, Content.STATS, period_ms=MIDS_MS)
        case _:
            return Stream(channel, Content.STATS)


def kind(stream: Stream) -> str:
    """Return the type of a stream, which is the channel of its frames."""
    name: str = json.loads(stream.channel)["type"]
    return name


def data(stream: Stream, state: MarketState) -> Any:
    """Return the data of the next frame of a stream."""
    subscription = json.loads(stream.channel)
    match subscription["type"]:
        case "l2Book":
            return book(state, stream.depth) | ({"fast": True} if stream.period_ms == FAST_MS else {})
        case "bbo":
            best = [side[0] if side else None for side in levels(state, 1)]
            return {"coin": state.symbol, "time": state.wall_ms, "bbo": best}
        case "trades":
            return [trade(each, state) for each in state.trades]
        case "candle":
            return candle(subscription["interval"], state)
        case "allMids":
            # Markets of other exchanges on this venue (HIP-3) are not simulated.
            return {"mids": {} if subscription.get("dex") else {state.symbol: state.mid()}}
        case _:
            return {"coin": state.symbol, "ctx": context(state)}
