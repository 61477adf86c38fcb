"""Aster protocol: streams by URL or SUBSCRIBE, deltas with `U`, `u` and `pu`, and full books only by REST.

The market moves at least twice between two delta frames, so a REST snapshot can fall in the middle of a delta.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.simulator.market import Precision
from connectors.simulator.messages import Content, HttpResponse, Rejection, Request
from connectors.simulator.protocols.aster import rest
from connectors.simulator.protocols.aster.streams import payload, stream
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    MarketState,
    SendReply,
    StartStream,
    StopStream,
    Stream,
    VenueProtocol,
    WrapFrames,
    compact_json,
)
from connectors.simulator.protocols.limits import UsageLimits
from connectors.venues.frames import Json

METHODS = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"
STREAMS = 200
"""Limit of the streams of one connection."""

REFUSALS_TO_BAN = 10
"""Requests refused by 429 in a row after which the venue bans a client; its documents name no number."""


class _Aster(VenueProtocol):
    def refuse_handshake(self, request: Request) -> HttpResponse | None:
        number = len(request.query.get("streams", "").split("/"))
        text = f"Too many parameters; expected '{STREAMS}' and received '{number}'."
        return rest.error(400, -1101, text) if number > STREAMS else None

    def streams_for_path(self, path: str, symbol: str) -> tuple[Stream, ...] | None:
        parts = urlsplit(path)
        head, _, name = parts.path.rpartition("/")
        if head.endswith("/ws"):
            names = [name]
        elif name in ("ws", "stream"):
            names = [stream for row in parse_qs(parts.query).get("streams", []) for stream in row.split("/")]
        else:
            return None
        return tuple(found for name in names if (found := stream(name, symbol, wrapped=_wrapped(path))))

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"id": bool() | float() | str() | list() | dict()}:
                yield _error(2, "Invalid request: request ID must be an unsigned integer")
            case {"id": int(number)} if number < 0:
                yield _error(2, "Invalid request: request ID must be an unsigned integer")
            case {"method": "SUBSCRIBE", "params": list(names)}:
                yield SendReply(_result(None, message))
                for name in dict.fromkeys(map(str, names)):
                    found = stream(name, state.symbol, wrapped=_wraps(client))
                    if found is not None and name not in client.channels:
                        yield StartStream(found)
            case {"method": "UNSUBSCRIBE", "params": list(names)}:
                yield SendReply(_result(None, message))
                yield from (StopStream(str(name)) for name in names)
            case {"method": "LIST_SUBSCRIPTIONS"}:
                yield SendReply(_result(sorted(client.channels), message))
            case {"method": "GET_PROPERTY", "params": ["combined"]}:
                yield SendReply(_result(_wraps(client), message))
            case {"method": "SET_PROPERTY", "params": ["combined", bool(wrapped)]}:
                yield SendReply(_result(None, message))
                yield WrapFrames(wrapped)
            case {"method": "SET_PROPERTY", "params": ["combined", _]}:
                yield _error(1, "Invalid value type: expected Boolean")
            case {"method": "SET_PROPERTY" | "GET_PROPERTY", "params": [str(), *_]}:
                yield _error(0, "Unknown property")
            case {"method": "SET_PROPERTY" | "GET_PROPERTY"}:
                yield _error(2, "Invalid request: property name must be a string")
            case {"method": method}:
                yield _error(
                    2, f"Invalid request: unknown variant {method}, expected one of {METHODS} at line 1 column 28"
                )
            case _:
                yield _error(2, "Invalid request: missing field `method` at line 1 column 2")

    def encode(self, stream: Stream, state: MarketState) -> str:
        data = payload(stream, state)
        return compact_json({"stream": stream.channel, "data": data} if stream.wrapped else data)

    def handle_request(self, request: Request, state: MarketState) -> Json | HttpResponse | None:
        return rest.response(request, state)

    def unknown_path(self, request: Request) -> HttpResponse:
        return rest.error(404, -5000, f"Path {request.path}, Method {request.method} is invalid")

    def invalid_request(self, _request: Request, _why: str) -> HttpResponse:
        return rest.error(400, -1130, "Invalid data sent for a parameter.")

    def weight(self, request: Request) -> int:
        return rest.weight(request)

    def usage_headers(self, used: int) -> tuple[tuple[str, str], ...]:
        return (("X-MBX-USED-WEIGHT-1M", str(used)),)

    def too_many_requests(self, wait_s: int, banned_until_ms: int | None) -> HttpResponse:
        return rest.too_many_requests(wait_s, banned_until_ms)

    def subscription_error(self, channel: str) -> str:
        return _error(2, f"Invalid request: unknown stream {channel}").text

    def too_many_subscriptions(self, _channel: str) -> ClientResponse:
        return _error(2, "Invalid request: too many parameters")

    def rejection(self, reason: Rejection, channel: str) -> str | None:
        """Return the error for a channel; a stream of an unknown market is acknowledged and stays silent."""
        return self.subscription_error(channel) if reason is Rejection.CHANNEL else None

    def invalid_json_error(self, _frame: str) -> str:
        return _error(3, "Invalid JSON: expected value at line 1 column 1").text


def _wrapped(path: str) -> bool:
    return urlsplit(path).path.endswith("/stream")


def _wraps(client: ClientInfo) -> bool:
    """Return whether the frames of a connection are wrapped: as its client asked, else as its URL says."""
    return _wrapped(client.path) if client.wrapped is None else client.wrapped


def _result(result: object, message: dict[str, Any]) -> str:
    return compact_json({"result": result, "id": message.get("id")})


def _error(code: int, text: str) -> SendReply:
    return SendReply(compact_json({"code": code, "msg": text}), Content.REFUSAL)


PROTOCOL = _Aster(
    venue="aster",
    update_ms=50,
    precision=Precision(price_decimals=2, size_decimals=3, step=5),
    symbol="{base}USDT",
    ping_ms=300_000,
    pong_ms=900_000,
    usage_limits=UsageLimits(
        subscriptions=STREAMS, messages_each_s=10, weight=rest.WEIGHT_PER_MINUTE, refusals_to_ban=REFUSALS_TO_BAN
    ),
)
