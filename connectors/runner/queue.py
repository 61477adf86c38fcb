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
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from connectors.session.events import BookFlaws, EventSource, Note
from connectors.venues.frames import Book, BookDelta, MarketFrame

CAPACITY = 256
"""Largest number of events in the queue of one venue."""
CAPACITY_LEVELS = 20_000
"""Number of book levels at which the queue of one venue is full, whatever the number of its events."""
# `isinstance` of a `msgspec.Struct` takes ten times as long as a comparison of types, where it is False.
_LOSSLESS = frozenset({Book, BookDelta})
_ACCEPTED = (True, ())


class Pressure(StrEnum):
    """Counters of queue pressure, by the names in the log."""

    LOSSLESS_WAIT = "mp_lossless_wait_count"
    TRY_SEND_FULL = "mp_try_send_full_count"
    PENDING_REPLACED = "mp_pending_latest_replaced_count"


class Delivery(msgspec.Struct, frozen=True, gc=False):
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
        return type(self.event) in _LOSSLESS

    @property
    def levels(self) -> int:
        """Number of the levels of a book or a book delta, else 0."""
        event = self.event
        return len(event.bids) + len(event.asks) if type(event) is Book or type(event) is BookDelta else 0


class _VenueQueue:
    """The queue of one venue: its events and the levels of them all, its largest length, pending and older events."""

    __slots__ = ("_high_water", "events", "levels", "pending", "set_aside")

    def __init__(self) -> None:
        self.events: deque[Delivery] = deque()
        self.levels = 0
        self._high_water = 0
        self.pending: dict[type[MarketFrame], Delivery] = {}
        self.set_aside: list[Delivery] = []

    def __len__(self) -> int:
        return len(self.events) + len(self.pending) + len(self.set_aside)

    @property
    def high_water(self) -> int:
        """The largest length so far; between two calls of `take` the queue only grows."""
        return max(self._high_water, len(self.events))

    def take(self) -> list[Delivery]:
        """Remove and return the events and the pending events."""
        self._high_water = self.high_water
        taken = [*self.events, *self.pending.values()]
        self.events.clear()
        self.pending.clear()
        self.levels = 0
        return taken


class Publisher:
    """The queues of all venues, each bounded by `capacity` events and by their levels however long the runner stalls.

    `counts` and `totals` are the pressure counters.
    """

    def __init__(self, venues: Iterable[str], capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.counts: Counter[tuple[str, Pressure]] = Counter()
        self.totals: Counter[Pressure] = Counter()
        self._queues = {venue: _VenueQueue() for venue in venues}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def queue_length(self, venue: str) -> int:
        """Return the number of events in a venue's queue, pending events excluded."""
        return len(self._queues[venue].events)

    def high_water(self, venue: str) -> int:
        """Return the largest length of a venue's queue so far."""
        return self._queues[venue].high_water

    def is_full(self, venue: str) -> bool:
        """Return whether the queue of a venue takes no further event."""
        return self._full(self._queues[venue])

    def _full(self, queue: _VenueQueue) -> bool:
        return len(queue.events) >= self.capacity or queue.levels >= CAPACITY_LEVELS

    def offer(self, delivery: Delivery, *, retry: bool = False) -> tuple[bool, Sequence[Note]]:
        """Enqueue an event; return whether it was accepted, and the notes on queue pressure.

        Only a book or a delta is refused. The caller offers it again, with `retry`, when there is space; a retry is not
        counted.
        """
        venue = delivery.venue
        queue = self._queues[venue]
        if not self._full(queue):
            queue.events.append(delivery)
            queue.levels += delivery.levels
            return _ACCEPTED
        if delivery.lossless:
            return False, () if retry else [self._count(venue, Pressure.LOSSLESS_WAIT)]
        notes = [self._count(venue, Pressure.TRY_SEND_FULL)]
        if type(delivery.event) in queue.pending:
            notes.append(self._count(venue, Pressure.PENDING_REPLACED))
        queue.pending[type(delivery.event)] = delivery
        return True, notes

    def set_aside_full(self) -> None:
        """Empty the full queues; `drain` returns their events before later ones.

        The caller bounds memory by the number of calls between two drains.
        """
        for queue in filter(self._full, self._queues.values()):
            queue.set_aside += queue.take()

    def drain(self) -> list[Delivery]:
        """Remove and return all events, venue by venue: the queue in order of arrival, then the pending events."""
        drained: list[Delivery] = []
        for queue in self._queues.values():
            drained += queue.set_aside
            drained += queue.take()
            queue.set_aside.clear()
        return drained

    def _count(self, venue: str, pressure: Pressure) -> Note:
        self.totals[pressure] += 1
        self.counts[venue, pressure] += 1
        fields = {"name": pressure.value, "count": self.counts[venue, pressure], "total": self.totals[pressure]}
        return Note("pressure", fields)
