"""Pool of worker processes that do not import the caller's `__main__` module.

`ProcessPoolExecutor` does, so that a script without `if __name__ == "__main__"` would run again in each worker.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO, Self, TypeVar, cast

_BUFFER_BYTES = 1 << 20
_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from toolkit.streams.worker import main; main()"
)
"""Program of a worker: the first object on its standard input is the caller's module path. `-P` keeps modules of the
working directory from hiding those of the standard library until then."""

T = TypeVar("T")


class WorkerPool:
    """Up to `count` worker processes, each started when it is first needed, and a thread that waits for each.

    Ctrl-C does not reach the workers, which have a process group of their own. They exit when the pool is closed and as
    soon as this process has ended, in the middle of a call too.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, "worker")
        self._processes: list[subprocess.Popen[bytes]] = []
        self._own = threading.local()

    def submit(self, function: Callable[..., T], *arguments: object) -> Future[T]:
        """Call a function of a module of the toolkit in a worker; function, arguments and result are pickled.

        The future raises what the function raises, and `RuntimeError` if the process ends during the call.
        """
        return cast(Future[T], self._threads.submit(self._call, pickle.dumps((function, arguments))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._end_input()
        self._threads.shutdown()
        # A worker may have started since.
        self._end_input()
        for process in self._processes:
            with process:
                pass

    def _end_input(self) -> None:
        for process in self._processes:
            with suppress(BrokenPipeError):
                cast(BinaryIO, process.stdin).close()

    def _call(self, call: bytes) -> object:
        process = self._process()
        tasks, results = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
        try:
            pickle.dump(call, tasks)
            tasks.flush()
            returned, result = pickle.load(results)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise RuntimeError(f"worker process {process.pid} ended before its result was read") from error
        if not returned:
            raise result
        return result

    def _process(self) -> subprocess.Popen[bytes]:
        """Return the worker of this thread, which is started by the first call."""
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            process = self._own.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START],
                bufsize=_BUFFER_BYTES,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                process_group=0,
            )
            self._processes.append(process)
            pickle.dump(sys.path, cast(BinaryIO, process.stdin))
        return process
