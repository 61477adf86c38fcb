"""Requests by REST: how a machine makes one, and what the answer says, or why it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import msgspec

from connectors.session.events import Fetch, Fetched, FetchFailed, Purpose
from connectors.venues.spec import Rest, Target

T = TypeVar("T")

Ask: TypeAlias = Callable[[Purpose, Rest[Any]], Fetch]
"""Makes a request with a ticket of its own."""

SNIPPET = 160
"""So much of a text from outside is told."""

BAD_SHAPE = (ValueError, LookupError, TypeError, AttributeError)
"""What a codec raises on a message or body that is not what it describes."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A request that told nothing: why, by which HTTP status, and when the venue wants to be asked again."""

    why: str
    status: int | None = None
    retry_after_ms: int | None = None


def read(rest: Rest[T], target: Target, given: Fetched | FetchFailed) -> T | Unread:
    """What the body says to this description of it."""
    if isinstance(given, FetchFailed):
        return Unread(given.detail[:SNIPPET], given.status, given.retry_after_ms)
    try:
        return rest.decode(msgspec.json.decode(given.body), target)
    except (*BAD_SHAPE, RecursionError) as error:
        return Unread(f"unreadable: {type(error).__name__}: {error}"[:SNIPPET])
