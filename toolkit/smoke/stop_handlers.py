"""Handlers of the signals that ask a run to stop, on the event loop of the main thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from toolkit.host import system

_NOT_HANDLED_HERE = (NotImplementedError, RuntimeError, ValueError)
"""Errors of asyncio in a thread that is not the main one, and on Windows: the run then ends by its time alone."""


@contextmanager
def stop_signals_handled(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` for each signal that asks this process to stop, inside the block."""
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
