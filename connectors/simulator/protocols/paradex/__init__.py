"""Paradex protocol: JSON-RPC, a best-bid-and-offer stream, full books of 15 levels, and deltas with `seq_no`.

Data comes in binary frames where the URL names their schema and version, in JSON otherwise. `seq_no` of the deltas
increases by one per frame; the other streams are conflated and skip numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.simulator.market import Precision
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
from connectors.simulator.protocols.paradex import binary_frames, json_frames, rest
from connectors.venues.frames import Json
from connectors.venues.paradex_messages import NEWEST_VERSION, SCHEMA_ID

BOOK = re.compile(r"(?:snapshot|interactive)@15@(?P<ms>50|100)ms(?:@(?P<tick>\d+(?:_\d+)?))?")
HANDLING_US = 37
"""Handling time of a request, reported as `usDiff`."""


class _Paradex(VenueProtocol):
    def streams_for_path(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.partition("?")[0].endswith("/v1") else None

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"method": "subscribe", "params": {"channel": str(channel)}}:
                stream = _stream(channel, state)
                if stream is None:
                    yield _error(message, state, -32_600, "invalid subscribe request", _rejection(channel))
                elif channel in client.channels:
                    yield _error(message, state, -32_600, "invalid subscribe request", "already subscribed")
                else:
                    stream.binary_version = schema_version(client.path)
                    yield StartStream(stream, _result(channel, message, state))
            case {"method": "unsubscribe", "params": {"channel": str(channel)}}:
                if channel in client.channels:
                    yield StopStream(channel, _result(channel, message, state))
                else:
                    yield _error(message, state, -32_600, "invalid unsubscribe request", "not subscribed")
            case _:
                yield _error(message if isinstance(message, dict) else {}, state, -32_601, "method does not exist")

    def encode(self, stream: Stream, state: MarketState) -> str | bytes:
        if stream.content is Content.BOOK:
            stream.number = state.number if state.full else stream.number + 1
        if stream.binary_version is not None:
            return binary_frames.encode(stream, state, stream.binary_version)
        params = {"channel": stream.channel, "data": json_frames.encode(stream, state)}
        return compact_json({"jsonrpc": "2.0", "method": "subscription", "params": params})

    def handle_request(self, request: Request, state: MarketState) -> Json | None:
        return rest.handle_request(request, state)

    def subscription_error(self, _channel: str) -> str:
        error = {"code": -32_600, "message": "invalid subscribe request", "data": "invalid channel"}
        return compact_json({"jsonrpc": "2.0", "id": 1, "error": error, "usIn": 0, "usDiff": 0, "usOut": 0})

    def invalid_json_error(self, _frame: str) -> str:
        return compact_json({"jsonrpc": "2.0", "error": {"code": -32_700, "message": "Parse error"}})


def schema_version(path: str) -> int | None:
    """Return the version of the binary schema that a URL names, None if it names no schema.

    Raises ValueError for an unknown schema or version; the venue does not fall back to another.
    """
    query = parse_qs(urlsplit(path).query)
    schema, version = (query.get(name, [""])[0] for name in ("sbeSchemaId", "sbeSchemaVersion"))
    if not schema and not version:
        return None
    if schema != str(SCHEMA_ID) or version not in map(str, range(NEWEST_VERSION + 1)):
        raise ValueError(f"unsupported SBE schema {schema}:{version}")
    return int(version)


def _stream(channel: str, state: MarketState) -> Stream | None:
    symbol = state.symbol
    match channel.split(".", 2):
        case ["bbo", market] if market in (symbol, "ALL"):
            return Stream(channel, depth=1)
        case ["trades", market] if market in (symbol, "ALL"):
            return Stream(channel, Content.TRADES, sends_at_once=False)
        case ["funding_data" | "markets_summary"]:
            return Stream(channel, Content.FUNDING, period_ms=5_000)
        case ["funding_data" | "markets_summary", market] if market in (symbol, "ALL"):
            return Stream(channel, Content.FUNDING, period_ms=5_000)
        case ["order_book", market, "deltas" | "interactive_deltas"] if market == symbol:
            return Stream(channel, incremental=True)
        case ["order_book", market, kind] if market == symbol and (book := BOOK.fullmatch(kind)):
            step = price_step(book["tick"], state.precision)
            return None if step == 0 else Stream(channel, depth=15, period_ms=int(book["ms"]), price_step=step or 1)
        case _:
            return None


def price_step(tick: str | None, precision: Precision) -> int | None:
    """Return the points between two levels of a book that is grouped by a price tick (`0_1`): 0 for a tick that the
    market does not have, None without a tick.
    """
    if tick is None:
        return None
    points = Decimal(tick.replace("_", ".")).scaleb(precision.price_decimals)
    return int(points) if points == points.to_integral_value() and points % precision.step == 0 else 0


def _rejection(channel: str) -> str:
    return "no parameters expected for deltas topic." if "deltas@" in channel else "invalid channel"


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


PROTOCOL = _Paradex(
    venue="paradex",
    update_ms=50,
    precision=Precision(price_decimals=2, size_decimals=3, step=5),
    symbol="{base}-USD-PERP",
    ping_ms=55_000,
    pong_ms=5_000,
)
