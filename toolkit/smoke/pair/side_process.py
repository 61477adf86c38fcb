"""The process of one side of a pair: it waits until the other side is ready too, runs, and ends with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection

from toolkit.model.errors import InputError, ToolkitError
from toolkit.smoke.live_run import run_connectors
from toolkit.smoke.pair.failed_start import record_failed_start
from toolkit.smoke.pair.messages import (
    Begin,
    ClientRefused,
    EndAt,
    Failed,
    Interrupt,
    Notice,
    Ready,
    Running,
    Stopped,
    VenuesClosed,
)
from toolkit.smoke.pair.plan import CommandSide, ConnectorSide, Side
from toolkit.smoke.supervisor import supervise

MS_PER_S = 1_000
CLOSED_WITHIN_S = 5.0
"""Time that a stopped side waits for the end of the venues, which the other side may still use."""

Receiver = Callable[[ClientRefused | VenuesClosed], object]


def run_side(side: Side, link: Connection) -> None:
    """Run one side as the parent's messages say; the parent's end, also by SIGKILL, stops the run.

    The process leaves the terminal's process group: Ctrl-C reaches the parent, which passes it on.
    """
    os.setsid()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        link.send(Ready())
        begin = link.recv()
        if not isinstance(begin, Begin):
            return
        orders = _Orders(link)
        try:
            _run(side, begin, orders, link)
        except ToolkitError as error:
            link.send(Failed(str(error)))


def _run(side: Side, begin: Begin, orders: _Orders, link: Connection) -> None:
    if isinstance(side, ConnectorSide):
        serve = None if begin.venue_urls is None else partial(_served_by_parent, begin.venue_urls, orders, link)
        run_connectors(side.plan(serve, begin.at_s), side.environment)
        return
    time.sleep(max(0.0, begin.at_s - time.monotonic()))
    try:
        _supervise(side, orders, link)
    except InputError as error:
        record_failed_start(side, error)
        raise


@asynccontextmanager
async def _served_by_parent(
    venue_urls: Mapping[str, str], orders: _Orders, link: Connection, write_notice: Callable[[str], None]
) -> AsyncIterator[Mapping[str, str]]:
    """Lead to the simulated venues of the parent, and pass on which clients they refuse until they are closed."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def take(message: ClientRefused | VenuesClosed) -> None:
        if isinstance(message, ClientRefused):
            write_notice(message.text)
        else:
            closed.set()

    orders.pass_on(lambda message: loop.call_soon_threadsafe(take, message))
    try:
        yield venue_urls
        orders.tell(link, Stopped())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSED_WITHIN_S):
                await closed.wait()
    finally:
        orders.pass_on(None)


def _supervise(side: CommandSide, orders: _Orders, link: Connection) -> None:
    told = False

    def progress(running: bool, since_ms: float) -> None:
        nonlocal told
        if running and not told:
            told = True
            orders.tell(link, Running(time.monotonic() - since_ms / MS_PER_S))

    supervise(
        side.plan, side.environment, progress, lambda text: orders.tell(link, Notice(text)), lambda: orders.end_ms
    )


class _Orders(threading.Thread):
    """Follows the parent's messages in the background; `end_ms` is the time at which the run is over.

    Those about the venues are kept until `pass_on` names a receiver.
    """

    def __init__(self, link: Connection) -> None:
        super().__init__(daemon=True)
        self._link = link
        self.end_ms = math.inf
        self._lock = threading.Lock()
        self._kept: list[ClientRefused | VenuesClosed] = []
        self._receiver: Receiver | None = None
        self.start()

    def run(self) -> None:
        """Follow the messages until the parent is gone, then end the run."""
        try:
            while True:
                match self._link.recv():
                    case EndAt(at_s):
                        self.end_ms = at_s * MS_PER_S
                    case ClientRefused() | VenuesClosed() as message:
                        self._receive(message)
                    case Interrupt():
                        os.kill(os.getpid(), signal.SIGINT)
        except (EOFError, OSError):
            self._receive(VenuesClosed())  # They have ended with the parent.
            os.kill(os.getpid(), signal.SIGTERM)

    def pass_on(self, receiver: Receiver | None) -> None:
        """Pass the messages about the venues on to `receiver`, which is called in the thread; None ends that."""
        with self._lock:
            self._receiver = receiver
            if receiver is not None:
                for message in self._kept:
                    receiver(message)

    def _receive(self, message: ClientRefused | VenuesClosed) -> None:
        with self._lock:
            if self._receiver is None:
                self._kept.append(message)
            else:
                self._receiver(message)

    def tell(self, link: Connection, message: Running | Stopped | Notice) -> None:
        """Send a message; a parent that is gone is no error, because `run` ends the run."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.send(message)
