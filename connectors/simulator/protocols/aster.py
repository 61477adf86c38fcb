"""Aster protocol: streams by URL or SUBSCRIBE, deltas with `U`, `u` and `pu`, and full books only by REST.

The market moves at least twice between two delta frames, so a REST snapshot can fall in the middle of a delta.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.simulator.market import Precision, fixed_point
from connectors.simulator.messages import Content, Rejection, Request
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    MarketState,
    SendReply,
    StartStream,
    StopStream,
    Stream,
    VenueProtocol,
    compact_json,
)
from connectors.venues.frames import BookSide, Json

DEPTH = re.compile(r"depth(?P<levels>5|10|20)?(?:@(?P<ms>100|500)ms)?")
METHODS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"
FUNDING_MS = 8 * 3_600_000
"""Funding interval: rates of this venue cover 8 hours."""


class _Aster(VenueProtocol):
    def streams_for_path(self, path: str, symbol: str) -> tuple[Stream, ...] | None:
        parts = urlsplit(path)
        head, _, name = parts.path.rpartition("/")
        if head.endswith("/ws"):
            names = [name]
        elif name in ("ws", "stream"):
            names = [stream for row in parse_qs(parts.query).get("streams", []) for stream in row.split("/")]
        else:
            return None
        return tuple(stream for name in names if (stream := _stream(name, symbol, _wrapped(path))))

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"method": "SUBSCRIBE", "params": list(names)}:
                yield SendReply(_result(None, message))
                for name in names:
                    stream = _stream(str(name), state.symbol, _wrapped(client.path))
                    if stream is not None and name not in client.channels:
                        yield StartStream(stream)
            case {"method": "UNSUBSCRIBE", "params": list(names)}:
                yield SendReply(_result(None, message))
                yield from (StopStream(str(name)) for name in names)
            case {"method": "LIST_SUBSCRIPTIONS"}:
                yield SendReply(_result(sorted(client.channels), message))
            case {"method": "SET_PROPERTY" | "GET_PROPERTY"}:
                yield SendReply(_result(None, message))
            case {"method": method}:
                yield _error(
                    2, f"Invalid request: unknown variant {method}, expected one of {METHODS} at line 1 column 28"
                )
            case _:
                yield _error(2, "Invalid request: missing field `method` at line 1 column 2")

    def encode(self, stream: Stream, state: MarketState) -> str:
        times = {"E": state.wall_ms, "T": state.wall_ms - 3, "s": state.symbol}
        match stream.content, stream.channel.partition("@")[2]:
            case Content.TRADES, _:
                data = _trade(state)
            case Content.FUNDING, _:
                data = {"e": "markPriceUpdate", "E": state.wall_ms, "s": state.symbol, **_mark(state, "r", "T")}
            case _, "bookTicker":
                bid, ask = (side[0] if side else ["0", "0"] for side in state.levels(1))
                best = {"b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
                data = {"e": "bookTicker", "u": state.number, **times, **best}
            case _:
                data = {"e": "depthUpdate", **times, **_depth(stream, state)}
        return compact_json({"stream": stream.channel, "data": data} if stream.wrapped else data)

    def handle_request(self, request: Request, state: MarketState) -> Json | None:
        name = request.path.rpartition("/")[2]
        if request.method != "GET" or not re.search(r"/fapi/v[13]/\w+$", request.path):
            return None
        if name in ("depth", "premiumIndex") and request.query.get("symbol") != state.symbol:
            return {"code": -1121, "msg": "Invalid symbol."}
        match name:
            case "depth":
                bids, asks = state.levels(int(request.query.get("limit", "500")))
                times = {"E": state.wall_ms, "T": state.wall_ms - 3}
                return {"lastUpdateId": state.number, **times, "bids": bids, "asks": asks}
            case "premiumIndex":
                return _premium(state)
            case "exchangeInfo":
                return {"timezone": "UTC", "serverTime": state.wall_ms, "symbols": [_market(state)]}
            case "time":
                return {"serverTime": state.wall_ms}
            case "ping":
                return {}
            case _:
                return None

    def subscription_error(self, channel: str) -> str:
        return _error(2, f"Invalid request: unknown stream {channel}").text

    def rejection(self, reason: Rejection, channel: str) -> str | None:
        """Return the error for a channel; a stream of an unknown market is acknowledged and stays silent."""
        return self.subscription_error(channel) if reason is Rejection.CHANNEL else None

    def invalid_json_error(self, _frame: str) -> str:
        return _error(3, "Invalid JSON: expected value at line 1 column 1").text


def _wrapped(path: str) -> bool:
    return urlsplit(path).path.endswith("/stream")


def _stream(channel: str, symbol: str, wrapped: bool) -> Stream | None:
    """Return the stream of a channel name; None for an unknown one, which the venue accepts but never serves."""
    coin, _, kind = channel.partition("@")
    if coin != symbol.lower():
        return None
    if depth_match := DEPTH.fullmatch(kind):
        levels, period_ms = depth_match["levels"], int(depth_match["ms"] or 250)
        depth = int(levels) if levels else None
        return Stream(
            channel, depth=depth, period_ms=period_ms, incremental=not levels, sends_at_once=False, wrapped=wrapped
        )
    match kind:
        case "bookTicker":
            return Stream(channel, depth=1, sends_at_once=False, wrapped=wrapped)
        case "aggTrade":
            return Stream(channel, Content.TRADES, period_ms=100, sends_at_once=False, wrapped=wrapped)
        case "markPrice" | "markPrice@1s":
            period_ms = 1_000 if kind.endswith("1s") else 3_000
            return Stream(channel, Content.FUNDING, period_ms=period_ms, sends_at_once=False, wrapped=wrapped)
        case _:
            return None


def _result(result: object, message: dict[str, Any]) -> str:
    return compact_json({"result": result, "id": message.get("id")})


def _error(code: int, text: str) -> SendReply:
    return SendReply(compact_json({"code": code, "msg": text}), Content.REFUSAL)


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


def _trade(state: MarketState) -> dict[str, Any]:
    trade = state.trades[-1]
    return {
        "e": "aggTrade",
        "E": state.wall_ms,
        "s": state.symbol,
        "a": trade.number,
        "p": state.precision.price(trade.price),
        "q": state.precision.size(trade.lots),
        "f": trade.number,
        "l": trade.number,
        "T": trade.at_ms,
        "m": trade.taker is BookSide.SELL,
    }


def _mark(state: MarketState, rate_key: str, time_key: str) -> dict[str, Any]:
    mid, next_ms = state.mid(), (state.wall_ms // FUNDING_MS + 1) * FUNDING_MS
    return {"p": mid, "i": mid, "P": mid, rate_key: fixed_point(state.funding_ppb * 8, 9), time_key: next_ms}


def _premium(state: MarketState) -> dict[str, Any]:
    mid = state.mid()
    return {
        "symbol": state.symbol,
        "markPrice": mid,
        "indexPrice": mid,
        "estimatedSettlePrice": mid,
        "lastFundingRate": fixed_point(state.funding_ppb * 8, 9),
        "nextFundingTime": (state.wall_ms // FUNDING_MS + 1) * FUNDING_MS,
        "interestRate": "0.00010000",
        "time": state.wall_ms,
    }


def _market(state: MarketState) -> dict[str, Any]:
    precision = state.precision
    return {
        "symbol": state.symbol,
        "pair": state.symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": state.base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": precision.price(precision.step)},
            {"filterType": "LOT_SIZE", "stepSize": precision.size(1)},
        ],
    }


PROTOCOL = _Aster(
    venue="aster",
    update_ms=50,
    precision=Precision(price_decimals=2, size_decimals=3, step=5),
    symbol="{base}USDT",
    ping_ms=300_000,
    pong_ms=900_000,
)
