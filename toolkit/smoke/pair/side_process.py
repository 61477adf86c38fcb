"""The process of one side of a pair: it waits until the other side is ready too, runs, and ends with its parent."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from multiprocessing.connection import Connection

from toolkit.model.errors import InputError, ToolkitError
from toolkit.smoke.live_run import run_connectors
from toolkit.smoke.pair.failed_start import record_failed_start
from toolkit.smoke.pair.messages import Begin, EndAt, Failed, Interrupt, Notice, Ready, Running
from toolkit.smoke.pair.plan import CommandSide, ConnectorSide, Side
from toolkit.smoke.supervisor import supervise

MS_PER_S = 1_000


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
        run_connectors(side.plan(begin.venue_urls, begin.at_s), side.environment)
        return
    time.sleep(max(0.0, begin.at_s - time.monotonic()))
    try:
        _supervise(side, orders, link)
    except InputError as error:
        record_failed_start(side, error)
        raise


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
    """Follows the parent's messages in the background; `end_ms` is the time at which the run is over."""

    def __init__(self, link: Connection) -> None:
        super().__init__(daemon=True)
        self._link = link
        self.end_ms = math.inf
        self.start()

    def run(self) -> None:
        """Follow the messages until the parent is gone, then end the run."""
        try:
            while True:
                match self._link.recv():
                    case EndAt(at_s):
                        self.end_ms = at_s * MS_PER_S
                    case Interrupt():
                        os.kill(os.getpid(), signal.SIGINT)
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGTERM)

    def tell(self, link: Connection, message: Running | Notice) -> None:
        """Send a message; a parent that is gone is no error, because `run` ends the run."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            link.send(message)
