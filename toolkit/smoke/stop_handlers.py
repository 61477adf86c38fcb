"""Handlers of the signals that ask a run to stop, with and without an event loop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from toolkit.host import system

_NOT_HANDLED_HERE = (NotImplementedError, RuntimeError, ValueError)
"""Errors of asyncio in a thread that is not the main one, and on Windows: the run then ends by its time alone."""


@contextmanager
def stop_signals_handled(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` on the running event loop for each signal that asks this process to stop, inside the block."""
    loop = asyncio.get_running_loop()
    with suppress(*_NOT_HANDLED_HERE):
        for number in system.stop_signals():
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        with suppress(*_NOT_HANDLED_HERE):
            for number in system.stop_signals():
                loop.remove_signal_handler(number)


@contextmanager
def stop_signals_caught(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` for each such signal inside the block, where no event loop runs.

    Outside the main thread the signals keep their effect.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop()) for number in system.stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
