"""Driver of one connector: it passes events to the state machine and performs the machine's actions.

A machine is given each event with its time of arrival. The events and actions of a driver have its share of the event
loop (`connectors.io.turn`), however much its venue sends.

An exception of a machine is a fault of this program, not of the venue. It is logged as a panic of the task, the session
is restarted, and the other venues go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from connectors.clock import Clock
from connectors.io.destinations import peer_host
from connectors.io.event_queue import NO_SOCKET, EventQueue, QueuedEvent
from connectors.io.http import HttpClient
from connectors.io.turn import Turn
from connectors.io.websocket import Socket, open_socket
from connectors.runner.event_channel import EventChannel, NoteSink
from connectors.runner.queue import Delivery, Publisher
from connectors.session.connector import ConnectorState
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Fetch,
    Fetched,
    FetchFailed,
    Note,
    Opened,
    Ping,
    Publish,
    Send,
    SendFailed,
    SessionEvent,
    SocketClosed,
    Started,
    Stop,
    TimePassed,
)
from connectors.venues.spec import Venue
from toolkit.model.vocabulary import ReconnectReason

STOP_TIMEOUT_S = 2.0
"""Time that a stopped driver waits for its background tasks before it cancels them."""


class Machine(Protocol):
    """State machine of a connector or of a side feed; see `connectors.session.connector`."""

    venue: Venue
    state: ConnectorState

    @property
    def due_ms(self) -> int | None:
        """The latest time of the next step."""

    def step(self, now_ms: int, event: SessionEvent) -> list[Action]:
        """Handle one event; return the actions to carry out, in order."""


MachineT = TypeVar("MachineT", bound=Machine)


class FrameRecorder(Protocol):
    """Recorder of what one connector exchanges with its venue."""

    def record_event(self, event: SessionEvent) -> None:
        """Record an event, before the connector handles it."""

    def record_action(self, action: Action) -> None:
        """Record an action, before it is carried out."""


class SharedResources(EventChannel):
    """The event channel and the HTTP client that all drivers of a run share."""

    def __init__(self, clock: Clock, http: HttpClient, publisher: Publisher, journal: NoteSink) -> None:
        super().__init__(clock, publisher, journal)
        self.http = http


class Driver(Generic[MachineT]):
    """Runs one connector, or one side feed of it, until it is stopped.

    `connected` is True once a socket has been open. `failures` counts failed connection attempts and requests;
    `failure` is the detail of the last one.
    """

    def __init__(self, machine: MachineT, shared: SharedResources, recorder: FrameRecorder | None = None) -> None:
        self.machine = machine
        self.venue = machine.venue.name
        self._shared = shared
        self._recorder = recorder
        self._queue = EventQueue(shared.clock)
        self._socket: Socket | None = None
        self._socket_number = 0
        self._socket_task: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None
        self._now_ms = 0
        self._turn = Turn(shared.clock)
        self._panics = 0
        self.connected = False
        self.failures = 0
        self.failure = ""

    async def run(self) -> None:
        """Run the machine from its start until it is stopped; `restart` ends its task and begins another one."""
        self._queue.enqueue(Started())
        try:
            while self.machine.state is not ConnectorState.STOPPED:
                self._work = asyncio.create_task(self._handle_events(), name=f"{self.venue} connector")
                await asyncio.wait([self._work])
                if not self._work.cancelled():
                    await self._work
        finally:
            if self._work is not None:
                self._work.cancel()
                self._background.add(self._work)
            self._disconnect()
            if self._background:
                await asyncio.wait(self._background, timeout=STOP_TIMEOUT_S)
            for task in self._background:
                task.cancel()

    def stop(self) -> None:
        """Stop the connector for good."""
        self._queue.enqueue(Stop())

    def restart(self, reason: ReconnectReason) -> None:
        """End the task of the connector, whatever it waits for, and begin it again; its attempt or session ends."""
        self._disconnect()
        self._queue.enqueue(Stop(reason, restart=True))
        if self._work is not None:
            self._work.cancel()

    def request(self, fetch: Fetch, answered: Callable[[Fetched | FetchFailed], None]) -> None:
        """Make a REST request beside the machine's own; `answered` is called once with the response."""
        self._record_action(fetch)
        self._run_in_background(self._request(fetch, answered))

    async def _handle_events(self) -> None:
        while self.machine.state is not ConnectorState.STOPPED:
            await self._turn.share()
            queued = self._queue.dequeue()
            if queued is None:
                queued = await self._queue.wait(self._timeout_s())
                self._turn.begin()
            await self._step(queued)

    def _timeout_s(self) -> float | None:
        due_ms = self.machine.due_ms
        return None if due_ms is None else max(0.0, (due_ms - self._shared.clock.now_us() / 1_000) / 1_000)

    async def _step(self, queued: QueuedEvent | None) -> None:
        event = TimePassed() if queued is None else queued.event
        self._observe(event)
        self._now_ms = max(self._now_ms, self._shared.clock.now_ms() if queued is None else queued.at_ms)
        began_ns = time.thread_time_ns()
        try:
            actions = self.machine.step(self._now_ms, event)
        except Exception as error:  # noqa: BLE001  a fault in one machine must not stop the other venues
            actions = self._restart_after(error)
        work_us = (time.thread_time_ns() - began_ns) // 1_000
        for action in actions:
            await self._perform(action, queued)
            await self._turn.share()
        await self._turn.rest_after(work_us)

    def _observe(self, event: SessionEvent) -> None:
        if self._recorder is not None:
            self._recorder.record_event(event)
        match event:
            case Opened():
                self.connected = True
            case ConnectFailed(detail=detail) | FetchFailed(detail=detail):
                self.failures += 1
                self.failure = detail

    def _restart_after(self, error: Exception) -> list[Action]:
        self._panics += 1
        innermost = error.__traceback__
        while innermost is not None and innermost.tb_next is not None:
            innermost = innermost.tb_next
        where = "" if innermost is None else f"{innermost.tb_frame.f_code.co_filename}:{innermost.tb_lineno}"
        detail = f"{type(error).__name__}: {error}"
        note = Note("panic", {"count": self._panics, "detail": detail, "where": where})
        self._shared.journal.record_note(self.venue, note)
        return self.machine.step(self._now_ms, Stop(ReconnectReason.TASK_PANIC, restart=True))

    def _record_action(self, action: Action) -> None:
        if self._recorder is not None:
            self._recorder.record_action(action)

    # --- actions of the machine ---------------------------------------------------------------------------------------

    async def _perform(self, action: Action, queued: QueuedEvent | None) -> None:
        self._record_action(action)
        # Books first, because most actions publish one.
        match action:
            case Publish():
                await self._publish(action, queued)
            case Connect():
                self._connect(action)
            case Send(text, ping):
                await self._write(lambda socket: socket.send(text), ping=ping)
            case Ping(payload):
                await self._write(lambda socket: socket.ping(payload), ping=True)
            case Fetch():
                self._run_in_background(self._fetch(action))
            case Close():
                self._disconnect()
            case Note():
                self._shared.journal.record_note(self.venue, action)

    async def _write(self, write: Callable[[Socket], Coroutine[Any, Any, SendFailed | None]], *, ping: bool) -> None:
        if self._socket is None:
            return
        failure = await write(self._socket)
        if failure is not None:
            self._queue.enqueue(SendFailed(failure.detail, ping), self._socket_number)

    async def _publish(self, action: Publish, queued: QueuedEvent | None) -> None:
        clock = self._shared.clock
        received = (clock.now_ms(), clock.unix_ms()) if queued is None else (queued.at_ms, queued.at_unix_ms)
        delivery = Delivery(self.venue, action.event, action.flaws, action.source, *received)
        accepted = self._shared.offer(delivery)
        while not accepted:
            await self._shared.space_available.wait()
            accepted = self._shared.offer(delivery, retry=True)

    # --- the socket ---------------------------------------------------------------------------------------------------

    def _connect(self, action: Connect) -> None:
        self._socket_number += 1
        self._queue.select_socket(self._socket_number)
        self._socket_task = asyncio.create_task(
            self._read_socket(action, self._socket_number), name=f"{self.venue} socket"
        )
        self._socket_task.add_done_callback(partial(self._socket_task_done, self._socket_number))

    def _socket_task_done(self, number: int, task: asyncio.Task[None]) -> None:
        """Report an exception of the task to the machine as a failed or closed socket."""
        if not task.cancelled() and (error := task.exception()) is not None:
            detail = f"{type(error).__name__}: {error}"
            self._queue.enqueue(ConnectFailed(detail) if self._socket is None else SocketClosed(None, detail), number)

    async def _read_socket(self, action: Connect, number: int) -> None:
        """Open a socket and enqueue its frames until it ends."""
        opened = await open_socket(action, lambda control: self._queue.enqueue_control(control, number))
        if isinstance(opened, ConnectFailed):
            self._queue.enqueue(opened, number)
            return
        self._socket = opened
        self._shared.http.destinations.add(opened.address, opened.proxy)
        self._queue.enqueue(Opened(str(opened.proxy or peer_host(opened.address))), number)
        try:
            while True:
                await self._queue.wait_for_space()
                event = await opened.read()
                self._queue.enqueue(event, number)
                if isinstance(event, SocketClosed):
                    return
        finally:
            self._run_in_background(opened.close())

    def _disconnect(self) -> None:
        self._queue.select_socket(NO_SOCKET)
        self._socket = None
        if self._socket_task is not None:
            self._socket_task.cancel()
            self._background.add(self._socket_task)
            self._socket_task.add_done_callback(self._background.discard)
            self._socket_task = None

    # --- background tasks ---------------------------------------------------------------------------------------------

    async def _fetch(self, action: Fetch) -> None:
        self._queue.enqueue(await self._shared.http.fetch(action, self.machine.venue.headers))

    async def _request(self, fetch: Fetch, answered: Callable[[Fetched | FetchFailed], None]) -> None:
        response = await self._shared.http.fetch(fetch, self.machine.venue.headers)
        self._observe(response)
        answered(response)

    def _run_in_background(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
