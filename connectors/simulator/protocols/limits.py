"""Limits of a venue for what its clients may use."""

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
