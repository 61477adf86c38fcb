"""Extended protocol, v1 streams: the URL is the subscription and `seq` counts the messages of a connection.

A change carries both the difference (`q`) and the new size (`c`). Messages of a client are ignored.
"""

from __future__ import annotations

import re
from typing import Any

from connectors.simulator.market import MarketTrade, Precision, fixed_point
from connectors.simulator.messages import Content, HttpResponse, Request
from connectors.simulator.protocols.base import (
    LevelChange,
    MarketState,
    Stream,
    VenueProtocol,
    compact_json,
    http_error,
)
from connectors.venues.frames import BookSide, Json

PATH = re.compile(r"/v1/(?P<kind>orderbooks|publicTrades|funding)(?:/(?P<market>[^/?]+))?(?:\?(?P<query>.*))?")
SNAPSHOT_MS = 60_000
FORBIDDEN = HttpResponse(
    403, b"<html><head><title>403 Forbidden</title></head></html>", (("Content-Type", "text/html"),)
)
"""Response of the firewall before the venue to a request without `User-Agent`."""
HOUR_MS = 3_600_000


class _Extended(VenueProtocol):
    def streams_for_path(self, path: str, symbol: str) -> tuple[Stream, ...] | None:
        matched = PATH.search(path)
        if matched is None or matched["market"] not in (symbol, None):
            return None
        match matched["kind"], matched["query"]:
            case "orderbooks", "depth=1":
                return (Stream("orderbooks", depth=1),)
            case "orderbooks", None:
                return (Stream("orderbooks", incremental=True, full_every_ms=SNAPSHOT_MS, period_ms=100),)
            case "publicTrades", None:
                return (Stream("publicTrades", Content.TRADES, sends_at_once=False),)
            case "funding", None:
                return (Stream("funding", Content.FUNDING),)
            case _:
                return None

    def encode(self, stream: Stream, state: MarketState) -> str:
        stream.number += 1
        envelope: dict[str, Any] = {"ts": state.wall_ms}
        match stream.channel:
            case "orderbooks":
                kind = "SNAPSHOT" if state.full else "DELTA"
                envelope |= {"type": kind, "data": {"t": kind, "m": state.symbol, **_sides(stream, state)}}
            case "publicTrades":
                envelope["data"] = [_trade(trade, state) for trade in state.trades]
            case _:
                envelope["data"] = {"m": state.symbol, "T": state.wall_ms, "f": fixed_point(state.funding_ppb, 9)}
        return compact_json({**envelope, "seq": stream.number})

    def handle_request(self, request: Request, state: MarketState) -> Json | None:
        markets = request.path.partition("/api/v1/info/markets")
        if request.method != "GET" or not markets[1]:
            return None
        match markets[2].strip("/").split("/"):
            case [""]:
                return _ok([_market(state)])
            case [market, "orderbook" | "stats" as name] if market == state.symbol:
                return _ok(_book(state) if name == "orderbook" else _stats(state))
            case _:
                return None

    def refuse_handshake(self, request: Request) -> HttpResponse | None:
        return self.refuse_request(request)

    def refuse_request(self, request: Request) -> HttpResponse | None:
        return None if request.headers.get("user-agent") else FORBIDDEN

    def unknown_path(self, _request: Request) -> HttpResponse:
        return http_error(404, {"status": "ERROR", "error": {"code": 404, "message": "Not found"}})

    def subscription_error(self, _channel: str) -> str:
        return compact_json({"status": "ERROR", "error": {"code": 1001, "message": "Market not found."}})


def _sides(stream: Stream, state: MarketState) -> dict[str, Any]:
    if state.full:
        bids, asks = ([{"q": size, "p": price} for price, size in side] for side in state.levels(stream.depth))
    else:
        bids, asks = (
            [_change(row, state.precision) for row in side if row[1] != row[2]] for side in (state.bids, state.asks)
        )
    return {"b": bids, "a": asks, "d": "1" if stream.depth == 1 else "f"}


def _change(row: LevelChange, precision: Precision) -> dict[str, str]:
    price, before, now = row
    return {"q": precision.size(now - before), "p": precision.price(price), "c": precision.size(now)}


def _trade(trade: MarketTrade, state: MarketState) -> dict[str, Any]:
    return {
        "m": state.symbol,
        "S": "BUY" if trade.taker is BookSide.BUY else "SELL",
        "tT": "TRADE",
        "T": trade.at_ms,
        "p": state.precision.price(trade.price),
        "q": state.precision.size(trade.lots),
        "i": 2_100_000_000_000_000_000 + trade.number,
    }


def _ok(data: object) -> dict[str, Any]:
    return {"status": "OK", "data": data}


def _book(state: MarketState) -> dict[str, Any]:
    bids, asks = ([{"qty": size, "price": price} for price, size in side] for side in state.levels())
    return {"market": state.symbol, "bid": bids, "ask": asks}


def _stats(state: MarketState) -> dict[str, Any]:
    mid = state.mid()
    return {
        "dailyVolume": "1000000.0",
        "lastPrice": mid,
        "askPrice": mid,
        "bidPrice": mid,
        "markPrice": mid,
        "indexPrice": mid,
        "fundingRate": fixed_point(state.funding_ppb, 9),
        "nextFundingRate": (state.wall_ms // HOUR_MS + 1) * HOUR_MS,
        "openInterest": "1000.0",
    }


def _market(state: MarketState) -> dict[str, Any]:
    precision = state.precision
    return {
        "name": state.symbol,
        "assetName": state.base,
        "collateralAssetName": "USD",
        "type": "PERPETUAL",
        "active": True,
        "status": "ACTIVE",
        "marketStats": _stats(state),
        "tradingConfig": {
            "minOrderSize": precision.size(100),
            "minOrderSizeChange": precision.size(1),
            "minPriceChange": precision.price(precision.step),
        },
    }


PROTOCOL = _Extended(
    venue="extended",
    update_ms=100,
    precision=Precision(price_decimals=1, size_decimals=5),
    symbol="{base}-USD",
    acks=False,
    ping_ms=15_000,
    pong_ms=10_000,
)
