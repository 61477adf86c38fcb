"""Limits of a venue for what its clients may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageLimits:
    """Limits of a venue for the clients of one address; None is no limit.

    `connections` may be open at a time, with at most `connects` handshakes, `messages` of clients and `weight` of REST
    requests in a rolling minute. `subscriptions` is the limit of one connection.
    """

    connections: int | None = None
    connects: int | None = None
    messages: int | None = None
    subscriptions: int | None = None
    weight: int | None = None


NO_LIMITS = UsageLimits()
