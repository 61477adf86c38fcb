"""Hyperliquid protocol: periodic full books, acknowledgements with the defaults filled in, and JSON pings.

The venue closes the connection without a close frame on an unknown coin or an invalid rounding (`nSigFigs`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connectors.simulator.market import MarketTrade, Precision, fixed_point
from connectors.simulator.messages import Content, Rejection, Request
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    Disconnect,
    IdleTimeout,
    MarketState,
    SendReply,
    StartStream,
    StopStream,
    Stream,
    VenueProtocol,
    compact_json,
)
from connectors.venues.frames import BookSide, Json

FAST_MS, PLAIN_MS = 500, 5_500
"""Interval of full books in ms, with and without `fast`."""

CONTENT = {"l2Book": Content.BOOK, "bbo": Content.BOOK, "trades": Content.TRADES, "activeAssetCtx": Content.FUNDING}


class _Hyperliquid(VenueProtocol):
    def streams_for_path(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.endswith("/ws") else None

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"method": "ping"}:
                yield SendReply('{"channel":"pong"}', Content.HEARTBEAT)
            case {
                "method": "subscribe" | "unsubscribe" as method,
                "subscription": {"type": str(), "coin": str()} as subscription,
            }:
                yield from _subscription(method, subscription, client, state.symbol)
            case _:
                yield _error(f"Error parsing JSON into valid websocket request: {compact_json(message)}")

    def encode(self, stream: Stream, state: MarketState) -> str:
        kind = json.loads(stream.channel)["type"]
        data: Any
        match kind:
            case "l2Book":
                data = _book(state, stream.depth)
                if stream.period_ms == FAST_MS:
                    data |= {"fast": True}
            case "bbo":
                best = [side[0] if side else None for side in _levels(state, 1)]
                data = {"coin": state.symbol, "time": state.wall_ms, "bbo": best}
            case "trades":
                data = [_trade(trade, state) for trade in state.trades]
            case _:
                data = {"coin": state.symbol, "ctx": _context(state)}
        return compact_json({"channel": kind, "data": data})

    def handle_request(self, request: Request, state: MarketState) -> Json | None:
        if request.method != "POST" or not request.path.endswith("/info"):
            return None
        query = json.loads(request.body)
        perps = {"universe": [{"name": state.symbol, "szDecimals": state.precision.size_decimals, "maxLeverage": 25}]}
        match query:
            case {"type": "l2Book", "coin": str(coin)}:
                return _book(state, 20) if coin == state.symbol else "null"
            case {"type": "meta"}:
                return {**perps, "marginTables": []}
            case {"type": "metaAndAssetCtxs"}:
                return [perps, [_context(state)]]
            case {"type": "spotMeta"}:
                return {"universe": [], "tokens": []}
            case {"type": "spotMetaAndAssetCtxs"}:
                return [{"universe": [], "tokens": []}, []]
            case {"type": "perpDexs"}:
                return [None]
            case _:
                return None

    def subscription_error(self, channel: str) -> str:
        return _error(f"Invalid subscription {channel}").text

    def rejection(self, reason: Rejection, channel: str) -> str:
        too_many = "Cannot send more than 2000 messages per minute."
        return _error(too_many).text if reason is Rejection.RATE else self.subscription_error(channel)

    def invalid_json_error(self, frame: str) -> str:
        return _error(f"Error parsing JSON into valid websocket request: {frame[:200]}").text


def _subscription(
    method: str, subscription: dict[str, Any], client: ClientInfo, symbol: str
) -> Iterator[ClientResponse]:
    kind, coin = subscription["type"], subscription["coin"]
    if kind not in CONTENT:
        yield _error(f"Error parsing JSON into valid websocket request: {compact_json(subscription)}")
        return
    if coin != symbol or subscription.get("nSigFigs", 5) not in (None, 2, 3, 4, 5):
        yield Disconnect()
        return
    echo = {"type": kind, "coin": coin}
    if kind == "l2Book":
        defaults = {"nSigFigs": None, "mantissa": None, "fast": False}
        echo |= {name: subscription.get(name, default) for name, default in defaults.items()}
    channel = compact_json(echo)
    ack = compact_json({"channel": "subscriptionResponse", "data": {"method": method, "subscription": echo}})
    if method == "unsubscribe":
        yield StopStream(channel, ack) if channel in client.channels else _error(f"Already unsubscribed: {channel}")
    elif channel in client.channels:
        yield _error(f"Already subscribed: {channel}")
    else:
        yield StartStream(_stream(kind, channel, fast=bool(subscription.get("fast"))), ack)


def _stream(kind: str, channel: str, *, fast: bool) -> Stream:
    if kind == "l2Book":
        return Stream(channel, depth=5 if fast else 20, period_ms=FAST_MS if fast else PLAIN_MS, repeats_unchanged=True)
    return Stream(channel, CONTENT[kind], depth=1 if kind == "bbo" else None)


def _error(text: str) -> SendReply:
    return SendReply(compact_json({"channel": "error", "data": text}), Content.REFUSAL)


def _book(state: MarketState, depth: int | None) -> dict[str, Any]:
    return {"coin": state.symbol, "time": state.wall_ms, "levels": _levels(state, depth)}


def _levels(state: MarketState, depth: int | None) -> list[list[dict[str, Any]]]:
    return [[{"px": price, "sz": size, "n": 1} for price, size in side] for side in state.levels(depth)]


def _trade(trade: MarketTrade, state: MarketState) -> dict[str, Any]:
    return {
        "coin": state.symbol,
        "side": "B" if trade.taker is BookSide.BUY else "A",
        "px": state.precision.price(trade.price),
        "sz": state.precision.size(trade.lots),
        "time": trade.at_ms,
        "hash": f"0x{trade.number:064x}",
        "tid": trade.number,
        "users": [f"0x{1:040x}", f"0x{2:040x}"],
    }


def _context(state: MarketState) -> dict[str, Any]:
    mid = state.mid()
    return {
        "funding": fixed_point(state.funding_ppb, 9),
        "openInterest": "1000.0",
        "prevDayPx": mid,
        "dayNtlVlm": "1000000.0",
        "premium": "0.0",
        "oraclePx": mid,
        "markPx": mid,
        "midPx": mid,
        "impactPxs": [mid, mid],
        "dayBaseVlm": "1000.0",
    }


PROTOCOL = _Hyperliquid(
    venue="hyperliquid",
    update_ms=500,
    precision=Precision(price_decimals=1, size_decimals=4),
    symbol="{base}",
    heartbeat='{"channel":"pong"}',
    idle=IdleTimeout(60_000, of_client=False),
)
