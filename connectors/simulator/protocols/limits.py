"""Limits of a simulated venue, and of its server, for what clients may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLimits:
    """Limits of a venue for the clients of one address; None is no limit.

    `connections` may be open at a time, with at most `connects` handshakes, `messages` of clients and `weight` of REST
    requests in a rolling minute. `subscriptions` and `messages_each_s` (in a rolling second) are limits of one
    connection. `refusals_to_ban` requests refused in a row end in a ban of `ban_ms` from all requests.
    """

    connections: int | None = None
    connects: int | None = None
    messages: int | None = None
    subscriptions: int | None = None
    weight: int | None = None
    messages_each_s: int | None = None
    refusals_to_ban: int | None = None
    ban_ms: int = 120_000


NO_LIMITS = UsageLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """Limits of the server of one venue, which protect this machine; those of the venue itself apply beside them.

    `connections` may be open at a time, HTTP included. One connection may have `subscriptions`, of channels whose names
    have at most `name_chars` characters. A request must be whole within `request_s` seconds. `own_hosts_only` refuses a
    request whose `Host` or `Origin` is not this machine.
    """

    connections: int = 300
    subscriptions: int = 100
    name_chars: int = 256
    request_s: float = 10.0
    own_hosts_only: bool = True
