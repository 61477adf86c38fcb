"""How events go over from connectors to the runner: bounded queues, one clock, one journal, and a bell each way."""

from __future__ import annotations

import asyncio
from typing import Protocol

from connectors.clock import Clock
from connectors.runner.queue import Delivery, Publisher
from connectors.session.events import Note


class NoteSink(Protocol):
    """Where notes go."""

    def record_note(self, venue: str, note: Note) -> None:
        """Write one down."""


class EventChannel:
    """What connectors and runner share; `offered` rings when there is something to take, `drained` when there is room.

    Nothing here waits: whoever has an event loop waits for the bells, whoever has a clock of its own looks at them.
    """

    def __init__(self, clock: Clock, publisher: Publisher, journal: NoteSink) -> None:
        self.clock = clock
        self.publisher = publisher
        self.journal = journal
        self.data_available = asyncio.Event()
        self.space_available = asyncio.Event()

    def offer(self, delivery: Delivery, *, retry: bool = False) -> bool:
        """Hand over an event; False for a book that found no room and is to be offered `again` once there is some."""
        taken, notes = self.publisher.offer(delivery, retry=retry)
        for note in notes:
            self.journal.record_note(delivery.venue, note)
        if not taken:
            self.space_available.clear()
        self.data_available.set()
        return taken
