"""REST requests of a connector: how a response is decoded, and the poll of the funding rate.

The funding rate is polled at a venue whose socket does not carry it, over the whole run and beside every session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from connectors.session.counters import SessionCounters
from connectors.session.events import Action, EventSource, Fetch, Fetched, FetchFailed, FetchPurpose, Publish
from connectors.venues.bounded_json import decode_json
from connectors.venues.frames import Funding
from connectors.venues.spec import RestSpec, Target, Venue

T = TypeVar("T")

RequestFactory: TypeAlias = Callable[[FetchPurpose, RestSpec[Any]], Fetch]
"""Makes a `Fetch` with a ticket of its own."""

SNIPPET = 160
"""Characters of an outside text that a note carries."""

BAD_SHAPE = (ValueError, LookupError, TypeError, AttributeError)
"""Exceptions that a venue's decode function raises on a message or body of another shape than it describes."""


@dataclass(frozen=True, slots=True)
class RestFailure:
    """A request without a usable response: the cause, the HTTP status, and the venue's Retry-After in ms."""

    why: str
    status: int | None = None
    retry_after_ms: int | None = None


def request_book(venue: Venue, make_request: RequestFactory, purpose: FetchPurpose) -> Fetch:
    """Make a request for the venue's book by REST; raises ValueError if the venue describes none."""
    if venue.snapshot is None:
        raise ValueError(f"{venue.name} describes no book by REST, which its recovery needs")
    return make_request(purpose, venue.snapshot)


def decode_response(rest: RestSpec[T], target: Target, response: Fetched | FetchFailed) -> T | RestFailure:
    """Decode a response body by its description; a failed fetch or an unreadable body becomes a `RestFailure`."""
    if isinstance(response, FetchFailed):
        return RestFailure(response.detail[:SNIPPET], response.status, response.retry_after_ms)
    try:
        return rest.decode(decode_json(response.body), target)
    except Exception as error:  # noqa: BLE001  whatever the body is, its request must get a result
        return RestFailure(f"unreadable: {type(error).__name__}: {error}"[:SNIPPET])


class FundingPoll:
    """Polls the funding rate every `every_ms` (0: never) from the first opened socket on; one request at a time.

    `due_ms` is the time of the next request, None before the first socket.
    """

    def __init__(self, venue: Venue, every_ms: int, counters: SessionCounters, make_request: RequestFactory) -> None:
        self._rest: RestSpec[Funding] | None = venue.funding if every_ms else None
        self._every_ms = every_ms
        self._counters = counters
        self._make_request = make_request
        self._ticket = 0
        self.due_ms: int | None = None

    def begin(self, now_ms: int) -> None:
        """Start the poll at the first opened socket; later calls do nothing."""
        if self._rest is not None and self.due_ms is None:
            self.due_ms = now_ms

    def waits_for(self, ticket: int) -> bool:
        """Return True if `ticket` belongs to the request under way."""
        return ticket == self._ticket

    def timers(self, now_ms: int) -> Iterator[Action]:
        """Request the funding rate if it is due; while a request is under way no other is made."""
        if self._rest is None or self.due_ms is None or now_ms < self.due_ms:
            return
        self.due_ms = now_ms + self._every_ms
        if not self._ticket:
            fetch = self._make_request(FetchPurpose.FUNDING, self._rest)
            self._ticket = fetch.ticket
            yield fetch

    def answered(self, now_ms: int, response: Fetched | FetchFailed, target: Target) -> Iterator[Action]:
        """Publish the funding rate of a response, or count the failure and respect the venue's Retry-After."""
        self._ticket = 0
        if self._rest is None:
            return
        funding = decode_response(self._rest, target, response)
        if isinstance(funding, RestFailure):
            if funding.retry_after_ms:
                self.due_ms = now_ms + max(funding.retry_after_ms, self._every_ms)
            yield from self._counters.add_and_note("funding_failed", detail=funding.why, status=funding.status)
        else:
            yield Publish(funding, source=EventSource.REST)
