"""Info requests of Hyperliquid, sent to `/info` or as a post request by the socket.

Unreadable bodies are answered as by axum, the web framework whose texts the venue sends.
"""

from __future__ import annotations

import json
from typing import Any

from connectors.simulator.messages import HttpResponse
from connectors.simulator.protocols.base import MarketState
from connectors.simulator.protocols.hyperliquid.figures import INTERVALS, book, context, encode_candle, trade
from connectors.venues.frames import Json

ROUNDINGS, MANTISSAS = (None, 2, 3, 4, 5), (None, 1, 2, 5)
LIGHT = ("l2Book", "allMids", "clearinghouseState", "orderStatus", "spotClearinghouseState", "exchangeStatus")
"""Requests of weight 2; all others weigh 20."""

MOST_CANDLES = 5_000


def text_error(status: int, text: str) -> HttpResponse:
    """Return an error with a text as its body."""
    return HttpResponse(status, text.encode(), (("Content-Type", "text/plain; charset=utf-8"),))


UNREADABLE = text_error(422, "Failed to deserialize the JSON body into the target type")
UNKNOWN_COIN = HttpResponse(500, b"null")


def weight(body: bytes) -> int:
    """Return the weight of a request."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return 20
    return 2 if isinstance(request, dict) and request.get("type") in LIGHT else 20


def refused(request: dict[str, Any], symbol: str) -> bool:
    """Return whether the coin is unknown, or the rounding invalid: a mantissa belongs to five significant figures."""
    figures, mantissa = request.get("nSigFigs"), request.get("mantissa")
    return (
        request.get("coin", symbol) != symbol
        or figures not in ROUNDINGS
        or mantissa not in MANTISSAS
        or (mantissa is not None and figures != 5)
    )


def response(body: bytes, state: MarketState) -> Json | HttpResponse:
    """Return the response to the body of a request."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return text_error(400, "Failed to parse the request body as JSON")
    return answer(request, state)


def answer(request: Json, state: MarketState) -> Json | HttpResponse:
    """Return the response to a request."""
    market = {"name": state.symbol, "szDecimals": state.precision.size_decimals, "maxLeverage": 25, "marginTableId": 25}
    perps = {"universe": [market], "marginTables": []}
    match request:
        case {"type": "l2Book" | "recentTrades" | "candleSnapshot" as name}:
            return _of_market(name, request, state)
        case {"type": "allMids"}:
            return {} if request.get("dex") else {state.symbol: state.mid()}
        case {"type": "meta"}:
            return perps
        case {"type": "metaAndAssetCtxs"}:
            return [perps, [context(state)]]
        case {"type": "spotMeta"}:
            return {"universe": [], "tokens": []}
        case {"type": "spotMetaAndAssetCtxs"}:
            return [{"universe": [], "tokens": []}, []]
        case {"type": "perpDexs"}:
            return [None]
        case _:
            return UNREADABLE


def _of_market(name: str, request: dict[str, Any], state: MarketState) -> Json | HttpResponse:
    asked = request.get("req") if name == "candleSnapshot" else request
    if not isinstance(asked, dict) or not isinstance(asked.get("coin"), str):
        return UNREADABLE
    candles = name == "candleSnapshot"
    times = asked.get("startTime"), asked.get("endTime") or state.wall_ms
    if candles and (str(asked.get("interval")) not in INTERVALS or not all(isinstance(at_ms, int) for at_ms in times)):
        return UNREADABLE
    if refused(asked, state.symbol):
        return UNKNOWN_COIN
    if candles:
        return _candles(asked, state)
    if name == "l2Book":
        return book(state, 20)
    return [trade(each, state) for each in reversed(state.history.trades)]


def _candles(asked: dict[str, Any], state: MarketState) -> list[dict[str, Any]]:
    interval, end_ms = asked["interval"], asked.get("endTime") or state.wall_ms
    bars = state.history.trade_candles.bars(INTERVALS[interval], MOST_CANDLES)
    return [encode_candle(bar, interval, state) for bar in bars if asked["startTime"] <= bar.opened_ms <= end_ms]
