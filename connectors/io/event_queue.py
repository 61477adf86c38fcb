"""What waits for one connector: everything that happened to it, in order, and bounded.

Who brings a frame waits while the box is full, so that a slow consumer slows the socket and costs no memory. A control
frame is kept once however often it comes. Things of a socket that was left meanwhile are never handed out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from connectors.clock import Clock
from connectors.session.events import Control, ControlReceived, SessionEvent

CAPACITY = 64
NO_SOCKET = 0


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An input, the number of the socket it came by (`OF_NO_SOCKET`: none), and when it came."""

    event: SessionEvent
    socket: int
    at_ms: int
    at_unix_ms: int


class EventQueue:
    """The box of one connector; `socket` is the number of the socket that is listened to."""

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self.socket = NO_SOCKET
        self._clock = clock
        self._capacity = capacity
        self._events: deque[QueuedEvent] = deque()
        self._controls: set[Control] = set()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    def enqueue(self, event: SessionEvent, socket: int = NO_SOCKET) -> None:
        """Leave something, whether or not there is room."""
        self._events.append(QueuedEvent(event, socket, self._clock.now_ms(), self._clock.unix_ms()))
        self._filled.set()

    def enqueue_control(self, control: Control, socket: int) -> None:
        """Leave a control frame, unless its like is waiting already."""
        if socket == self.socket and control not in self._controls:
            self._controls.add(control)
            self.enqueue(ControlReceived(control), socket)

    async def wait_for_space(self) -> None:
        """Wait until there is room for a frame."""
        while len(self._events) >= self._capacity:
            self._emptied.clear()
            await self._emptied.wait()

    def select_socket(self, socket: int) -> None:
        """Take what this socket brings from now on, and nothing of any other."""
        self.socket = socket
        self._controls.clear()

    def dequeue(self) -> QueuedEvent | None:
        """What came first, if anything."""
        while self._events:
            queued = self._events.popleft()
            self._emptied.set()
            if queued.socket in (NO_SOCKET, self.socket):
                if isinstance(queued.event, ControlReceived):
                    self._controls.discard(queued.event.control)
                return queued
        return None

    async def wait(self, for_s: float | None) -> QueuedEvent | None:
        """What comes first within this time (None: however long it takes).

        None only once the event loop has also asked the sockets and found nothing: whatever had arrived comes first.
        """
        if (queued := self.dequeue()) is not None:
            return queued
        self._filled.clear()
        try:
            async with asyncio.timeout(for_s):
                await self._filled.wait()
        except TimeoutError:
            # The sockets are asked between two turns; what they gave reaches this box in the turn after.
            for _ in range(3):
                await asyncio.sleep(0)
        return self.dequeue()
