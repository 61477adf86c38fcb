"""Bounded queue of the events of one connector, in order of arrival.

A reader of frames waits while the queue is full, so that a slow consumer slows the socket instead of using memory.
Duplicate control frames are dropped, and so are events of a socket that has been replaced.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from connectors.clock import Clock
from connectors.session.events import Control, ControlReceived, Received, SessionEvent

CAPACITY = 64
CAPACITY_BYTES = 2 * 1024 * 1024
"""Number of events, and bytes of their frames, at which a reader of frames waits."""
NO_SOCKET = 0
"""The socket number of events that belong to no socket; the numbers of sockets begin at 1."""


class QueuedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event, the number of its socket (or `NO_SOCKET`), and its time of arrival in ms.

    `at_ms` is monotonic, `at_unix_ms` the wall clock.
    """

    event: SessionEvent
    socket: int
    at_ms: int
    at_unix_ms: int


class EventQueue:
    """The events that wait for one connector; `socket` is the number of the current socket.

    `capacity` bounds the frames, because their reader awaits `wait_for_space`. Other events are always accepted.
    """

    def __init__(self, clock: Clock, capacity: int = CAPACITY) -> None:
        self.socket = NO_SOCKET
        self._clock = clock
        self._capacity = capacity
        self._events: deque[QueuedEvent] = deque()
        self._bytes = 0
        self._controls: set[Control] = set()
        self._data_available = asyncio.Event()
        self._space_available = asyncio.Event()

    def enqueue(self, event: SessionEvent, socket: int = NO_SOCKET) -> None:
        """Add an event with the present time, even if the queue is full."""
        if isinstance(event, Received):
            self._bytes += len(event.data)
        at_ms, at_unix_ms = self._clock.now_and_unix_ms()
        self._events.append(QueuedEvent(event, socket, at_ms, at_unix_ms))
        self._data_available.set()

    def enqueue_control(self, control: Control, socket: int) -> None:
        """Add a control frame; duplicates and frames of other sockets are dropped."""
        if socket == self.socket and control not in self._controls:
            self._controls.add(control)
            self.enqueue(ControlReceived(control), socket)

    async def wait_for_space(self) -> None:
        """Wait until fewer than `capacity` events and fewer than `CAPACITY_BYTES` bytes are queued."""
        while len(self._events) >= self._capacity or self._bytes >= CAPACITY_BYTES:
            self._space_available.clear()
            await self._space_available.wait()

    def select_socket(self, socket: int) -> None:
        """Make `socket` the current socket; events of any other socket are dropped from now on."""
        self.socket = socket
        self._controls.clear()

    def dequeue(self) -> QueuedEvent | None:
        """Remove and return the oldest event, or return None if there is none."""
        while self._events:
            queued = self._events.popleft()
            event, socket = queued.event, queued.socket
            if isinstance(event, Received):
                self._bytes -= len(event.data)
            self._space_available.set()
            if socket == self.socket or socket == NO_SOCKET:
                if isinstance(event, ControlReceived):
                    self._controls.discard(event.control)
                return queued
        return None

    async def wait(self, timeout_s: float | None) -> QueuedEvent | None:
        """Wait at most `timeout_s` (None: without limit), then remove and return the oldest event.

        It returns None only after the event loop has polled the sockets once more, so that data which had already
        arrived comes before a timeout.
        """
        if (queued := self.dequeue()) is not None:
            return queued
        self._data_available.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._data_available.wait()
        except TimeoutError:
            # The loop polls the sockets between two iterations; their data reaches this queue in the next iteration.
            for _ in range(3):
                await asyncio.sleep(0)
        return self.dequeue()
