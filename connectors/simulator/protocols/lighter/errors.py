"""Error codes of Lighter: on the socket in an `error` object, in a REST response as the body.

Source: apidocs.lighter.xyz, "Data structures, constants and errors".
"""

from __future__ import annotations

from connectors.simulator.messages import Content, HttpResponse, Rejection
from connectors.simulator.protocols.base import SendReply, compact_json, http_error

INVALID_JSON = 30_000, "Invalid Json"
INVALID_TYPE = 30_001, "Invalid Type"
INVALID_CHANNEL = 30_005, "Invalid Channel"
INVALID_MARKET = 30_005, "Invalid Channel:  (marketId)"
TOO_MANY_MESSAGES = 30_009, "Too Many Websocket Messages!"
TOO_MANY_SUBSCRIPTIONS = 23_001, "Too Many Subscriptions!"

INVALID_PARAMETER = 20_001, "invalid param "
INVALID_RESOLUTION = 22_402, "invalid resolution: resolution unsupported"
TOO_MANY_REQUESTS = 23_000, "Too Many Requests!"
TOO_MANY_CONNECTIONS = 23_003, "Too Many Connections!"
NOT_FOUND = 29_404, "not found"

REJECTIONS = {
    Rejection.CHANNEL: INVALID_CHANNEL,
    Rejection.MARKET: INVALID_MARKET,
    Rejection.RATE: TOO_MANY_MESSAGES,
}


def not_subscribed(channel: str) -> SendReply:
    """Return the response to the end of a subscription that there is not."""
    return refusal(30_002, f"Not Subscribed to : {channel}")


def already_subscribed(channel: str) -> SendReply:
    """Return the response to a second subscription; no book follows it."""
    return refusal(30_003, f"Already Subscribed to : {channel}")


def refusal(code: int, text: str) -> SendReply:
    """Return an error on the socket."""
    return SendReply(compact_json({"error": {"code": code, "message": text}}), Content.REFUSAL)


def rest_error(status: int, code: int, text: str) -> HttpResponse:
    """Return an error of a REST response."""
    return http_error(status, {"code": code, "message": text})
