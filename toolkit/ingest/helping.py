"""What a process that helps to read has from its beginning: the module imports nothing else of the toolkit."""

from __future__ import annotations

import gc
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path

_PIECE_BYTES = 1 << 20


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
    threading.Thread(target=_end_with_parent, daemon=True).start()


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
