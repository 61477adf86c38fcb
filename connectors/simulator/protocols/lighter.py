"""Lighter: a greeting, channels asked with a slash and named with a colon, a whole book and then a chain of nonces.

The first frame of a subscription is its acknowledgement. Nonces jump and only `begin_nonce` chains; `offset` does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from connectors.simulator.market import Grid, Print, fixed
from connectors.simulator.messages import Content, Request
from connectors.simulator.protocols.base import (
    Begin,
    Caller,
    Dialect,
    Finish,
    Idle,
    Moment,
    Reply,
    Response,
    Row,
    Stream,
    text,
)
from connectors.venues.frames import BookSide, Json

MARKET_ID = 0
TIMES = {"order_book": Content.BOOK, "ticker": Content.BOOK, "trade": Content.TRADES, "market_stats": Content.FUNDING}


class _Lighter(Dialect):
    def greeting(self, serial: int) -> str:
        return text({"session_id": str(UUID(int=serial)), "type": "connected"})

    def arrive(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.partition("?")[0].endswith("/stream") else None

    def hear(self, message: Json, caller: Caller, _moment: Moment) -> Iterator[Response]:
        match message:
            case {"type": "ping"}:
                yield Reply('{"type":"pong"}', Content.BEAT)
            case {"type": "pong"}:
                return
            case {"type": "subscribe" | "unsubscribe" as wish, "channel": str(channel)}:
                yield _subscription(wish, channel.replace("/", ":"), caller)
            case _:
                yield _error(30_001, "Invalid Type")

    def encode(self, stream: Stream, moment: Moment) -> str:
        kind = stream.channel.partition(":")[0]
        verb = "update" if stream.opened else "subscribed"
        head: dict[str, Any] = {"channel": stream.channel}
        match kind:
            case "order_book":
                body = {**_times(moment), "order_book": _order_book(stream, moment)}
            case "ticker":
                bid, ask = (side[0] if side else ["0", "0"] for side in moment.levels(1))
                best = {"s": moment.base, "a": _named(ask), "b": _named(bid), "last_updated_at": moment.wall_ms * 1_000}
                body = {**_times(moment), "nonce": moment.number, "ticker": best}
            case "trade":
                trades = [_trade(trade, moment) for trade in moment.trades]
                body = {"liquidation_trades": [], "nonce": moment.number, "trades": trades}
            case _:
                body = {"market_stats": _stats(moment)}
        return text({**head, **body, "timestamp": moment.wall_ms, "type": f"{verb}/{kind}"})

    def rest(self, request: Request, moment: Moment) -> Json | None:
        name = request.path.rpartition("/")[2]
        if request.method != "GET" or not request.path.endswith(f"/api/v1/{name}"):
            return None
        match name:
            case "orderBooks":
                return {"code": 200, "order_books": [_market(moment)]}
            case "orderBookDetails":
                return {"code": 200, "order_book_details": [_market(moment)], "spot_order_book_details": []}
            case "orderBookOrders" if request.query.get("market_id") == str(MARKET_ID):
                return _orders(moment, min(int(request.query.get("limit", "250")), 250))
            case "funding-rates":
                rate = float(fixed(moment.funding_ppb, 9))
                row = {"market_id": MARKET_ID, "exchange": "lighter", "symbol": moment.base, "rate": rate}
                return {"code": 200, "funding_rates": [row]}
            case _:
                return None

    def refusal(self, _channel: str) -> str:
        return _error(30_005, "Invalid Channel:  (marketId)").text

    def unreadable(self, _frame: str) -> str:
        return _error(30_002, "Invalid JSON").text


def _subscription(wish: str, channel: str, caller: Caller) -> Response:
    kind, _, market = channel.partition(":")
    if kind not in TIMES:
        return _error(30_005, "Invalid Channel")
    if market != str(MARKET_ID):
        return _error(30_005, "Invalid Channel:  (marketId)")
    if wish == "unsubscribe":
        # The one frame that the venue writes with spaces.
        return Finish(channel, json.dumps({"type": "unsubscribed", "channel": channel}))
    if channel in caller.channels:
        return _error(30_003, f"Already Subscribed to : {channel}")
    return Begin(Stream(channel, TIMES[kind], depth=1 if kind == "ticker" else None, chained=kind == "order_book"))


def _error(code: int, words: str) -> Reply:
    return Reply(text({"error": {"code": code, "message": words}}), Content.REFUSAL)


def _times(moment: Moment) -> dict[str, int]:
    return {"last_updated_at": moment.wall_ms * 1_000, "offset": moment.number // 7}


def _order_book(stream: Stream, moment: Moment) -> dict[str, Any]:
    if moment.whole:
        bids, asks = ([_named(row) for row in side] for side in moment.levels())
        begin = 0
    else:
        bids, asks = ([_changed(row, moment.grid) for row in side] for side in (moment.bids, moment.asks))
        begin = stream.number
    stream.number = moment.number
    numbers = {"nonce": moment.number, "begin_nonce": begin}
    return {"code": 0, "asks": asks, "bids": bids, **_times(moment), **numbers}


def _named(row: list[str]) -> dict[str, str]:
    return {"price": row[0], "size": row[1]}


def _changed(row: Row, grid: Grid) -> dict[str, str]:
    return {"price": grid.price(row[0]), "size": grid.size(row[2])}


def _trade(trade: Print, moment: Moment) -> dict[str, Any]:
    notional = fixed(trade.price * trade.lots, moment.grid.price_decimals + moment.grid.size_decimals)
    return {
        "trade_id": trade.number,
        "trade_id_str": str(trade.number),
        "tx_hash": f"{trade.number:016x}",
        "type": "trade",
        "market_id": MARKET_ID,
        "size": moment.grid.size(trade.lots),
        "price": moment.grid.price(trade.price),
        "usd_amount": notional,
        "is_maker_ask": trade.taker is BookSide.BUY,
        "timestamp": trade.at_ms,
        "transaction_time": trade.at_ms * 1_000,
    }


def _stats(moment: Moment) -> dict[str, Any]:
    """Rates of the stream are per cent, those of REST are shares."""
    rate, mid = fixed(moment.funding_ppb, 7), moment.mid()
    return {
        "symbol": moment.base,
        "market_id": MARKET_ID,
        "index_price": mid,
        "mark_price": mid,
        "open_interest": "1000.0",
        "last_trade_price": mid,
        "current_funding_rate": rate,
        "funding_rate": rate,
        "funding_timestamp": moment.wall_ms // 3_600_000 * 3_600_000,
    }


def _market(moment: Moment) -> dict[str, Any]:
    return {
        "symbol": moment.base,
        "market_id": MARKET_ID,
        "market_type": "perp",
        "status": "active",
        "taker_fee": "0.0000",
        "maker_fee": "0.0000",
        "liquidation_fee": "1.0000",
        "min_base_amount": "0.0050",
        "min_quote_amount": "10.000000",
        "supported_size_decimals": moment.grid.size_decimals,
        "supported_price_decimals": moment.grid.price_decimals,
        "supported_quote_decimals": 6,
    }


def _orders(moment: Moment, limit: int) -> dict[str, Any]:
    """The book as single orders: each level is two, so that a reader has to add them up."""
    bids, asks = (
        [_order(price, lots, moment) for price, whole in side for lots in (whole // 3, whole - whole // 3)][:limit]
        for side in moment.book.top()
    )
    return {"code": 200, "total_asks": len(asks), "asks": asks, "total_bids": len(bids), "bids": bids}


def _order(price: int, lots: int, moment: Moment) -> dict[str, Any]:
    amount, number = moment.grid.size(lots), price * 100_000 + lots
    return {
        "order_index": number,
        "order_id": str(number),
        "owner_account_index": 1,
        "initial_base_amount": amount,
        "remaining_base_amount": amount,
        "price": moment.grid.price(price),
        "order_expiry": moment.wall_ms + 86_400_000,
        "transaction_time": 0,
    }


DIALECT = _Lighter(
    venue="lighter",
    update_ms=50,
    grid=Grid(price_decimals=2, size_decimals=4, step=5),
    symbol="{base}",
    acks=False,
    beat='{"type":"ping"}',
    idle=Idle(120_000),
)
