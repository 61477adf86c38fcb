"""The processes that help to read large files, and what each has from its beginning.

The module imports nothing else of the toolkit: it is loaded before all that takes long to load.
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
"""Below this a second process costs more than it saves."""

HELPERS = max((os.cpu_count() or 1) - 1, 1)
"""How many there are: with this process as many as processors, two at least."""

_PIECE_BYTES = 1 << 20
_READER, _LOG_READER = "toolkit.telemetry.columns", "toolkit.runlog.bulk.block"
_called: list[ProcessPoolExecutor] = []


def call(paths: Iterable[str]) -> None:
    """Have helpers begin where a file is large, so that they are there when this process has loaded what it needs."""
    _without_linear_algebra()
    large = [file for path in paths for file in _large_files(Path(path))]
    if large and not _called and (os.cpu_count() or 1) > 1:
        pool = crew()
        with deaf_to_interrupts():
            pool.submit(_load, _READER if large[0].suffix == ".jsonl" else _LOG_READER)
        _called.append(pool)


def _without_linear_algebra() -> None:
    # Nothing here uses it, and its threads would begin by spinning for as long as numpy takes to load.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def crew() -> ProcessPoolExecutor:
    """The helpers that were called, else new ones."""
    return _called.pop() if _called else ProcessPoolExecutor(HELPERS, get_context("spawn"), initializer=begin)


def _large_files(path: Path) -> list[Path]:
    try:
        files = path.iterdir() if path.is_dir() else [path]
        return [file for file in files if file.is_file() and file.stat().st_size >= PARALLEL_FROM_BYTES]
    except OSError:
        # Who reads it will say what is wrong with it.
        return []


def _load(module: str) -> None:
    # A module could not be sent back.
    import_module(module)


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """What is started here never hears Ctrl-C, which is for this process to answer; it does so when all are started."""
    heard: list[int] = []
    in_charge = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number)) if in_charge else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if in_charge:
            signal.signal(signal.SIGINT, handler if handler is not None else signal.SIG_DFL)
    if heard:
        raise KeyboardInterrupt


@contextmanager
def few_collections() -> Iterator[None]:
    """Records hold no cycles, and the search for some among them takes a quarter of the time that reading takes."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def begin() -> None:
    """Make ready to help, for as long as the process that asked for it is there; no cycles are searched for."""
    gc.disable()
    keep_what_is_freed()
    _without_linear_algebra()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def keep_what_is_freed() -> None:
    """Have large arrays made anew and anew in memory that the process already has.

    An allocator that gives back each array of some megabytes costs a sixth of the time that taking lines apart takes.
    The common one (glibc) keeps what is smaller than the largest piece ever freed; 32 MiB is as far as it goes.
    """
    bytes((32 << 20) - (1 << 16))


def _end_with_parent() -> None:
    # A process that was killed could not tell its helpers to end; they would wait for work for ever.
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def sha256_of(path: Path, size: int) -> tuple[int, str]:
    """How many of the first `size` bytes of a file there are, and their SHA-256 in hexadecimal digits."""
    digest, buffer, left = hashlib.sha256(), memoryview(bytearray(_PIECE_BYTES)), size
    with path.open("rb", buffering=0) as file:
        while left and (count := file.readinto(buffer[:left])):
            digest.update(buffer[:count])
            left -= count
    return size - left, digest.hexdigest()
