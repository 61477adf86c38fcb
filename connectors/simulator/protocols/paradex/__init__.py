"""Paradex protocol: JSON-RPC, a best-bid-and-offer stream, full books of 15 levels, and deltas with `seq_no`.

Data comes in binary frames, and the URL has to name their schema and version; clients of the profile `paraphina`, which
know the venue of earlier days, get JSON without that. `seq_no` of the deltas increases by one per frame; the other
streams are conflated and skip numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.simulator.market import Precision
from connectors.simulator.messages import Content, HttpResponse, Request
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
from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.simulator.protocols.limits import UsageLimits
from connectors.simulator.protocols.paradex import binary_frames, json_frames, rest
from connectors.venues.frames import Json
from connectors.venues.paradex_messages import NEWEST_VERSION, SCHEMA_ID

BOOK = re.compile(r"(?:snapshot|interactive)@15@(?P<ms>50|100)ms(?:@(?P<tick>\d+(?:_\d+)?))?")
HANDLING_US = 37
"""Handling time of a request, reported as `usDiff`."""


@dataclass(frozen=True, kw_only=True)
class _Paradex(VenueProtocol):
    requires_schema: bool = True

    def for_profile(self, profile: ClientProfile) -> VenueProtocol:
        return replace(self, requires_schema=False, notice="") if profile is ClientProfile.PARAPHINA else self

    def refuse_handshake(self, request: Request) -> HttpResponse | None:
        try:
            version = schema_version(request.query)
        except ValueError as error:
            return rest.error(400, "INVALID_REQUEST_PARAMETER", str(error))
        if version is None and self.requires_schema:
            return rest.error(400, "INVALID_REQUEST_PARAMETER", "sbeSchemaId and sbeSchemaVersion are required")
        return None

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
                    stream.binary_version = schema_version(dict(parse_qsl(urlsplit(client.path).query)))
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

    def idle_heartbeat(self, path: str, wall_ms: int) -> bytes | None:
        version = schema_version(dict(parse_qsl(urlsplit(path).query)))
        return None if version is None else binary_frames.heartbeat(wall_ms, version)

    def handle_request(self, request: Request, state: MarketState) -> Json | HttpResponse | None:
        return rest.handle_request(request, state)

    def usage_headers(self, used: int) -> tuple[tuple[str, str], ...]:
        limit = self.usage_limits.weight or 0
        values = {"limit": limit, "remaining": max(0, limit - used), "window": 60}
        return tuple((f"x-ratelimit-{name}", str(value)) for name, value in values.items())

    def too_many_requests(self, wait_s: int, _banned_until_ms: int | None) -> HttpResponse:
        refused = rest.error(429, "RATE_LIMIT_EXCEEDED", "too many requests")
        return replace(refused, headers=(("Retry-After", str(wait_s)),))

    def too_many_connections(self) -> HttpResponse:
        return rest.error(429, "RATE_LIMIT_EXCEEDED", "too many connections")

    def unknown_path(self, _request: Request) -> HttpResponse:
        return rest.error(404, "NOT_FOUND", "resource not found")

    def invalid_request(self, _request: Request, why: str) -> HttpResponse:
        return rest.error(400, "INVALID_REQUEST_PARAMETER", why)

    def subscription_error(self, _channel: str) -> str:
        error = {"code": -32_600, "message": "invalid subscribe request", "data": "invalid channel"}
        return compact_json({"jsonrpc": "2.0", "id": 1, "error": error, "usIn": 0, "usDiff": 0, "usOut": 0})

    def invalid_json_error(self, _frame: str) -> str:
        return compact_json({"jsonrpc": "2.0", "error": {"code": -32_700, "message": "Parse error"}})


def schema_version(query: Mapping[str, str]) -> int | None:
    """Return the version of the binary schema that a URL's query names, None if it names no schema.

    Raises ValueError for an unknown schema or version; the venue does not fall back to another.
    """
    schema, version = (query.get(name, "") for name in ("sbeSchemaId", "sbeSchemaVersion"))
    if not schema and not version:
        return None
    if schema != str(SCHEMA_ID) or version not in map(str, range(NEWEST_VERSION + 1)):
        raise ValueError(f"unsupported SBE schema {schema[:20]}:{version[:20]}")
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
            step = rest.price_step(book["tick"], state.precision)
            return None if step is None else Stream(channel, depth=15, period_ms=int(book["ms"]), price_step=step)
        case _:
            return None


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
    idle_heartbeat_ms=20_000,
    usage_limits=UsageLimits(connects=600, weight=1_500),
    notice="a socket URL without the binary schema is refused with HTTP 400; --profile paraphina serves JSON to it",
)
