"""Worker processes that help to read large files.

The command line imports this module before all others, so it imports nothing else of the toolkit.
"""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context, parent_process
from pathlib import Path

PARALLEL_FROM_BYTES = 50 << 20
"""Size of a file below which a second process costs more time than it saves."""

WORKERS = max((os.cpu_count() or 1) - 1, 1)
"""Number of worker processes: one per processor besides this process, at least one."""

_READ_BYTES = 1 << 20
_TELEMETRY_MODULE, _LOG_MODULE = "toolkit.telemetry.block_reader", "toolkit.runlog.bulk.block"
_prestarted: list[ProcessPoolExecutor] = []


def prestart_workers(paths: Iterable[str]) -> None:
    """Start worker processes if a file under `paths` is large, while this process imports other modules.

    A worker imports the reader of the first large file. On a machine with one processor no worker is started. A path
    that cannot be read is skipped: the reader reports it.
    """
    _limit_blas_threads()
    large = [file for path in paths for file in _large_files(Path(path))]
    if large and not _prestarted and (os.cpu_count() or 1) > 1:
        pool = worker_pool()
        with ignore_sigint_in_children():
            pool.submit(_import, _TELEMETRY_MODULE if large[0].suffix == ".jsonl" else _LOG_MODULE)
        _prestarted.append(pool)


def _limit_blas_threads() -> None:
    # The toolkit uses no linear algebra, and OpenBLAS threads would busy-wait while numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def worker_pool() -> ProcessPoolExecutor:
    """Return the prestarted pool, or a new pool of `WORKERS` processes."""
    if _prestarted:
        return _prestarted.pop()
    return ProcessPoolExecutor(WORKERS, get_context("spawn"), initializer=initialize_worker)


def _large_files(path: Path) -> list[Path]:
    try:
        files = path.iterdir() if path.is_dir() else [path]
        return [file for file in files if file.is_file() and file.stat().st_size >= PARALLEL_FROM_BYTES]
    except OSError:
        return []


def _import(module: str) -> None:
    # Returns nothing, because a module cannot be pickled.
    import_module(module)


@contextmanager
def ignore_sigint_in_children() -> Iterator[None]:
    """Have processes started inside the block ignore Ctrl-C, which the parent handles.

    A Ctrl-C inside the block raises `KeyboardInterrupt` at its end.
    """
    received: list[int] = []
    in_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: received.append(number)) if in_main_thread else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if in_main_thread:
            signal.signal(signal.SIGINT, handler if handler is not None else signal.SIG_DFL)
    if received:
        raise KeyboardInterrupt


@contextmanager
def gc_paused() -> Iterator[None]:
    """Disable cyclic garbage collection inside the block.

    Records form no reference cycles, and searching them for cycles takes a quarter of the reading time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def initialize_worker() -> None:
    """Prepare a worker process: no garbage collection, and an exit as soon as its parent process has ended."""
    gc.disable()
    retain_freed_memory()
    _limit_blas_threads()
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def retain_freed_memory() -> None:
    """Have the allocator reuse the memory of freed arrays of some megabytes.

    Returning each such array to the system costs a sixth of the parsing time. glibc keeps freed blocks up to the size
    of the largest block freed so far, 32 MiB at most; this frees a block of about that size once.
    """
    bytes((32 << 20) - (1 << 16))


def _exit_with_parent() -> None:
    # A parent that was killed cannot shut down its workers, which would then wait for work forever.
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def sha256_of(path: Path, size: int) -> tuple[int, str]:
    """Return how many of the first `size` bytes of a file exist, and the hex SHA-256 of those bytes.

    Raises `OSError` for a file that cannot be read.
    """
    digest, buffer, remaining = hashlib.sha256(), memoryview(bytearray(_READ_BYTES)), size
    with path.open("rb", buffering=0) as file:
        while remaining and (count := file.readinto(buffer[:remaining])):
            digest.update(buffer[:count])
            remaining -= count
    return size - remaining, digest.hexdigest()
