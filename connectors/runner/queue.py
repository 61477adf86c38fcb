"""What stands between the connectors and the runner: one bounded queue a venue, nothing of a book ever lost.

    books (whole or deltas)   wait for space: the connector reads no further until there is some
    trades, funding           take their place in the queue; if it is full the newest of each kind waits beside it

Three counters tell of pressure, for each venue and in total, in the names readers of the log know:

    mp_lossless_wait_count            a book found the queue full and had to wait
    mp_try_send_full_count            another event found the queue full
    mp_pending_latest_replaced_count  and took the place of an older one that waited beside it
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from connectors.session.events import BookFlaws, EventSource, Note
from connectors.venues.frames import Book, BookDelta, MarketFrame

CAPACITY = 256


class Pressure(StrEnum):
    """The counters, by the names they are logged under."""

    LOSSLESS_WAIT = "mp_lossless_wait_count"
    TRY_SEND_FULL = "mp_try_send_full_count"
    PENDING_REPLACED = "mp_pending_latest_replaced_count"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A market event on its way to the runner, with the times of its arrival here.

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
        """Whether it carries a book."""
        return isinstance(self.event, Book | BookDelta)


class Publisher:
    """The queues of some venues; memory is bounded by their capacity however long the runner stalls."""

    def __init__(self, venues: Iterable[str], capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.counts: Counter[tuple[str, Pressure]] = Counter()
        self.totals: Counter[Pressure] = Counter()
        self.high_water: Counter[str] = Counter()
        self._queues: dict[str, deque[Delivery]] = {venue: deque() for venue in venues}
        self._pending: dict[str, dict[type[MarketFrame], Delivery]] = {venue: {} for venue in self._queues}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values())) + sum(map(len, self._pending.values()))

    def queue_length(self, venue: str) -> int:
        """Events of a venue in its queue."""
        return len(self._queues[venue])

    def offer(self, delivery: Delivery, *, retry: bool = False) -> tuple[bool, list[Note]]:
        """Take an event and tell of pressure; a book that was not taken is offered `again` when there is space."""
        queue = self._queues[delivery.venue]
        if len(queue) < self.capacity:
            queue.append(delivery)
            self.high_water[delivery.venue] = max(self.high_water[delivery.venue], len(queue))
            return True, []
        if delivery.lossless:
            return False, [] if retry else [self._count(delivery.venue, Pressure.LOSSLESS_WAIT)]
        notes = [self._count(delivery.venue, Pressure.TRY_SEND_FULL)]
        pending = self._pending[delivery.venue]
        if type(delivery.event) in pending:
            notes.append(self._count(delivery.venue, Pressure.PENDING_REPLACED))
        pending[type(delivery.event)] = delivery
        return True, notes

    def drain(self) -> list[Delivery]:
        """Everything that is there, venue by venue, each in the order of its arrival."""
        taken: list[Delivery] = []
        for venue, queue in self._queues.items():
            taken += queue
            taken += self._pending[venue].values()
            queue.clear()
            self._pending[venue].clear()
        return taken

    def _count(self, venue: str, pressure: Pressure) -> Note:
        self.totals[pressure] += 1
        self.counts[venue, pressure] += 1
        fields = {"name": pressure.value, "count": self.counts[venue, pressure], "total": self.totals[pressure]}
        return Note("pressure", fields)
