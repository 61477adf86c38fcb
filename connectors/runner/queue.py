"""Bounded queues between the connectors and the runner, one per venue; no book update is ever lost.

    books and book deltas   wait for space: the connector stops reading until there is some
    trades, funding         are queued; if the queue is full, the newest of each kind is kept as pending

A full queue can be set aside until the next `drain`, so that its connector goes on while the runner has no tick.

Three counters measure queue pressure, per venue and in total. Their names are those that log readers parse:

    mp_lossless_wait_count            books and deltas that found the queue full and had to wait
    mp_try_send_full_count            other events that found the queue full
    mp_pending_latest_replaced_count  of these, events that replaced an older pending event of their kind
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from connectors.session.events import BookFlaws, EventSource, Note
from connectors.venues.frames import Book, BookDelta, MarketFrame

CAPACITY = 256
"""Largest number of events in the queue of one venue."""
CAPACITY_LEVELS = 40_000
"""Number of book levels at which the queue of one venue is full, whatever the number of its events."""
_LOSSLESS = (Book, BookDelta)


class Pressure(StrEnum):
    """Counters of queue pressure, by the names in the log."""

    LOSSLESS_WAIT = "mp_lossless_wait_count"
    TRY_SEND_FULL = "mp_try_send_full_count"
    PENDING_REPLACED = "mp_pending_latest_replaced_count"


class Delivery(msgspec.Struct, frozen=True):
    """A market event for the runner, with its times of arrival in ms.

    `received_ms` is monotonic, `received_unix_ms` the wall clock.
    """

    venue: str
    event: MarketFrame
    flaws: BookFlaws
    source: EventSource
    received_ms: int
    received_unix_ms: int

    @property
    def lossless(self) -> bool:
        """True for a book or a book delta, which must not be lost."""
        return isinstance(self.event, _LOSSLESS)

    @property
    def levels(self) -> int:
        """Number of the levels of a book or a book delta, else 0."""
        event = self.event
        return len(event.bids) + len(event.asks) if isinstance(event, _LOSSLESS) else 0


class Publisher:
    """The queues of all venues, each bounded by `capacity` events and by their levels however long the runner stalls.

    `high_water` is the largest length of each queue so far; `counts` and `totals` are the pressure counters.
    """

    def __init__(self, venues: Iterable[str], capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.counts: Counter[tuple[str, Pressure]] = Counter()
        self.totals: Counter[Pressure] = Counter()
        self.high_water: Counter[str] = Counter()
        self._queues: dict[str, deque[Delivery]] = {venue: deque() for venue in venues}
        self._levels: Counter[str] = Counter()
        self._pending: dict[str, dict[type[MarketFrame], Delivery]] = {venue: {} for venue in self._queues}
        self._set_aside: dict[str, list[Delivery]] = {venue: [] for venue in self._queues}

    def __len__(self) -> int:
        return sum(len(each) for kept in (self._queues, self._pending, self._set_aside) for each in kept.values())

    def queue_length(self, venue: str) -> int:
        """Return the number of events in a venue's queue, pending events excluded."""
        return len(self._queues[venue])

    def is_full(self, venue: str) -> bool:
        """Return whether the queue of a venue takes no further event."""
        return len(self._queues[venue]) >= self.capacity or self._levels[venue] >= CAPACITY_LEVELS

    def offer(self, delivery: Delivery, *, retry: bool = False) -> tuple[bool, list[Note]]:
        """Enqueue an event; return whether it was accepted, and the notes on queue pressure.

        Only a book or a delta is refused. The caller offers it again, with `retry`, when there is space; a retry is not
        counted.
        """
        venue = delivery.venue
        if not self.is_full(venue):
            queue = self._queues[venue]
            queue.append(delivery)
            self._levels[venue] += delivery.levels
            if len(queue) > self.high_water[venue]:
                self.high_water[venue] = len(queue)
            return True, []
        if delivery.lossless:
            return False, [] if retry else [self._count(venue, Pressure.LOSSLESS_WAIT)]
        notes = [self._count(venue, Pressure.TRY_SEND_FULL)]
        pending = self._pending[venue]
        if type(delivery.event) in pending:
            notes.append(self._count(venue, Pressure.PENDING_REPLACED))
        pending[type(delivery.event)] = delivery
        return True, notes

    def set_aside_full(self) -> None:
        """Empty the full queues; `drain` returns their events before later ones.

        The caller bounds memory by the number of calls between two drains.
        """
        for venue in filter(self.is_full, self._queues):
            self._set_aside[venue] += self._taken(venue)

    def drain(self) -> list[Delivery]:
        """Remove and return all events, venue by venue: the queue in order of arrival, then the pending events."""
        drained: list[Delivery] = []
        for venue, kept in self._set_aside.items():
            drained += kept
            drained += self._taken(venue)
            kept.clear()
        return drained

    def _taken(self, venue: str) -> list[Delivery]:
        queue, pending = self._queues[venue], self._pending[venue]
        taken = [*queue, *pending.values()]
        queue.clear()
        pending.clear()
        del self._levels[venue]
        return taken

    def _count(self, venue: str, pressure: Pressure) -> Note:
        self.totals[pressure] += 1
        self.counts[venue, pressure] += 1
        fields = {"name": pressure.value, "count": self.counts[venue, pressure], "total": self.totals[pressure]}
        return Note("pressure", fields)
