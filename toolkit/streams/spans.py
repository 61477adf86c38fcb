"""Parallel reader of a large uncompressed file: spans of whole lines in order, and the digest of the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from toolkit.streams.blocks import BLOCK_BYTES, LONGEST_LINE_BYTES, Block, blocks
from toolkit.streams.ordered_calls import OrderedCalls
from toolkit.streams.parallel import WORKERS, retain_freed_memory, sha256_of, worker_pool
from toolkit.streams.worker_pool import WorkerPool

Span = tuple[int, int]
"""Byte offsets of the first byte and past the last byte."""

T = TypeVar("T")


@contextmanager
def read_in_parallel(
    path: Path, read: Callable[[Path, int, int], T], span_bytes: int = BLOCK_BYTES
) -> Iterator[SpanReader[T]]:
    """Read a file with `WORKERS` processes and this one.

    `read` gets the path and the two byte offsets of a span. It runs in any of the processes, so it must be picklable.
    """
    # The size is read once, so that a file that still grows is parsed and digested up to the same byte.
    size = path.stat().st_size
    retain_freed_memory()
    with worker_pool() as pool:
        yield SpanReader(path, size, read, span_bytes, pool, WORKERS)


class SpanReader(Generic[T]):
    """Reader of the first `size` bytes of a file, in spans, by worker processes and this process."""

    def __init__(
        self,
        path: Path,
        size: int,
        read: Callable[[Path, int, int], T],
        span_bytes: int,
        pool: WorkerPool,
        workers: int,
    ) -> None:
        digest = self._digest = pool.submit(sha256_of, path, size)
        spans = ((path, *span) for span in line_spans(path, size, span_bytes))
        # The worker that computes the digest gets no spans: all later spans would wait for them.
        self._calls = OrderedCalls(pool, lambda: workers - (not digest.done()), read, spans)

    def results(self) -> Iterator[tuple[int, T]]:
        """Yield the size in bytes of each span and what `read` returned for it, in file order."""
        return ((end - start, result) for (_, start, end), result in self._calls.results())

    def digest(self) -> tuple[int, str]:
        """Wait for the number of bytes read and their hex SHA-256."""
        return self._digest.result()


def line_spans(path: Path, size: int, span_bytes: int) -> Iterator[Span]:
    """Yield spans of whole lines, about `span_bytes` each, that cover the first `size` bytes of a file."""
    start = 0
    with path.open("rb") as file:
        while start < size:
            file.seek(min(start + span_bytes, size))
            # Reads a line in pieces, so that a line of any length needs bounded memory.
            while (piece := file.readline(BLOCK_BYTES)) and not piece.endswith(b"\n") and file.tell() < size:
                pass
            end = min(file.tell(), size)
            yield start, end
            start = end


def span_blocks(
    path: Path, start: int, end: int, block_bytes: int = BLOCK_BYTES, longest: int = LONGEST_LINE_BYTES
) -> Iterator[Block]:
    """Yield the blocks between two byte offsets of a plain file, with lines counted from the first offset."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        for block in blocks(_LimitedReader(file, end - start), block_bytes, longest):
            yield replace(block, first_byte=start + block.first_byte)


class _LimitedReader:
    """Reader of at most the next `limit` bytes of a file."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._remaining = limit

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; empty at the limit or at the end of the file."""
        data = self._file.read(min(size, self._remaining))
        self._remaining -= len(data)
        return data
