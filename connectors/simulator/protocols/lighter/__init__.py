"""Lighter protocol: a greeting, then per channel a full book and deltas chained by nonces.

Clients write channels with a slash, the venue with a colon. The first frame of a subscription is its acknowledgement.
Nonces are not consecutive: `begin_nonce` is the nonce of the previous frame. `offset` is not a chain.

Sources: apidocs.lighter.xyz ("WebSocket", "Rate limits", "Data structures, constants and errors"); lighter-sdk 1.1.8;
published captures of the socket, 2026-07 to 2026-09.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from connectors.simulator.market import Precision
from connectors.simulator.messages import Content, HttpResponse, Rejection, Request
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    IdleTimeout,
    MarketState,
    SendReply,
    Stream,
    VenueProtocol,
    compact_json,
)
from connectors.simulator.protocols.lighter import channels, errors, rest
from connectors.simulator.protocols.limits import UsageLimits
from connectors.venues.frames import Json


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
                yield channels.subscription(action, channel.replace("/", ":"), client)
            case {"type": "subscribe" | "unsubscribe"}:
                yield errors.refusal(*errors.INVALID_CHANNEL)
            case _:
                yield errors.refusal(*errors.INVALID_TYPE)

    def encode(self, stream: Stream, state: MarketState) -> str:
        return channels.encode(stream, state)

    def handle_request(self, request: Request, state: MarketState) -> Json | HttpResponse | None:
        name = request.path.rpartition("/")[2]
        if request.method != "GET" or not request.path.endswith(f"/api/v1/{name}"):
            return None
        return rest.response(name, request, state)

    def unknown_path(self, _request: Request) -> HttpResponse:
        return errors.rest_error(404, *errors.NOT_FOUND)

    def invalid_request(self, _request: Request, _why: str) -> HttpResponse:
        return errors.rest_error(400, *errors.INVALID_PARAMETER)

    def too_many_requests(self, _wait_s: int, _banned_until_ms: int | None) -> HttpResponse:
        return errors.rest_error(429, *errors.TOO_MANY_REQUESTS)

    def too_many_connections(self) -> HttpResponse:
        return errors.rest_error(429, *errors.TOO_MANY_CONNECTIONS)

    def too_many_messages(self) -> SendReply:
        return errors.refusal(*errors.TOO_MANY_MESSAGES)

    def too_many_subscriptions(self, _channel: str) -> SendReply:
        return errors.refusal(*errors.TOO_MANY_SUBSCRIPTIONS)

    def subscription_error(self, _channel: str) -> str:
        return errors.refusal(*errors.INVALID_MARKET).text

    def rejection(self, reason: Rejection, _channel: str) -> str:
        return errors.refusal(*errors.REJECTIONS[reason]).text

    def invalid_json_error(self, _frame: str) -> str:
        return errors.refusal(*errors.INVALID_JSON).text


PROTOCOL = _Lighter(
    venue="lighter",
    update_ms=50,
    precision=Precision(price_decimals=2, size_decimals=4, step=5),
    symbol="{base}",
    acks=False,
    heartbeat='{"type":"ping"}',
    idle=IdleTimeout(120_000),
    usage_limits=UsageLimits(connections=255, connects=80, messages=200, subscriptions=500, weight=60),
)
