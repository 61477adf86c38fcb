"""Admission of handshakes, messages, subscriptions and REST requests: by the active faults, the venue and its limits.

Limits count over all clients, because a venue counts by address and all clients of the simulator share one; only the
limits of a connection do not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from weakref import WeakKeyDictionary

import msgspec

from connectors.simulator.connections import Connection, Connections
from connectors.simulator.faults.active import ActiveFaults, error_response
from connectors.simulator.messages import ConnectPolicy, Content, HttpResponse, Refused, Request, TrueBook, Unanswered
from connectors.simulator.protocols.base import ClientResponse, MarketState, SendReply, VenueProtocol
from connectors.simulator.protocols.limits import ServerLimits

MINUTE_MS = 60_000


class RollingSum:
    """Sum of weights within the last `window_ms`, against a limit (None: no limit)."""

    def __init__(self, limit: int | None, window_ms: int = MINUTE_MS) -> None:
        self._limit = limit
        self._window_ms = window_ms
        self._taken: deque[tuple[int, int]] = deque()
        self._used = 0

    def take(self, now_ms: int, weight: int = 1) -> int | None:
        """Take a weight; return None, or if it does not fit the time in ms until it does.

        A weight that does not fit is not counted.
        """
        if self._limit is None:
            return None
        if self.used(now_ms) + weight > self._limit and self._taken:
            return self._taken[0][0] + self._window_ms - now_ms
        self._taken.append((now_ms, weight))
        self._used += weight
        return None

    def used(self, now_ms: int) -> int:
        """Return the sum of the weights taken."""
        while self._taken and self._taken[0][0] <= now_ms - self._window_ms:
            self._used -= self._taken.popleft()[1]
        return self._used


class Admission:
    """Rules of one venue for what it takes from its clients."""

    def __init__(
        self,
        protocol: VenueProtocol,
        active_faults: ActiveFaults,
        connections: Connections,
        start_unix_ms: int,
        server_limits: ServerLimits | None = None,
    ) -> None:
        self._protocol = protocol
        self._server_limits = server_limits
        self._start_unix_ms = start_unix_ms
        self._active_faults = active_faults
        self._connections = connections
        limits = protocol.usage_limits
        self._connects = RollingSum(limits.connects)
        self._messages = RollingSum(limits.messages)
        self._messages_of: WeakKeyDictionary[Connection, RollingSum] = WeakKeyDictionary()
        self._weight = RollingSum(limits.weight)
        self._refused_requests = 0
        self._banned_until_ms = 0

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

    def refuse_message(self, now_ms: int, connection: Connection) -> ClientResponse | None:
        """Return the venue's response to a message above its limit; None to read the message."""
        of_connection = RollingSum(self._protocol.usage_limits.messages_each_s, window_ms=1_000)
        of_connection = self._messages_of.setdefault(connection, of_connection)
        waits = (self._messages.take(now_ms), of_connection.take(now_ms))
        return None if waits == (None, None) else self._protocol.too_many_messages()

    def refuse_subscription(self, connection: Connection, channel: str) -> ClientResponse | None:
        """Return the response to a subscription above a limit of the venue or its server; None to subscribe."""
        most, of_server = self._protocol.usage_limits.subscriptions, self._server_limits
        if of_server is not None:
            if len(channel) > of_server.name_chars:
                return SendReply(self._protocol.subscription_error(channel[: of_server.name_chars]), Content.REFUSAL)
            most = min(most or of_server.subscriptions, of_server.subscriptions)
        full = most is not None and channel not in connection.streams and len(connection.streams) >= most
        return self._protocol.too_many_subscriptions(channel) if full else None

    def respond(self, now_ms: int, request: Request, state: MarketState) -> HttpResponse | Unanswered:
        """Return the refusal of a REST request, or the venue's response to it."""
        if (failure := self._active_faults.rest_failure()) is not None:
            return failure
        response = self._refuse_request(now_ms, request) or _served(self._protocol, request, state)
        usage = self._protocol.usage_headers(self._weight.used(now_ms))
        return replace(response, headers=(*response.headers, *usage)) if usage else response

    def _refuse_request(self, now_ms: int, request: Request) -> HttpResponse | None:
        if (refusal := self._protocol.refuse_request(request)) is not None:
            return refusal
        wait_ms = max(self._banned_until_ms - now_ms, 0) or self._weight.take(now_ms, self._protocol.weight(request))
        if wait_ms is None:
            self._refused_requests = 0
            return None
        self._refused_requests += 1
        limits = self._protocol.usage_limits
        if self._refused_requests == limits.refusals_to_ban:
            self._banned_until_ms, wait_ms = now_ms + limits.ban_ms, limits.ban_ms
        banned_until_ms = self._start_unix_ms + self._banned_until_ms if self._banned_until_ms > now_ms else None
        return self._protocol.too_many_requests(-(-wait_ms // 1_000), banned_until_ms)


def _served(protocol: VenueProtocol, request: Request, state: MarketState) -> HttpResponse:
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
