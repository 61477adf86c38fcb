"""Bytes of a file as blocks of whole lines: decompressed, digested, counted, and never more than a block in memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self, cast

import numpy as np
import zstandard

from toolkit.streams.zstd_frames import is_complete

BLOCK_BYTES = 4 << 20
_READ_BYTES = 2 << 20
"""A stream comes in smaller blocks: while one is worked on, the next is unpacked."""
LONGEST_LINE_BYTES = 128 << 20
"""A longer line is set aside unread: no producer writes one, and memory must stay bounded."""

_NEWLINE, _PIECE_BYTES = ord("\n"), 64 << 10
_DAMAGES = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, zstandard.ZstdError)
_DAMAGED = "compressed file is damaged or cut short"
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class DecompressedStream(io.RawIOBase):
    """A readable stream of a file's decompressed bytes, with the digest and size of what was read so far.

    A compressed file that is cut short or damaged ends where its readable part ends; `damage` then says why.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._sha256 = hashlib.sha256()
        self.size = 0
        self.damage: str | None = None
        try:
            self._inner = _unpacked(raw)
        except _DAMAGES as error:
            self._inner, self.damage = io.BytesIO(), f"{_DAMAGED}: {error}"
        self.compressed = self._inner is not raw

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes read so far."""
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        """Always true: the stream is for reading only."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` from the file; 0 at its end, or where its damage begins."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes, or all that are left; none at the file's end, or where its damage begins."""
        if size < 0:
            return self.readall()
        try:
            data = self._inner.read(size) or b""
        except _DAMAGES as error:
            self.damage = f"{_DAMAGED}: {error}"
            data = b""
        if not data and self.damage is None and isinstance(self._inner, zstandard.ZstdDecompressionReader):
            self.damage = None if is_complete(self._raw) else f"{_DAMAGED}: it ends within a frame"
        self._sha256.update(data)
        self.size += len(data)
        return data

    def close(self) -> None:
        """Close the file beneath."""
        if not self.closed:
            self._inner.close()
            self._raw.close()
        super().close()


def _unpacked(raw: BinaryIO) -> BinaryIO:
    head = raw.read(4)
    raw.seek(0)
    if head.startswith(_GZIP):
        return cast(BinaryIO, _Gzip(fileobj=raw, mode="rb"))
    if head == _ZSTD:
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))
    return raw


class _Gzip(gzip.GzipFile):
    """Gives what could still be decompressed before it complains about the end."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read1(size if size is not None else -1)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive lines of a file.

    `data` ends after a newline, but for the file's last block when its last line has none (`torn`).
    `first_line` is one-based, `first_byte` zero-based. `skipped` is a single line too long to be read, with empty data.
    """

    data: bytes
    first_line: int
    first_byte: int
    torn: bool = False
    skipped: bool = False


class Readable(Protocol):
    """What gives its bytes piece by piece; none at its end."""

    def read(self, size: int, /) -> bytes:
        """Read at most `size` bytes."""


def blocks(
    stream: Readable | DecompressedStream, size: int = _READ_BYTES, longest: int = LONGEST_LINE_BYTES
) -> Iterator[Block]:
    """Cut a stream into blocks of whole lines of about `size` bytes; the final fragment comes alone and torn."""
    with _Ahead(stream) as pieces:
        yield from _blocks(pieces, size, longest)


def _blocks(stream: Readable, size: int, longest: int) -> Iterator[Block]:
    line, byte, carry = 1, 0, b""
    while piece := stream.read(size):
        cut = piece.rfind(b"\n") + 1
        if not cut:
            carry += piece
            if len(carry) > longest:
                skipped, carry = _skip_line(stream, len(carry), size)
                yield Block(b"", line, byte, skipped=True)
                line, byte = line + 1, byte + skipped
            continue
        data = carry + piece[:cut]
        carry = piece[cut:]
        yield Block(data, line, byte)
        line, byte = line + count_newlines(data), byte + len(data)
    if carry:
        yield Block(carry, line, byte, torn=True)


class _Ahead:
    """Reads the next piece of a stream while the one before is worked on."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._pool = ThreadPoolExecutor(1)
        self._next: Future[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def read(self, size: int, /) -> bytes:
        """Give the next piece, and begin with the one after it."""
        piece = self._next.result() if self._next else self._stream.read(size)
        # The file's last piece is as a rule shorter; a file of one piece needs no thread.
        self._next = self._pool.submit(self._stream.read, size) if len(piece) == size else None
        return piece


def count_newlines(data: bytes | memoryview) -> int:
    """How many lines end in `data`: counted as numbers, which is thrice as fast as `bytes.count`."""
    numbers = np.frombuffer(data, np.uint8)
    # In pieces, so that what is compared stays in the processor's cache.
    pieces = range(0, len(numbers), _PIECE_BYTES)
    return sum(int(np.count_nonzero(numbers[at : at + _PIECE_BYTES] == _NEWLINE)) for at in pieces)


def _skip_line(stream: Readable, passed: int, size: int) -> tuple[int, bytes]:
    """Read on to the end of the line; give its length and what was read beyond it."""
    while piece := stream.read(size):
        cut = piece.find(b"\n") + 1
        if cut:
            return passed + cut, piece[cut:]
        passed += len(piece)
    return passed, b""


Opener = Callable[[], BinaryIO]
