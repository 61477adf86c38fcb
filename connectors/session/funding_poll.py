"""Funding by REST, at a venue whose socket does not bring it: asked for at regular times, beside every session."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.session.counters import Tally
from connectors.session.events import Action, Fetched, FetchFailed, Publish, Purpose, Source
from connectors.session.rest_answers import Ask, Unread, read
from connectors.venues.frames import Funding
from connectors.venues.spec import Rest, Target, Venue


class FundingPoll:
    """Asks every `every_ms` (0: never) from the first opened socket on; one request at a time."""

    def __init__(self, venue: Venue, every_ms: int, tally: Tally, ask: Ask) -> None:
        self._rest: Rest[Funding] | None = venue.funding if every_ms else None
        self._every_ms = every_ms
        self._tally = tally
        self._ask = ask
        self._ticket = 0
        self.due_ms: int | None = None

    def begin(self, now_ms: int) -> None:
        """A socket is open."""
        if self._rest is not None and self.due_ms is None:
            self.due_ms = now_ms

    def waits_for(self, ticket: int) -> bool:
        """Whether this is the ticket of its request."""
        return ticket == self._ticket

    def timers(self, now_ms: int) -> Iterator[Action]:
        """Ask when it is time."""
        if self._rest is None or self.due_ms is None or now_ms < self.due_ms:
            return
        self.due_ms = now_ms + self._every_ms
        if not self._ticket:
            fetch = self._ask(Purpose.FUNDING, self._rest)
            self._ticket = fetch.ticket
            yield fetch

    def answered(self, now_ms: int, given: Fetched | FetchFailed, target: Target) -> Iterator[Action]:
        """The request is answered; a venue that wants to be left alone is."""
        self._ticket = 0
        if self._rest is None:
            return
        funding = read(self._rest, target, given)
        if isinstance(funding, Unread):
            if funding.retry_after_ms:
                self.due_ms = now_ms + max(funding.retry_after_ms, self._every_ms)
            yield from self._tally.tell("funding_failed", detail=funding.why, status=funding.status)
        else:
            yield Publish(funding, source=Source.REST)
