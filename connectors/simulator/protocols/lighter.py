"""Lighter protocol: a greeting, then per channel a full book and deltas chained by nonces.

Clients write channels with a slash, the venue with a colon. The first frame of a subscription is its acknowledgement.
Nonces are not consecutive: `begin_nonce` is the nonce of the previous frame. `offset` is not a chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from connectors.simulator.market import MarketTrade, Precision, fixed_point
from connectors.simulator.messages import Content, HttpResponse, Rejection, Request
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    IdleTimeout,
    LevelChange,
    MarketState,
    SendReply,
    StartStream,
    StopStream,
    Stream,
    VenueProtocol,
    compact_json,
    http_error,
)
from connectors.venues.frames import BookSide, Json

MARKET_ID = 0
CONTENT = {"order_book": Content.BOOK, "ticker": Content.BOOK, "trade": Content.TRADES, "market_stats": Content.FUNDING}


class _Lighter(VenueProtocol):
    def greeting(self, serial: int) -> str:
        return compact_json({"session_id": str(UUID(int=serial)), "type": "connected"})

    def streams_for_path(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.partition("?")[0].endswith("/stream") else None

    def handle_message(self, message: Json, client: ClientInfo, _state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"type": "ping"}:
                yield SendReply('{"type":"pong"}', Content.HEARTBEAT)
            case {"type": "pong"}:
                return
            case {"type": "subscribe" | "unsubscribe" as action, "channel": str(channel)}:
                yield _subscription(action, channel.replace("/", ":"), client)
            case _:
                yield _error(30_001, "Invalid Type")

    def encode(self, stream: Stream, state: MarketState) -> str:
        kind = stream.channel.partition(":")[0]
        verb = "update" if stream.started else "subscribed"
        head: dict[str, Any] = {"channel": stream.channel}
        match kind:
            case "order_book":
                body = {**_times(state), "order_book": _order_book(stream, state)}
            case "ticker":
                bid, ask = (side[0] if side else ["0", "0"] for side in state.levels(1))
                best = {"s": state.base, "a": _level(ask), "b": _level(bid), "last_updated_at": state.wall_ms * 1_000}
                body = {**_times(state), "nonce": state.number, "ticker": best}
            case "trade":
                trades = [_trade(trade, state) for trade in state.trades]
                body = {"liquidation_trades": [], "nonce": state.number, "trades": trades}
            case _:
                body = {"market_stats": _stats(state)}
        return compact_json({**head, **body, "timestamp": state.wall_ms, "type": f"{verb}/{kind}"})

    def handle_request(self, request: Request, state: MarketState) -> Json | None:
        name = request.path.rpartition("/")[2]
        if request.method != "GET" or not request.path.endswith(f"/api/v1/{name}"):
            return None
        match name:
            case "orderBooks":
                return {"code": 200, "order_books": [_market(state)]}
            case "orderBookDetails":
                return {"code": 200, "order_book_details": [_market(state)], "spot_order_book_details": []}
            case "orderBookOrders" if request.query.get("market_id") == str(MARKET_ID):
                return _orders(state, min(int(request.query.get("limit", "250")), 250))
            case "funding-rates":
                rate = float(fixed_point(state.funding_ppb, 9))
                row = {"market_id": MARKET_ID, "exchange": "lighter", "symbol": state.base, "rate": rate}
                return {"code": 200, "funding_rates": [row]}
            case _:
                return None

    def unknown_path(self, _request: Request) -> HttpResponse:
        return http_error(404, {"code": 404, "message": "not found"})

    def invalid_request(self, _request: Request, _why: str) -> HttpResponse:
        return http_error(400, {"code": 20_001, "message": "invalid param"})

    def subscription_error(self, _channel: str) -> str:
        return _error(30_005, "Invalid Channel:  (marketId)").text

    def rejection(self, reason: Rejection, _channel: str) -> str:
        texts = {
            Rejection.CHANNEL: (30_005, "Invalid Channel"),
            Rejection.MARKET: (30_005, "Invalid Channel:  (marketId)"),
            Rejection.RATE: (30_009, "Too Many Websocket Messages!"),
        }
        return _error(*texts[reason]).text

    def invalid_json_error(self, _frame: str) -> str:
        return _error(30_002, "Invalid JSON").text


def _subscription(action: str, channel: str, client: ClientInfo) -> ClientResponse:
    kind, _, market = channel.partition(":")
    if kind not in CONTENT:
        return _error(30_005, "Invalid Channel")
    if market != str(MARKET_ID):
        return _error(30_005, "Invalid Channel:  (marketId)")
    if action == "unsubscribe":
        # The venue writes only this frame with spaces.
        return StopStream(channel, json.dumps({"type": "unsubscribed", "channel": channel}))
    if channel in client.channels:
        return _error(30_003, f"Already Subscribed to : {channel}")
    return StartStream(
        Stream(channel, CONTENT[kind], depth=1 if kind == "ticker" else None, incremental=kind == "order_book")
    )


def _error(code: int, text: str) -> SendReply:
    return SendReply(compact_json({"error": {"code": code, "message": text}}), Content.REFUSAL)


def _times(state: MarketState) -> dict[str, int]:
    return {"last_updated_at": state.wall_ms * 1_000, "offset": state.number // 7}


def _order_book(stream: Stream, state: MarketState) -> dict[str, Any]:
    if state.full:
        bids, asks = ([_level(row) for row in side] for side in state.levels())
        begin = 0
    else:
        bids, asks = ([_changed_level(row, state.precision) for row in side] for side in (state.bids, state.asks))
        begin = stream.number
    stream.number = state.number
    numbers = {"nonce": state.number, "begin_nonce": begin}
    return {"code": 0, "asks": asks, "bids": bids, **_times(state), **numbers}


def _level(row: list[str]) -> dict[str, str]:
    return {"price": row[0], "size": row[1]}


def _changed_level(row: LevelChange, precision: Precision) -> dict[str, str]:
    return {"price": precision.price(row[0]), "size": precision.size(row[2])}


def _trade(trade: MarketTrade, state: MarketState) -> dict[str, Any]:
    notional = fixed_point(trade.price * trade.lots, state.precision.price_decimals + state.precision.size_decimals)
    return {
        "trade_id": trade.number,
        "trade_id_str": str(trade.number),
        "tx_hash": f"{trade.number:016x}",
        "type": "trade",
        "market_id": MARKET_ID,
        "size": state.precision.size(trade.lots),
        "price": state.precision.price(trade.price),
        "usd_amount": notional,
        "is_maker_ask": trade.taker is BookSide.BUY,
        "timestamp": trade.at_ms,
        "transaction_time": trade.at_ms * 1_000,
    }


def _stats(state: MarketState) -> dict[str, Any]:
    """Encode the market statistics; funding rates of the stream are in percent, those of REST are fractions."""
    rate, mid = fixed_point(state.funding_ppb, 7), state.mid()
    return {
        "symbol": state.base,
        "market_id": MARKET_ID,
        "index_price": mid,
        "mark_price": mid,
        "open_interest": "1000.0",
        "last_trade_price": mid,
        "current_funding_rate": rate,
        "funding_rate": rate,
        "funding_timestamp": state.wall_ms // 3_600_000 * 3_600_000,
    }


def _market(state: MarketState) -> dict[str, Any]:
    return {
        "symbol": state.base,
        "market_id": MARKET_ID,
        "market_type": "perp",
        "status": "active",
        "taker_fee": "0.0000",
        "maker_fee": "0.0000",
        "liquidation_fee": "1.0000",
        "min_base_amount": "0.0050",
        "min_quote_amount": "10.000000",
        "supported_size_decimals": state.precision.size_decimals,
        "supported_price_decimals": state.precision.price_decimals,
        "supported_quote_decimals": 6,
    }


def _orders(state: MarketState, limit: int) -> dict[str, Any]:
    """Encode the book as single orders; each level is split into two orders, so that a reader must add them up."""
    bids, asks = (
        [_order(price, lots, state) for price, total in side for lots in (total // 3, total - total // 3)][:limit]
        for side in state.book.top()
    )
    return {"code": 200, "total_asks": len(asks), "asks": asks, "total_bids": len(bids), "bids": bids}


def _order(price: int, lots: int, state: MarketState) -> dict[str, Any]:
    amount, number = state.precision.size(lots), price * 100_000 + lots
    return {
        "order_index": number,
        "order_id": str(number),
        "owner_account_index": 1,
        "initial_base_amount": amount,
        "remaining_base_amount": amount,
        "price": state.precision.price(price),
        "order_expiry": state.wall_ms + 86_400_000,
        "transaction_time": 0,
    }


PROTOCOL = _Lighter(
    venue="lighter",
    update_ms=50,
    precision=Precision(price_decimals=2, size_decimals=4, step=5),
    symbol="{base}",
    acks=False,
    heartbeat='{"type":"ping"}',
    idle=IdleTimeout(120_000),
)
