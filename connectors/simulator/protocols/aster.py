"""Aster: streams by URL or by SUBSCRIBE, changes with `U`, `u` and `pu`, the whole book only by REST.

The market moves twice between two frames, so that a REST snapshot can land in the middle of a change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.simulator.market import Grid, fixed
from connectors.simulator.messages import Content, Request
from connectors.simulator.protocols.base import Begin, Caller, Dialect, Finish, Moment, Reply, Response, Stream, text
from connectors.venues.frames import BookSide, Json

DEPTH = re.compile(r"depth(?P<levels>5|10|20)?(?:@(?P<ms>100|500)ms)?")
METHODS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"
FUNDING_MS = 8 * 3_600_000


class _Aster(Dialect):
    def arrive(self, path: str, symbol: str) -> tuple[Stream, ...] | None:
        parts = urlsplit(path)
        head, _, name = parts.path.rpartition("/")
        if head.endswith("/ws"):
            names = [name]
        elif name in ("ws", "stream"):
            names = [stream for row in parse_qs(parts.query).get("streams", []) for stream in row.split("/")]
        else:
            return None
        return tuple(stream for name in names if (stream := _stream(name, symbol, _wrapped(path))))

    def hear(self, message: Json, caller: Caller, moment: Moment) -> Iterator[Response]:
        match message:
            case {"method": "SUBSCRIBE", "params": list(names)}:
                yield Reply(_result(None, message))
                for name in names:
                    stream = _stream(str(name), moment.symbol, _wrapped(caller.path))
                    if stream is not None and name not in caller.channels:
                        yield Begin(stream)
            case {"method": "UNSUBSCRIBE", "params": list(names)}:
                yield Reply(_result(None, message))
                yield from (Finish(str(name)) for name in names)
            case {"method": "LIST_SUBSCRIPTIONS"}:
                yield Reply(_result(sorted(caller.channels), message))
            case {"method": "SET_PROPERTY" | "GET_PROPERTY"}:
                yield Reply(_result(None, message))
            case {"method": method}:
                yield _error(
                    2, f"Invalid request: unknown variant {method}, expected one of {METHODS} at line 1 column 28"
                )
            case _:
                yield _error(2, "Invalid request: missing field `method` at line 1 column 2")

    def encode(self, stream: Stream, moment: Moment) -> str:
        times = {"E": moment.wall_ms, "T": moment.wall_ms - 3, "s": moment.symbol}
        match stream.content, stream.channel.partition("@")[2]:
            case Content.TRADES, _:
                data = _trade(moment)
            case Content.FUNDING, _:
                data = {"e": "markPriceUpdate", "E": moment.wall_ms, "s": moment.symbol, **_mark(moment, "r", "T")}
            case _, "bookTicker":
                bid, ask = (side[0] if side else ["0", "0"] for side in moment.levels(1))
                best = {"b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1]}
                data = {"e": "bookTicker", "u": moment.number, **times, **best}
            case _:
                data = {"e": "depthUpdate", **times, **_depth(stream, moment)}
        return text({"stream": stream.channel, "data": data} if stream.wrapped else data)

    def rest(self, request: Request, moment: Moment) -> Json | None:
        name = request.path.rpartition("/")[2]
        if request.method != "GET" or not re.search(r"/fapi/v[13]/\w+$", request.path):
            return None
        if name in ("depth", "premiumIndex") and request.query.get("symbol") != moment.symbol:
            return {"code": -1121, "msg": "Invalid symbol."}
        match name:
            case "depth":
                bids, asks = moment.levels(int(request.query.get("limit", "500")))
                times = {"E": moment.wall_ms, "T": moment.wall_ms - 3}
                return {"lastUpdateId": moment.number, **times, "bids": bids, "asks": asks}
            case "premiumIndex":
                return _premium(moment)
            case "exchangeInfo":
                return {"timezone": "UTC", "serverTime": moment.wall_ms, "symbols": [_market(moment)]}
            case "time":
                return {"serverTime": moment.wall_ms}
            case "ping":
                return {}
            case _:
                return None

    def refusal(self, channel: str) -> str:
        return _error(2, f"Invalid request: unknown stream {channel}").text

    def unreadable(self, _frame: str) -> str:
        return _error(3, "Invalid JSON: expected value at line 1 column 1").text


def _wrapped(path: str) -> bool:
    return urlsplit(path).path.endswith("/stream")


def _stream(channel: str, symbol: str, wrapped: bool) -> Stream | None:
    """The stream of a name; None for one that does not exist, which the venue takes and never fills."""
    coin, _, kind = channel.partition("@")
    if coin != symbol.lower():
        return None
    if found := DEPTH.fullmatch(kind):
        levels, period_ms = found["levels"], int(found["ms"] or 250)
        depth = int(levels) if levels else None
        return Stream(channel, depth=depth, period_ms=period_ms, chained=not levels, opens=False, wrapped=wrapped)
    match kind:
        case "bookTicker":
            return Stream(channel, depth=1, opens=False, wrapped=wrapped)
        case "aggTrade":
            return Stream(channel, Content.TRADES, period_ms=100, opens=False, wrapped=wrapped)
        case "markPrice" | "markPrice@1s":
            period_ms = 1_000 if kind.endswith("1s") else 3_000
            return Stream(channel, Content.FUNDING, period_ms=period_ms, opens=False, wrapped=wrapped)
        case _:
            return None


def _result(result: object, message: dict[str, Any]) -> str:
    return text({"result": result, "id": message.get("id")})


def _error(code: int, words: str) -> Reply:
    return Reply(text({"code": code, "msg": words}), Content.REFUSAL)


def _depth(stream: Stream, moment: Moment) -> dict[str, Any]:
    """A first frame has no previous one on this stream: it follows what was there when the stream began."""
    first = 1 + (stream.number or stream.since)
    numbers = {"U": first, "u": moment.number, "pu": first - 1}
    if stream.chained:
        price, size = moment.grid.price, moment.grid.size
        bids, asks = ([[price(at), size(now)] for at, _, now in side] for side in (moment.bids, moment.asks))
    else:
        bids, asks = moment.levels(stream.depth)
    stream.number = moment.number
    return {**numbers, "b": bids, "a": asks}


def _trade(moment: Moment) -> dict[str, Any]:
    trade = moment.trades[-1]
    return {
        "e": "aggTrade",
        "E": moment.wall_ms,
        "s": moment.symbol,
        "a": trade.number,
        "p": moment.grid.price(trade.price),
        "q": moment.grid.size(trade.lots),
        "f": trade.number,
        "l": trade.number,
        "T": trade.at_ms,
        "m": trade.taker is BookSide.SELL,
    }


def _mark(moment: Moment, rate: str, due: str) -> dict[str, Any]:
    mid, next_ms = moment.mid(), (moment.wall_ms // FUNDING_MS + 1) * FUNDING_MS
    return {"p": mid, "i": mid, "P": mid, rate: fixed(moment.funding_ppb * 8, 9), due: next_ms}


def _premium(moment: Moment) -> dict[str, Any]:
    mid = moment.mid()
    return {
        "symbol": moment.symbol,
        "markPrice": mid,
        "indexPrice": mid,
        "estimatedSettlePrice": mid,
        "lastFundingRate": fixed(moment.funding_ppb * 8, 9),
        "nextFundingTime": (moment.wall_ms // FUNDING_MS + 1) * FUNDING_MS,
        "interestRate": "0.00010000",
        "time": moment.wall_ms,
    }


def _market(moment: Moment) -> dict[str, Any]:
    grid = moment.grid
    return {
        "symbol": moment.symbol,
        "pair": moment.symbol,
        "contractType": "PERPETUAL",
        "status": "TRADING",
        "baseAsset": moment.base,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": grid.price(grid.step)},
            {"filterType": "LOT_SIZE", "stepSize": grid.size(1)},
        ],
    }


DIALECT = _Aster(
    venue="aster",
    update_ms=50,
    grid=Grid(price_decimals=2, size_decimals=3, step=5),
    symbol="{base}USDT",
    ping_ms=300_000,
    pong_ms=900_000,
)
