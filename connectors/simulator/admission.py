"""Admission of handshakes, messages, subscriptions and REST requests: by the active faults, the venue and its limits.

Limits count over all clients, because a venue counts by address and all clients of the simulator share one.
"""

from __future__ import annotations

from collections import deque

import msgspec

from connectors.simulator.connections import Connection, Connections
from connectors.simulator.faults.active import ActiveFaults, error_response
from connectors.simulator.messages import ConnectPolicy, HttpResponse, Refused, Request, TrueBook, Unanswered
from connectors.simulator.protocols.base import ClientResponse, MarketState, VenueProtocol

MINUTE_MS = 60_000


class RollingMinute:
    """Sum of weights within the last minute, against a limit (None: no limit)."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._taken: deque[tuple[int, int]] = deque()
        self._used = 0

    def take(self, now_ms: int, weight: int = 1) -> int | None:
        """Take a weight; return None, or if the limit is reached the time in ms until there is room for it.

        A weight that finds no room is not counted.
        """
        if self._limit is None:
            return None
        while self._taken and self._taken[0][0] <= now_ms - MINUTE_MS:
            self._used -= self._taken.popleft()[1]
        if self._used + weight > self._limit and self._taken:
            return self._taken[0][0] + MINUTE_MS - now_ms
        self._taken.append((now_ms, weight))
        self._used += weight
        return None


class Admission:
    """Rules of one venue for what it takes from its clients."""

    def __init__(self, protocol: VenueProtocol, active_faults: ActiveFaults, connections: Connections) -> None:
        self._protocol = protocol
        self._active_faults = active_faults
        self._connections = connections
        limits = protocol.usage_limits
        self._connects = RollingMinute(limits.connects)
        self._messages = RollingMinute(limits.messages)
        self._weight = RollingMinute(limits.weight)
        self._refused_requests = 0

    def refuse_handshake(self, now_ms: int, request: Request, path: str) -> HttpResponse | Refused | Unanswered | None:
        """Return the refusal of a handshake; None to accept it."""
        policy, fault = self._active_faults.connect_policy()
        if fault is not None:
            self._connections.write_truth(now_ms, "door", door=policy, path=path, fault=fault.name)
            if policy is ConnectPolicy.STATUS:
                return error_response(fault)
            return Refused() if policy is ConnectPolicy.REFUSE else Unanswered()
        refusal = self._protocol.refuse_handshake(request)
        most = self._protocol.usage_limits.connections
        full = most is not None and len(self._connections.by_id) >= most
        if refusal is None and (full or self._connects.take(now_ms) is not None):
            refusal = self._protocol.too_many_connections()
        if refusal is not None:
            self._connections.write_truth(now_ms, "handshake_refused", path=path, status=refusal.status)
        return refusal

    def refuse_message(self, now_ms: int) -> ClientResponse | None:
        """Return the venue's response to a message above its limit; None to read the message."""
        return None if self._messages.take(now_ms) is None else self._protocol.too_many_messages()

    def refuse_subscription(self, connection: Connection, channel: str) -> ClientResponse | None:
        """Return the venue's response to a subscription above its limit; None to subscribe."""
        most = self._protocol.usage_limits.subscriptions
        full = most is not None and channel not in connection.streams and len(connection.streams) >= most
        return self._protocol.too_many_subscriptions(channel) if full else None

    def refuse_request(self, now_ms: int, request: Request) -> HttpResponse | Unanswered | None:
        """Return the refusal of a REST request, or that there is no answer; None to serve it."""
        refusal = self._active_faults.rest_failure() or self._protocol.refuse_request(request)
        if refusal is not None:
            return refusal
        wait_ms = self._weight.take(now_ms, self._protocol.weight(request))
        if wait_ms is None:
            self._refused_requests = 0
            return None
        self._refused_requests += 1
        return self._protocol.too_many_requests(-(-wait_ms // 1_000), self._refused_requests)


def rest_response(protocol: VenueProtocol, request: Request, state: MarketState) -> HttpResponse:
    """Return the venue's response to an admitted REST request."""
    try:
        body = protocol.handle_request(request, state)
    except (ValueError, RecursionError) as error:
        return protocol.invalid_request(request, str(error))
    if body is None:
        return protocol.unknown_path(request)
    if isinstance(body, HttpResponse):
        return body
    text = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    return HttpResponse(200, text, true_book=TrueBook(state.book, state.precision, None))
