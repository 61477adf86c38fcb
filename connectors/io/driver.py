"""One connector, alive: performs what its machine answers, and brings it what happens.

A machine that fails is a fault of this program, not of the venue. It is told so in the log, as a panic of the task, the
session begins anew, and the other venues go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

from connectors.clock import Clock
from connectors.io.event_queue import NO_SOCKET, EventQueue, QueuedEvent
from connectors.io.http import HttpClient
from connectors.io.websocket import Socket, open_socket
from connectors.runner.event_channel import EventChannel, NoteSink
from connectors.runner.queue import Delivery, Publisher
from connectors.session.connector import Connector, ConnectorState
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Fetch,
    FetchFailed,
    Note,
    Opened,
    Ping,
    Publish,
    Received,
    Send,
    SendFailed,
    SessionEvent,
    SocketClosed,
    Started,
    Stop,
    TimePassed,
)
from toolkit.model.vocabulary import ReconnectReason

STOP_TIMEOUT_S = 2.0
"""How long a connector may take to end when it is told to."""


class FrameRecorder(Protocol):
    """Where frames go, as they cross the wire."""

    def sent(self, text: str) -> None:
        """A text frame left."""

    def received(self, data: str | bytes) -> None:
        """A data frame came."""

    def fetched(self, call: str, body: bytes) -> None:
        """A REST body came."""


class SharedResources(EventChannel):
    """A handover with the REST door that its connectors share."""

    def __init__(self, clock: Clock, rest: HttpClient, publisher: Publisher, journal: NoteSink) -> None:
        super().__init__(clock, publisher, journal)
        self.rest = rest


class Driver:
    """Runs one connector until it is stopped.

    `connected` says whether a socket was ever open, `failures` how many attempts or requests came to nothing, and
    `failure` what the last of them said.
    """

    def __init__(self, machine: Connector, shared: SharedResources, recorder: FrameRecorder | None = None) -> None:
        self.machine = machine
        self.venue = machine.venue.name
        self._shared = shared
        self._recorder = recorder
        self._queue = EventQueue(shared.clock)
        self._socket: Socket | None = None
        self._sockets = 0
        self._line: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._panics = 0
        self.connected = False
        self.failures = 0
        self.failure = ""

    async def run(self) -> None:
        """Drive the machine from its start to its stop."""
        self._queue.enqueue(Started())
        try:
            while self.machine.state is not ConnectorState.STOPPED:
                queued = await self._queue.wait(self._patience_s())
                await self._step(queued)
        finally:
            self._hang_up()
            if self._errands:
                await asyncio.wait(self._errands, timeout=STOP_TIMEOUT_S)
            for task in self._errands:
                task.cancel()

    def stop(self) -> None:
        """End for good."""
        self._queue.enqueue(Stop())

    def restart(self, reason: ReconnectReason) -> None:
        """End the session that is open, if one is, and begin anew."""
        self._queue.enqueue(Stop(reason, restart=True))

    def _patience_s(self) -> float | None:
        due_ms = self.machine.due_ms
        return None if due_ms is None else max(0.0, (due_ms - self._shared.clock.now_us() / 1_000) / 1_000)

    async def _step(self, queued: QueuedEvent | None) -> None:
        given = TimePassed() if queued is None else queued.event
        self._observe(given)
        try:
            actions = self.machine.step(self._shared.clock.now_ms(), given)
        except Exception as error:  # noqa: BLE001  whatever it is, it must not take the other venues along
            actions = self._panicked(error)
        for action in actions:
            await self._perform(action, queued)

    def _observe(self, given: SessionEvent) -> None:
        match given:
            case Opened():
                self.connected = True
            case ConnectFailed(detail=detail) | FetchFailed(detail=detail):
                self.failures += 1
                self.failure = detail
            case Received(data) if self._recorder is not None:
                self._recorder.received(data)

    def _panicked(self, error: Exception) -> list[Action]:
        self._panics += 1
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
        detail = f"{type(error).__name__}: {error}"
        note = Note("panic", {"count": self._panics, "detail": detail, "where": where})
        self._shared.journal.record_note(self.venue, note)
        return self.machine.step(self._shared.clock.now_ms(), Stop(ReconnectReason.TASK_PANIC, restart=True))

    # --- what the machine wants -----------------------------------------------------------------------------------

    async def _perform(self, action: Action, queued: QueuedEvent | None) -> None:
        match action:
            case Connect():
                self._dial(action)
            case Send(text, ping):
                if self._recorder is not None and self._socket is not None:
                    self._recorder.sent(text)
                await self._write(lambda socket: socket.send(text), ping=ping)
            case Ping(payload):
                await self._write(lambda socket: socket.ping(payload), ping=True)
            case Publish():
                await self._publish(action, queued)
            case Fetch():
                self._do(self._fetch(action))
            case Close():
                self._hang_up()
            case Note():
                self._shared.journal.record_note(self.venue, action)

    async def _write(self, write: Callable[[Socket], Coroutine[Any, Any, SendFailed | None]], *, ping: bool) -> None:
        if self._socket is None:
            return
        failed = await write(self._socket)
        if failed is not None:
            self._queue.enqueue(SendFailed(failed.detail, ping), self._sockets)

    async def _publish(self, action: Publish, queued: QueuedEvent | None) -> None:
        clock = self._shared.clock
        at = (clock.now_ms(), clock.unix_ms()) if queued is None else (queued.at_ms, queued.at_unix_ms)
        delivery = Delivery(self.venue, action.event, action.flaws, action.source, *at)
        taken = self._shared.offer(delivery)
        while not taken:
            await self._shared.space_available.wait()
            taken = self._shared.offer(delivery, retry=True)

    # --- the line to the venue ------------------------------------------------------------------------------------

    def _dial(self, wanted: Connect) -> None:
        self._sockets += 1
        self._queue.select_socket(self._sockets)
        self._line = asyncio.create_task(self._talk(wanted, self._sockets), name=f"{self.venue} socket")
        self._line.add_done_callback(partial(self._line_ended, self._sockets))

    def _line_ended(self, number: int, line: asyncio.Task[None]) -> None:
        """A line that broke by a fault of ours is an end like any other to the machine."""
        if not line.cancelled() and (error := line.exception()) is not None:
            detail = f"{type(error).__name__}: {error}"
            self._queue.enqueue(ConnectFailed(detail) if self._socket is None else SocketClosed(None, detail), number)

    async def _talk(self, wanted: Connect, number: int) -> None:
        """Open a socket and bring in what comes by it, up to its end."""
        met = await open_socket(wanted, lambda control: self._queue.enqueue_control(control, number))
        if isinstance(met, ConnectFailed):
            self._queue.enqueue(met, number)
            return
        self._socket = met
        self._queue.enqueue(Opened(), number)
        try:
            while True:
                await self._queue.wait_for_space()
                came = await met.read()
                self._bring(came, number)
                if isinstance(came, SocketClosed):
                    return
        finally:
            self._do(met.close())

    def _bring(self, came: bytes | SocketClosed, number: int) -> None:
        self._queue.enqueue(came if isinstance(came, SocketClosed) else Received(came), number)

    def _hang_up(self) -> None:
        self._queue.select_socket(NO_SOCKET)
        self._socket = None
        if self._line is not None:
            self._line.cancel()
            self._errands.add(self._line)
            self._line.add_done_callback(self._errands.discard)
            self._line = None

    # --- errands --------------------------------------------------------------------------------------------------

    async def _fetch(self, wanted: Fetch) -> None:
        given: SessionEvent = await self._shared.rest.fetch(wanted, self.machine.venue.headers)
        if self._recorder is not None and (body := getattr(given, "body", None)) is not None:
            self._recorder.fetched(wanted.call.path, body)
        self._queue.enqueue(given)

    def _do(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
