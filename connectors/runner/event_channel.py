"""Channel that carries market events from the connectors to the runner."""

from __future__ import annotations

import asyncio
from typing import Protocol

from connectors.clock import Clock
from connectors.runner.queue import Delivery, Publisher
from connectors.session.events import Note


class NoteSink(Protocol):
    """Receiver of the connectors' notes."""

    def record_note(self, venue: str, note: Note) -> None:
        """Write a note of a venue's connector."""


class EventChannel:
    """The bounded queues of a run with its clock and journal, and two events: data available, space available.

    No method waits. A caller with an event loop awaits `data_available` or `space_available`; a caller with a virtual
    clock polls them.
    """

    def __init__(self, clock: Clock, publisher: Publisher, journal: NoteSink) -> None:
        self.clock = clock
        self.publisher = publisher
        self.journal = journal
        self.data_available = asyncio.Event()
        self.space_available = asyncio.Event()

    def offer(self, delivery: Delivery, *, retry: bool = False) -> bool:
        """Enqueue a market event and record the notes on queue pressure.

        It returns False for a book that found its queue full. The caller offers that book again, with `retry`, when
        space is available.
        """
        accepted, notes = self.publisher.offer(delivery, retry=retry)
        for note in notes:
            self.journal.record_note(delivery.venue, note)
        if not accepted:
            self.space_available.clear()
        self.data_available.set()
        return accepted
