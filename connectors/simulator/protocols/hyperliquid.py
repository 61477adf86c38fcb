"""Hyperliquid: whole books again and again, acknowledgements with the defaults filled in, JSON pings.

What it does not like it answers by closing without a word: an unknown coin, an impossible rounding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connectors.simulator.market import Grid, Print, fixed
from connectors.simulator.messages import Content, Request
from connectors.simulator.protocols.base import (
    Begin,
    Caller,
    Dialect,
    Finish,
    Idle,
    Leave,
    Moment,
    Reply,
    Response,
    Stream,
    text,
)
from connectors.venues.frames import BookSide, Json

FAST_MS, PLAIN_MS = 500, 5_500
CONTENT = {"l2Book": Content.BOOK, "bbo": Content.BOOK, "trades": Content.TRADES, "activeAssetCtx": Content.FUNDING}


class _Hyperliquid(Dialect):
    def arrive(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.endswith("/ws") else None

    def hear(self, message: Json, caller: Caller, moment: Moment) -> Iterator[Response]:
        match message:
            case {"method": "ping"}:
                yield Reply('{"channel":"pong"}', Content.BEAT)
            case {
                "method": "subscribe" | "unsubscribe" as method,
                "subscription": {"type": str(), "coin": str()} as wanted,
            }:
                yield from _subscription(method, wanted, caller, moment.symbol)
            case _:
                yield _error(f"Error parsing JSON into valid websocket request: {text(message)}")

    def encode(self, stream: Stream, moment: Moment) -> str:
        kind = json.loads(stream.channel)["type"]
        data: Any
        match kind:
            case "l2Book":
                data = _book(moment, stream.depth)
                if stream.period_ms == FAST_MS:
                    data |= {"fast": True}
            case "bbo":
                best = [side[0] if side else None for side in _levels(moment, 1)]
                data = {"coin": moment.symbol, "time": moment.wall_ms, "bbo": best}
            case "trades":
                data = [_trade(trade, moment) for trade in moment.trades]
            case _:
                data = {"coin": moment.symbol, "ctx": _context(moment)}
        return text({"channel": kind, "data": data})

    def rest(self, request: Request, moment: Moment) -> Json | None:
        if request.method != "POST" or not request.path.endswith("/info"):
            return None
        asked = json.loads(request.body)
        perps = {"universe": [{"name": moment.symbol, "szDecimals": moment.grid.size_decimals, "maxLeverage": 25}]}
        match asked:
            case {"type": "l2Book", "coin": str(coin)}:
                return _book(moment, 20) if coin == moment.symbol else "null"
            case {"type": "meta"}:
                return {**perps, "marginTables": []}
            case {"type": "metaAndAssetCtxs"}:
                return [perps, [_context(moment)]]
            case {"type": "spotMeta"}:
                return {"universe": [], "tokens": []}
            case {"type": "spotMetaAndAssetCtxs"}:
                return [{"universe": [], "tokens": []}, []]
            case {"type": "perpDexs"}:
                return [None]
            case _:
                return None

    def refusal(self, channel: str) -> str:
        return _error(f"Invalid subscription {channel}").text

    def unreadable(self, frame: str) -> str:
        return _error(f"Error parsing JSON into valid websocket request: {frame[:200]}").text


def _subscription(method: str, wanted: dict[str, Any], caller: Caller, symbol: str) -> Iterator[Response]:
    kind, coin = wanted["type"], wanted["coin"]
    if kind not in CONTENT:
        yield _error(f"Error parsing JSON into valid websocket request: {text(wanted)}")
        return
    if coin != symbol or wanted.get("nSigFigs", 5) not in (None, 2, 3, 4, 5):
        yield Leave()
        return
    echo = {"type": kind, "coin": coin}
    if kind == "l2Book":
        defaults = {"nSigFigs": None, "mantissa": None, "fast": False}
        echo |= {name: wanted.get(name, default) for name, default in defaults.items()}
    channel = text(echo)
    ack = text({"channel": "subscriptionResponse", "data": {"method": method, "subscription": echo}})
    if method == "unsubscribe":
        yield Finish(channel, ack) if channel in caller.channels else _error(f"Already unsubscribed: {channel}")
    elif channel in caller.channels:
        yield _error(f"Already subscribed: {channel}")
    else:
        yield Begin(_stream(kind, channel, fast=bool(wanted.get("fast"))), ack)


def _stream(kind: str, channel: str, *, fast: bool) -> Stream:
    if kind == "l2Book":
        return Stream(channel, depth=5 if fast else 20, period_ms=FAST_MS if fast else PLAIN_MS, resends=True)
    return Stream(channel, CONTENT[kind], depth=1 if kind == "bbo" else None)


def _error(words: str) -> Reply:
    return Reply(text({"channel": "error", "data": words}), Content.REFUSAL)


def _book(moment: Moment, depth: int | None) -> dict[str, Any]:
    return {"coin": moment.symbol, "time": moment.wall_ms, "levels": _levels(moment, depth)}


def _levels(moment: Moment, depth: int | None) -> list[list[dict[str, Any]]]:
    return [[{"px": price, "sz": size, "n": 1} for price, size in side] for side in moment.levels(depth)]


def _trade(trade: Print, moment: Moment) -> dict[str, Any]:
    return {
        "coin": moment.symbol,
        "side": "B" if trade.taker is BookSide.BUY else "A",
        "px": moment.grid.price(trade.price),
        "sz": moment.grid.size(trade.lots),
        "time": trade.at_ms,
        "hash": f"0x{trade.number:064x}",
        "tid": trade.number,
        "users": [f"0x{1:040x}", f"0x{2:040x}"],
    }


def _context(moment: Moment) -> dict[str, Any]:
    mid = moment.mid()
    return {
        "funding": fixed(moment.funding_ppb, 9),
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


DIALECT = _Hyperliquid(
    venue="hyperliquid",
    update_ms=500,
    grid=Grid(price_decimals=1, size_decimals=4),
    symbol="{base}",
    beat='{"channel":"pong"}',
    idle=Idle(60_000, of_client=False),
)
