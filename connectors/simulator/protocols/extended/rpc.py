"""Extended's second generation of streams: one socket for any number of topics, subscribed by JSON-RPC requests.

A subscription of a topic that there is replaces it. A depth that the venue does not have gets no response at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.simulator.messages import Content
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    SendReply,
    StartStream,
    StopStream,
    compact_json,
)
from connectors.simulator.protocols.extended import streams
from connectors.simulator.protocols.extended.streams import INTERVALS_MIN, PRICE_TYPES
from connectors.venues.frames import Json

PATH = "/v2/rpc"
INVALID_REQUEST = -32_600, "Invalid Request"
METHOD_NOT_FOUND = -32_601, "Method not found"
INVALID_PARAMS = -32_602, "Invalid params"


def responses(message: Json, client: ClientInfo, symbol: str) -> Iterator[ClientResponse]:
    """Yield the responses to a request."""
    request_id = message.get("id") if isinstance(message, dict) else None
    match message:
        case {"method": "ping"}:
            yield SendReply(_result(request_id, method="ping"))
        case {"method": "list-subscriptions"}:
            yield SendReply(_result(request_id, method="list-subscriptions", subscriptions=sorted(client.channels)))
        case {"method": "subscribe" | "unsubscribe", "params": {"selector": {"depth": depth}}} if depth not in (
            "full",
            "1",
            None,
        ):
            return
        case {"method": "subscribe" | "unsubscribe" as method, "params": params}:
            topic = _topic(params, symbol)
            if topic is None or (method == "unsubscribe" and topic not in client.channels):
                yield error(request_id, *INVALID_PARAMS)
                return
            ack = _result(request_id, method=method, subscription=topic)
            start = StartStream(streams.stream(topic, client.numbering), ack)
            yield start if method == "subscribe" else StopStream(topic, ack)
        case {"method": str(), "id": _}:
            yield error(request_id, *METHOD_NOT_FOUND)
        case _:
            yield error(request_id, *INVALID_REQUEST)


def error(request_id: object, code: int, text: str) -> SendReply:
    """Return an error response."""
    body = {"id": request_id, "error": {"code": code, "message": text}, "jsonrpc": "2.0"}
    return SendReply(compact_json(body), Content.REFUSAL)


def _result(request_id: object, *, method: str, **more: object) -> str:
    result = {"method": method, "status": "OK", **more}
    return compact_json({"id": request_id, "result": result, "jsonrpc": "2.0"})


def _topic(params: Any, symbol: str) -> str | None:
    """Return the topic that the parameters select; None for one that there is not. No market selects all."""
    match params:
        case {"scope": str(scope), "selector": {**selector}} if selector.get("market") in (symbol, None):
            name = selector.get("market") or "all"
        case _:
            return None
    match scope, selector:
        case "orderbooks", {"depth": "1"}:
            return f"orderbooks.1.{name}"
        case "orderbooks", _:
            return f"orderbooks.{name}"
        case "trades" | "funding-rates", _:
            return f"{scope}.{name}"
        case "prices", {"type": str(kind)} if kind in PRICE_TYPES:
            return f"prices.{kind}.{name}"
        case "candles", {"market": str(market), "type": "last" | "mark" | "index" as kind, "interval": interval} if (
            interval in INTERVALS_MIN
        ):
            return f"candles.{kind}.{market}.{interval}"
        case _:
            return None
