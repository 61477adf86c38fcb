"""Paradex: JSON-RPC, a best-bid-and-offer stream, whole books of 15 levels, and a stream of changes with `seq_no`.

Only the changes count by one; the other streams are conflated and their numbers merely rise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.simulator.market import Grid, Print, fixed
from connectors.simulator.messages import Content, Request
from connectors.simulator.protocols.base import Begin, Caller, Dialect, Finish, Moment, Reply, Response, Stream, text
from connectors.venues.frames import BookSide, Json

SNAPSHOT = re.compile(r"(?:snapshot|interactive)@15@(50|100)ms(?:@\w+)?")
TAKES_US = 37
HOURS = 8


class _Paradex(Dialect):
    def arrive(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.partition("?")[0].endswith("/v1") else None

    def hear(self, message: Json, caller: Caller, moment: Moment) -> Iterator[Response]:
        match message:
            case {"method": "subscribe", "params": {"channel": str(channel)}}:
                stream = _stream(channel, moment.symbol)
                if stream is None:
                    yield _error(message, moment, -32_600, "invalid subscribe request", _why(channel))
                elif channel in caller.channels:
                    yield _error(message, moment, -32_600, "invalid subscribe request", "already subscribed")
                else:
                    yield Begin(stream, _result(channel, message, moment))
            case {"method": "unsubscribe", "params": {"channel": str(channel)}}:
                if channel in caller.channels:
                    yield Finish(channel, _result(channel, message, moment))
                else:
                    yield _error(message, moment, -32_600, "invalid unsubscribe request", "not subscribed")
            case _:
                yield _error(message if isinstance(message, dict) else {}, moment, -32_601, "method does not exist")

    def encode(self, stream: Stream, moment: Moment) -> str:
        data: dict[str, Any]
        match stream.channel.split(".", 2):
            case ["bbo", _]:
                data = _best(moment)
            case ["order_book", *_]:
                data = _book(stream, moment)
            case ["trades", _]:
                data = _trade(moment.trades[-1], moment)
            case ["funding_data", _]:
                data = _funding(moment)
            case _:
                data = _summary(moment)
        params = {"channel": stream.channel, "data": data}
        return text({"jsonrpc": "2.0", "method": "subscription", "params": params})

    def rest(self, request: Request, moment: Moment) -> Json | None:
        if request.method != "GET":
            return None
        wanted = request.query.get("market", moment.symbol) in (moment.symbol, "ALL")
        match request.path.rpartition("/v1/")[2].split("/"):
            case ["orderbook", market, *_] if market == moment.symbol:
                bids, asks = moment.levels(int(request.query.get("depth", "20")))
                head = {"market": moment.symbol, "seq_no": moment.number, "last_updated_at": moment.wall_ms}
                return {**head, "asks": asks, "bids": bids}
            case ["bbo", market, *_] if market == moment.symbol:
                return _best(moment)
            case ["markets"]:
                return {"results": [_market(moment)] if wanted else []}
            case ["markets", "summary"]:
                return {"results": [_summary(moment)] if wanted else []}
            case ["system", "time"]:
                return {"server_time": str(moment.wall_ms)}
            case _:
                return None

    def refusal(self, _channel: str) -> str:
        error = {"code": -32_600, "message": "invalid subscribe request", "data": "invalid channel"}
        return text({"jsonrpc": "2.0", "id": 1, "error": error, "usIn": 0, "usDiff": 0, "usOut": 0})

    def unreadable(self, _frame: str) -> str:
        return text({"jsonrpc": "2.0", "error": {"code": -32_700, "message": "Parse error"}})


def _stream(channel: str, symbol: str) -> Stream | None:
    match channel.split(".", 2):
        case ["bbo", market] if market == symbol:
            return Stream(channel, depth=1)
        case ["trades", market] if market == symbol:
            return Stream(channel, Content.TRADES, opens=False)
        case ["funding_data" | "markets_summary", market] if market == symbol:
            return Stream(channel, Content.FUNDING, period_ms=5_000)
        case ["order_book", market, "deltas"] if market == symbol:
            return Stream(channel, chained=True)
        case ["order_book", market, kind] if market == symbol and (found := SNAPSHOT.fullmatch(kind)):
            return Stream(channel, depth=15, period_ms=int(found[1]))
        case _:
            return None


def _why(channel: str) -> str:
    return "no parameters expected for deltas topic." if ".deltas@" in channel else "invalid channel"


def _result(channel: str, message: dict[str, Any], moment: Moment) -> str:
    return text({"jsonrpc": "2.0", "result": {"channel": channel}, **_timing(moment), **_id(message)})


def _error(message: dict[str, Any], moment: Moment, code: int, words: str, data: str | None = None) -> Reply:
    error = {"code": code, "message": words} | ({} if data is None else {"data": data})
    return Reply(text({"jsonrpc": "2.0", **_id(message), "error": error, **_timing(moment)}), Content.REFUSAL)


def _id(message: dict[str, Any]) -> dict[str, Any]:
    return {"id": message["id"]} if "id" in message else {}


def _timing(moment: Moment) -> dict[str, int]:
    in_us = moment.wall_ms * 1_000
    return {"usIn": in_us, "usDiff": TAKES_US, "usOut": in_us + TAKES_US}


def _best(moment: Moment) -> dict[str, Any]:
    """An empty side has no price; the venue leaves the text empty."""
    bid, ask = (side[0] if side else ["", ""] for side in moment.levels(1))
    times = {"market": moment.symbol, "seq_no": moment.number, "last_updated_at": moment.wall_ms}
    return {**times, "ask": ask[0], "ask_size": ask[1], "bid": bid[0], "bid_size": bid[1]}


def _book(stream: Stream, moment: Moment) -> dict[str, Any]:
    if not stream.chained or not stream.opened:
        stream.number = moment.number
    else:
        stream.number += 1
    head = {"seq_no": stream.number, "market": moment.symbol, "last_updated_at": moment.wall_ms}
    if moment.whole:
        sides = zip(("BUY", "SELL"), moment.levels(stream.depth), strict=True)
        rows = [{"side": side, "price": price, "size": size} for side, levels in sides for price, size in levels]
        return {**head, "update_type": "s", "inserts": rows, "updates": [], "deletes": []}
    kinds: dict[str, list[dict[str, str]]] = {"inserts": [], "updates": [], "deletes": []}
    for side, changes in (("BUY", moment.bids), ("SELL", moment.asks)):
        for price, before, now in changes:
            kind = "deletes" if not now else "updates" if before else "inserts"
            kinds[kind].append({"side": side, "price": moment.grid.price(price), "size": moment.grid.size(now)})
    return {**head, "update_type": "d", **kinds}


def _trade(trade: Print, moment: Moment) -> dict[str, Any]:
    return {
        "id": f"{trade.at_ms}{trade.number}",
        "market": moment.symbol,
        "side": "BUY" if trade.taker is BookSide.BUY else "SELL",
        "size": moment.grid.size(trade.lots),
        "price": moment.grid.price(trade.price),
        "created_at": trade.at_ms,
        "trade_type": "FILL",
    }


def _funding(moment: Moment) -> dict[str, Any]:
    return {
        "market": moment.symbol,
        "funding_index": "1000.5",
        "funding_premium": "0.1",
        "funding_rate": fixed(moment.funding_ppb * HOURS, 9),
        "funding_period_hours": HOURS,
        "created_at": moment.wall_ms,
    }


def _summary(moment: Moment) -> dict[str, Any]:
    bid, ask = (side[0][0] if side else "" for side in moment.levels(1))
    mid = moment.mid()
    return {
        "symbol": moment.symbol,
        "mark_price": mid,
        "last_traded_price": mid,
        "bid": bid,
        "ask": ask,
        "underlying_price": mid,
        "open_interest": "1000",
        "volume_24h": "1000000",
        "funding_rate": fixed(moment.funding_ppb * HOURS, 9),
        "price_change_rate_24h": "0",
        "created_at": moment.wall_ms,
    }


def _market(moment: Moment) -> dict[str, Any]:
    grid = moment.grid
    return {
        "symbol": moment.symbol,
        "base_currency": moment.base,
        "quote_currency": "USD",
        "settlement_currency": "USDC",
        "order_size_increment": grid.size(1),
        "price_tick_size": grid.price(grid.step),
        "min_notional": "10",
        "open_at": 1_702_478_805_000,
        "expiry_at": 0,
        "asset_kind": "PERP",
    }


DIALECT = _Paradex(
    venue="paradex",
    update_ms=50,
    grid=Grid(price_decimals=2, size_decimals=3, step=5),
    symbol="{base}-USD-PERP",
    ping_ms=55_000,
    pong_ms=5_000,
)
