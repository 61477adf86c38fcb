"""Hyperliquid protocol: periodic full books, acknowledgements with the defaults filled in, and JSON pings.

The venue closes the connection without a close frame on an unknown coin or an invalid rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from connectors.simulator.market import Precision
from connectors.simulator.messages import Content, HttpResponse, Rejection, Request
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
from connectors.simulator.protocols.hyperliquid import info
from connectors.simulator.protocols.hyperliquid.streams import data, kind, known_subscription, stream
from connectors.simulator.protocols.limits import UsageLimits
from connectors.venues.frames import Json

TOO_MANY_MESSAGES = "Cannot send more than 2000 messages per minute."


class _Hyperliquid(VenueProtocol):
    def streams_for_path(self, path: str, _symbol: str) -> tuple[Stream, ...] | None:
        return () if path.endswith("/ws") else None

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        match message:
            case {"method": "ping"}:
                yield SendReply('{"channel":"pong"}', Content.HEARTBEAT)
            case {"method": "subscribe" | "unsubscribe" as method, "subscription": dict(subscription)}:
                if (echo := known_subscription(subscription)) is None:
                    yield _unreadable(compact_json(message))
                elif info.refused(subscription, state.symbol):
                    yield Disconnect()
                else:
                    yield _subscription(method, echo, client)
            case {"method": "post", "id": int(number), "request": {"type": str(name), "payload": payload}}:
                yield SendReply(compact_json(_post(number, name, payload, state)))
            case _:
                yield _unreadable(compact_json(message))

    def encode(self, stream: Stream, state: MarketState) -> str:
        return compact_json({"channel": kind(stream), "data": data(stream, state)})

    def handle_request(self, request: Request, state: MarketState) -> Json | HttpResponse | None:
        if not request.path.endswith("/info"):
            return None
        return info.response(request.body, state) if request.method == "POST" else info.text_error(405, "")

    def unknown_path(self, _request: Request) -> HttpResponse:
        return info.text_error(404, "")

    def invalid_request(self, _request: Request, _why: str) -> HttpResponse:
        return info.UNREADABLE

    def weight(self, request: Request) -> int:
        return info.weight(request.body)

    def too_many_requests(self, _wait_s: int, _banned_until_ms: int | None) -> HttpResponse:
        return HttpResponse(429, b"null")

    def too_many_connections(self) -> HttpResponse:
        return HttpResponse(429, b"null")

    def too_many_messages(self) -> ClientResponse:
        return _error(TOO_MANY_MESSAGES)

    def too_many_subscriptions(self, _channel: str) -> ClientResponse:
        return _error("Cannot subscribe to more than 1000 channels.")

    def subscription_error(self, channel: str) -> str:
        return _error(f"Invalid subscription {channel}").text

    def rejection(self, reason: Rejection, channel: str) -> str:
        return _error(TOO_MANY_MESSAGES).text if reason is Rejection.RATE else self.subscription_error(channel)

    def invalid_json_error(self, frame: str) -> str:
        return _unreadable(frame[:200]).text


def _subscription(method: str, echo: dict[str, Any], client: ClientInfo) -> ClientResponse:
    channel = compact_json(echo)
    ack = compact_json({"channel": "subscriptionResponse", "data": {"method": method, "subscription": echo}})
    if method == "unsubscribe":
        return StopStream(channel, ack) if channel in client.channels else _error(f"Already unsubscribed: {channel}")
    return _error(f"Already subscribed: {channel}") if channel in client.channels else StartStream(stream(echo), ack)


def _post(number: int, name: str, payload: Json, state: MarketState) -> dict[str, Any]:
    """Return the response to a request by the socket; signed actions are not simulated."""
    result = info.answer(payload, state) if name == "info" else info.UNREADABLE
    if isinstance(result, HttpResponse) and result.status != info.UNKNOWN_COIN.status:
        text = f"{result.status} {HTTPStatus(result.status).phrase}: {result.body.decode()}"
        response: dict[str, Any] = {"type": "error", "payload": text}
    else:
        found = None if isinstance(result, HttpResponse) else result
        response = {"type": "info", "payload": {"type": payload["type"], "data": found}}
    return {"channel": "post", "data": {"id": number, "response": response}}


def _unreadable(frame: str) -> SendReply:
    return _error(f"Error parsing JSON into valid websocket request: {frame}")


def _error(text: str) -> SendReply:
    return SendReply(compact_json({"channel": "error", "data": text}), Content.REFUSAL)


PROTOCOL = _Hyperliquid(
    venue="hyperliquid",
    update_ms=500,
    precision=Precision(price_decimals=1, size_decimals=4),
    symbol="{base}",
    heartbeat='{"channel":"pong"}',
    idle=IdleTimeout(60_000, of_client=False),
    usage_limits=UsageLimits(connections=10, connects=30, messages=2_000, subscriptions=1_000, weight=1_200),
)
