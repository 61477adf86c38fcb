"""Worker processes that help to read large files.

The command line imports this module before all others, so it imports little.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from toolkit.streams.worker_pool import WorkerPool

PARALLEL_FROM_BYTES = 50 << 20
"""Size of a file below which a second process costs more time than it saves."""

_MAX_WORKERS = 3
"""Telemetry, the largest of files, keeps three busy: this process inserts their rows. Each takes about 100 MiB."""
WORKERS = min(max((os.cpu_count() or 1) - 1, 1), _MAX_WORKERS)
"""Number of worker processes: one per processor besides this process, within these limits."""

_READ_BYTES = 1 << 20
_TELEMETRY_MODULE, _LOG_MODULE = "toolkit.telemetry.block_reader", "toolkit.runlog.bulk.block"
_prestarted: list[WorkerPool] = []


def prestart_workers(paths: Iterable[str]) -> None:
    """Start worker processes if a file under `paths` is large, while this process imports other modules.

    A worker imports the reader of the first large file. On a machine with one processor no worker is started. A path
    that cannot be read is skipped: the reader reports it.
    """
    limit_blas_threads()
    large = [file for path in paths for file in _large_files(Path(path))]
    if large and not _prestarted and (os.cpu_count() or 1) > 1:
        pool = worker_pool()
        pool.submit(_import, _TELEMETRY_MODULE if large[0].suffix == ".jsonl" else _LOG_MODULE)
        _prestarted.append(pool)


def limit_blas_threads() -> None:
    """Have numpy start no OpenBLAS threads, which would busy-wait while numpy is imported and are not used."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def worker_pool() -> WorkerPool:
    """Return the prestarted pool, or a new pool of `WORKERS` processes."""
    if _prestarted:
        return _prestarted.pop()
    return WorkerPool(WORKERS)


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


def retain_freed_memory() -> None:
    """Have the allocator reuse the memory of freed arrays of some megabytes.

    Returning each such array to the system costs a sixth of the parsing time. glibc keeps freed blocks up to the size
    of the largest block freed so far, 32 MiB at most; this frees a block of about that size once.
    """
    bytes((32 << 20) - (1 << 16))


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
