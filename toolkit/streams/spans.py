"""A large plain file read by all processors: spans of whole lines in order, the digest of all of it beside them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from toolkit.streams.blocks import BLOCK_BYTES
from toolkit.streams.parallel import HELPERS, crew, deaf_to_interrupts, keep_what_is_freed, sha256_of

_AHEAD, _MOST_WAITING = 4, 8
"""Spans that a process has before it, and that may wait for an earlier one: memory must not grow with the file."""

Span = tuple[int, int]
T = TypeVar("T")


@contextmanager
def reading(path: Path, read: Callable[[Path, int, int], T], span_bytes: int = BLOCK_BYTES) -> Iterator[Spans[T]]:
    """Read a file by as many processes as there are processors, two at least, of which this is one.

    `read` is given the file and the two byte offsets of a span, in whichever process: it is pickled.
    """
    # One size for all: a file that still grows is read and digested up to the same byte.
    size = path.stat().st_size
    keep_what_is_freed()
    with crew() as pool:
        yield Spans(path, size, read, span_bytes, pool, HELPERS)


@dataclass
class Spans(Generic[T]):
    """The spans of one file on their way; `size` bytes of it are read."""

    path: Path
    size: int
    read: Callable[[Path, int, int], T]
    span_bytes: int
    pool: ProcessPoolExecutor
    helpers: int

    def __post_init__(self) -> None:
        with deaf_to_interrupts():
            self._digest = self.pool.submit(sha256_of, self.path, self.size)
        self._left = cut(self.path, self.size, self.span_bytes)
        self._waiting: deque[tuple[int, Future[T]]] = deque()

    def results(self) -> Iterator[tuple[int, T]]:
        """Each span's size and what was read of it, in the file's order."""
        while True:
            self._give_out()
            if not self._waiting and not self._read_one():
                return
            octets, first = self._waiting[0]
            if not first.done() and len(self._waiting) < _MOST_WAITING and self._read_one():
                continue
            self._waiting.popleft()
            yield octets, first.result()

    def digest(self) -> tuple[int, str]:
        """How many bytes were read, and their SHA-256."""
        return self._digest.result()

    def _give_out(self) -> None:
        # A process that takes the digest has enough to do; its spans would keep all later ones waiting.
        free = self.helpers - (not self._digest.done())
        before_them = sum(not result.done() for _, result in self._waiting)
        for start, end in islice(self._left, max(_AHEAD * free - before_them, 0)):
            self._waiting.append((end - start, self.pool.submit(self.read, self.path, start, end)))

    def _read_one(self) -> bool:
        """Read the next span in this process; false where none is left."""
        for start, end in islice(self._left, 1):
            result: Future[T] = Future()
            result.set_result(self.read(self.path, start, end))
            self._waiting.append((end - start, result))
            return True
        return False


def cut(path: Path, size: int, span_bytes: int) -> Iterator[Span]:
    """Byte spans of whole lines of about `span_bytes` each, of the first `size` bytes."""
    start = 0
    with path.open("rb") as file:
        while start < size:
            file.seek(min(start + span_bytes, size))
            # A line of any length is passed over in pieces.
            while (piece := file.readline(BLOCK_BYTES)) and not piece.endswith(b"\n") and file.tell() < size:
                pass
            end = min(file.tell(), size)
            yield start, end
            start = end
