"""Paradex protocol: JSON-RPC, a best-bid-and-offer stream, full books of 15 levels, and deltas with `seq_no`.

`seq_no` of the deltas increases by one per frame; the other streams are conflated and skip numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.simulator.market import MarketTrade, Precision, fixed_point
from connectors.simulator.messages import Content, Request
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

SNAPSHOT = re.compile(r"(?:snapshot|interactive)@15@(50|100)ms(?:@\w+)?")
HANDLING_US = 37
"""Handling time of a request, reported as `usDiff`."""

FUNDING_HOURS = 8
"""Funding interval: rates of this venue cover 8 hours."""


class _Paradex(VenueProtocol):
    def streams_for_path(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.partition("?")[0].endswith("/v1") else None

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"method": "subscribe", "params": {"channel": str(channel)}}:
                stream = _stream(channel, state.symbol)
                if stream is None:
                    yield _error(message, state, -32_600, "invalid subscribe request", _rejection(channel))
                elif channel in client.channels:
                    yield _error(message, state, -32_600, "invalid subscribe request", "already subscribed")
                else:
                    yield StartStream(stream, _result(channel, message, state))
            case {"method": "unsubscribe", "params": {"channel": str(channel)}}:
                if channel in client.channels:
                    yield StopStream(channel, _result(channel, message, state))
                else:
                    yield _error(message, state, -32_600, "invalid unsubscribe request", "not subscribed")
            case _:
                yield _error(message if isinstance(message, dict) else {}, state, -32_601, "method does not exist")

    def encode(self, stream: Stream, state: MarketState) -> str:
        data: dict[str, Any]
        match stream.channel.split(".", 2):
            case ["bbo", _]:
                data = _best(state)
            case ["order_book", *_]:
                data = _book(stream, state)
            case ["trades", _]:
                data = _trade(state.trades[-1], state)
            case ["funding_data", _]:
                data = _funding(state)
            case _:
                data = _summary(state)
        params = {"channel": stream.channel, "data": data}
        return compact_json({"jsonrpc": "2.0", "method": "subscription", "params": params})

    def handle_request(self, request: Request, state: MarketState) -> Json | None:
        if request.method != "GET":
            return None
        market_matches = request.query.get("market", state.symbol) in (state.symbol, "ALL")
        match request.path.rpartition("/v1/")[2].split("/"):
            case ["orderbook", market, *_] if market == state.symbol:
                bids, asks = state.levels(int(request.query.get("depth", "20")))
                head = {"market": state.symbol, "seq_no": state.number, "last_updated_at": state.wall_ms}
                return {**head, "asks": asks, "bids": bids}
            case ["bbo", market, *_] if market == state.symbol:
                return _best(state)
            case ["markets"]:
                return {"results": [_market(state)] if market_matches else []}
            case ["markets", "summary"]:
                return {"results": [_summary(state)] if market_matches else []}
            case ["system", "time"]:
                return {"server_time": str(state.wall_ms)}
            case _:
                return None

    def subscription_error(self, _channel: str) -> str:
        error = {"code": -32_600, "message": "invalid subscribe request", "data": "invalid channel"}
        return compact_json({"jsonrpc": "2.0", "id": 1, "error": error, "usIn": 0, "usDiff": 0, "usOut": 0})

    def invalid_json_error(self, _frame: str) -> str:
        return compact_json({"jsonrpc": "2.0", "error": {"code": -32_700, "message": "Parse error"}})


def _stream(channel: str, symbol: str) -> Stream | None:
    match channel.split(".", 2):
        case ["bbo", market] if market == symbol:
            return Stream(channel, depth=1)
        case ["trades", market] if market == symbol:
            return Stream(channel, Content.TRADES, sends_at_once=False)
        case ["funding_data" | "markets_summary", market] if market == symbol:
            return Stream(channel, Content.FUNDING, period_ms=5_000)
        case ["order_book", market, "deltas"] if market == symbol:
            return Stream(channel, incremental=True)
        case ["order_book", market, kind] if market == symbol and (interval := SNAPSHOT.fullmatch(kind)):
            return Stream(channel, depth=15, period_ms=int(interval[1]))
        case _:
            return None


def _rejection(channel: str) -> str:
    return "no parameters expected for deltas topic." if ".deltas@" in channel else "invalid channel"


def _result(channel: str, message: dict[str, Any], state: MarketState) -> str:
    return compact_json({"jsonrpc": "2.0", "result": {"channel": channel}, **_timing(state), **_id(message)})


def _error(message: dict[str, Any], state: MarketState, code: int, text: str, data: str | None = None) -> SendReply:
    error = {"code": code, "message": text} | ({} if data is None else {"data": data})
    return SendReply(
        compact_json({"jsonrpc": "2.0", **_id(message), "error": error, **_timing(state)}), Content.REFUSAL
    )


def _id(message: dict[str, Any]) -> dict[str, Any]:
    return {"id": message["id"]} if "id" in message else {}


def _timing(state: MarketState) -> dict[str, int]:
    in_us = state.wall_ms * 1_000
    return {"usIn": in_us, "usDiff": HANDLING_US, "usOut": in_us + HANDLING_US}


def _best(state: MarketState) -> dict[str, Any]:
    """Encode the best bid and offer; price and size of an empty side are empty texts."""
    bid, ask = (side[0] if side else ["", ""] for side in state.levels(1))
    times = {"market": state.symbol, "seq_no": state.number, "last_updated_at": state.wall_ms}
    return {**times, "ask": ask[0], "ask_size": ask[1], "bid": bid[0], "bid_size": bid[1]}


def _book(stream: Stream, state: MarketState) -> dict[str, Any]:
    if not stream.incremental or not stream.started:
        stream.number = state.number
    else:
        stream.number += 1
    head = {"seq_no": stream.number, "market": state.symbol, "last_updated_at": state.wall_ms}
    if state.full:
        sides = zip(("BUY", "SELL"), state.levels(stream.depth), strict=True)
        rows = [{"side": side, "price": price, "size": size} for side, levels in sides for price, size in levels]
        return {**head, "update_type": "s", "inserts": rows, "updates": [], "deletes": []}
    kinds: dict[str, list[dict[str, str]]] = {"inserts": [], "updates": [], "deletes": []}
    for side, changes in (("BUY", state.bids), ("SELL", state.asks)):
        for price, before, now in changes:
            kind = "deletes" if not now else "updates" if before else "inserts"
            kinds[kind].append({"side": side, "price": state.precision.price(price), "size": state.precision.size(now)})
    return {**head, "update_type": "d", **kinds}


def _trade(trade: MarketTrade, state: MarketState) -> dict[str, Any]:
    return {
        "id": f"{trade.at_ms}{trade.number}",
        "market": state.symbol,
        "side": "BUY" if trade.taker is BookSide.BUY else "SELL",
        "size": state.precision.size(trade.lots),
        "price": state.precision.price(trade.price),
        "created_at": trade.at_ms,
        "trade_type": "FILL",
    }


def _funding(state: MarketState) -> dict[str, Any]:
    return {
        "market": state.symbol,
        "funding_index": "1000.5",
        "funding_premium": "0.1",
        "funding_rate": fixed_point(state.funding_ppb * FUNDING_HOURS, 9),
        "funding_period_hours": FUNDING_HOURS,
        "created_at": state.wall_ms,
    }


def _summary(state: MarketState) -> dict[str, Any]:
    bid, ask = (side[0][0] if side else "" for side in state.levels(1))
    mid = state.mid()
    return {
        "symbol": state.symbol,
        "mark_price": mid,
        "last_traded_price": mid,
        "bid": bid,
        "ask": ask,
        "underlying_price": mid,
        "open_interest": "1000",
        "volume_24h": "1000000",
        "funding_rate": fixed_point(state.funding_ppb * FUNDING_HOURS, 9),
        "price_change_rate_24h": "0",
        "created_at": state.wall_ms,
    }


def _market(state: MarketState) -> dict[str, Any]:
    precision = state.precision
    return {
        "symbol": state.symbol,
        "base_currency": state.base,
        "quote_currency": "USD",
        "settlement_currency": "USDC",
        "order_size_increment": precision.size(1),
        "price_tick_size": precision.price(precision.step),
        "min_notional": "10",
        "open_at": 1_702_478_805_000,
        "expiry_at": 0,
        "asset_kind": "PERP",
    }


PROTOCOL = _Paradex(
    venue="paradex",
    update_ms=50,
    precision=Precision(price_decimals=2, size_decimals=3, step=5),
    symbol="{base}-USD-PERP",
    ping_ms=55_000,
    pong_ms=5_000,
)
