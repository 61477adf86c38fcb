"""Program of a worker process: it calls functions for its parent process, in turn, until its input ends."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
import traceback
from queue import Queue
from typing import BinaryIO

from toolkit.streams.parallel import limit_blas_threads, retain_freed_memory


def main() -> None:
    """Answer each call on standard input with a pickled pair: whether it returned, and its result or exception."""
    gc.disable()
    retain_freed_memory()
    limit_blas_threads()
    calls = Queue[bytes | None]()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as results:
        # Text that a library prints must not get between the results.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        threading.Thread(target=_receive, args=(sys.stdin.buffer, calls), daemon=True).start()
        while (call := calls.get()) is not None:
            pickle.dump(_result(call), results, pickle.HIGHEST_PROTOCOL)
            results.flush()
            calls.task_done()


def _receive(stream: BinaryIO, calls: Queue[bytes | None]) -> None:
    """Queue the calls; abort one that has no result yet when the input ends, because it is not read."""
    try:
        while True:
            calls.put(pickle.load(stream))
    except EOFError:
        if calls.unfinished_tasks:
            os._exit(0)
        calls.put(None)


def _result(call: bytes) -> tuple[bool, object]:
    try:
        function, arguments = pickle.loads(call)
        return True, function(*arguments)
    except Exception as error:  # noqa: BLE001  the caller raises it
        error.add_note("in a worker process:\n" + traceback.format_exc())
        return False, error
