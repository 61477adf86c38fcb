"""Hashes of the lines of a file, by which two files are compared in memory that does not grow with their lines' length.

Lines are compared without the wrapping of a log collector, colours and blanks at the end; blank lines do not count.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from toolkit.files.run_file import RunFile
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.wrapping.section_reader import wrapped_blocks
from toolkit.streams.blocks import Block, DecompressedStream, blocks

HashVector = npt.NDArray[np.uint64]
IntVector = npt.NDArray[np.int64]

DIGEST_OF_EMPTY = hashlib.sha256().hexdigest()
NO_TIME = np.iinfo(np.int64).min
"""Time of a line without a stamp."""

_MAX_VALUES_IN_MEMORY = 1 << 17
_PLAIN_BYTES = b"\t\n" + bytes(range(0x20, 0x7F))
_UNPRINTED = ~np.isin(np.arange(256), np.frombuffer(_PLAIN_BYTES, np.uint8))
_NEWLINE = ord("\n")
_TIME_OF_DAY = re.compile(rb"T\d\d:\d\d:\d\d")
_BLANK_HASH = hash(b"")


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file with the hashes of its lines that are not blank, in order.

    `at_ms` are the times stamped on these lines by a log collector; empty where there are none. `blank` holds for each
    blank line the number of other lines before it. `first` and `last` are the texts of the first and the last line;
    `text_bytes` is the length of all. `ended` is false where the last line has no newline.
    """

    file: RunFile
    sha256: str
    size: int
    hashes: HashVector
    at_ms: IntVector
    blank: IntVector
    first: bytes
    last: bytes
    text_bytes: int
    ended: bool

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def lines(self) -> int:
        """The number of physical lines."""
        return len(self.hashes) + len(self.blank)

    def line(self, index: int) -> int:
        """Return the one-based number in the file of the line with this index among those that are not blank."""
        return index + int(np.searchsorted(self.blank, index, side="right")) + 1

    def texts(self) -> Iterator[bytes]:
        """Read the file again; yield the lines that are not blank, as they are compared."""
        with self.file.open() as stream:
            for block in _line_blocks(self.file, stream):
                yield from (line for line in block.lines if line)


def hashed_file(file: RunFile) -> HashedFile:
    """Read a file. Raises `InputError` when it cannot be read."""
    hashes, times, blank = _Column(np.uint64), _Column(np.int64), _Column(np.int64)
    first = last = b""
    count = text_bytes = 0
    ended, stamped = True, False
    with file.open() as stream:
        for block in _line_blocks(file, stream):
            lines, ended = block.lines, block.ended
            values = np.fromiter(map(hash, lines), np.int64, len(lines))
            is_blank = values == _BLANK_HASH
            if is_blank.any():
                before = np.cumsum(~is_blank) + count
                blank.append(before[is_blank])
            kept = values[~is_blank]
            if len(kept):
                first = first if count else next(line for line in lines if line)
                last = next(line for line in reversed(lines) if line)
            stamped = _append_times(times, block.at_ms, is_blank, count, stamped)
            count, text_bytes = count + len(kept), text_bytes + sum(map(len, lines))
            hashes.append(kept.view(np.uint64))
        sha256, size = stream.sha256, stream.size
    return HashedFile(
        file, sha256, size, hashes.values(), times.values(), blank.values(), first, last, text_bytes, ended
    )


def _append_times(
    times: _Column, at_ms: Sequence[int | None] | None, is_blank: npt.NDArray[np.bool_], count: int, stamped: bool
) -> bool:
    """Append the times of a block's lines after the first `count` lines; return whether any line was stamped so far.

    A log without stamps needs no column: earlier lines are added with the first stamp.
    """
    found = at_ms is not None and any(each is not None for each in at_ms)
    if found and not stamped and count:
        times.append(np.full(count, NO_TIME, np.int64))
    if found or stamped:
        values = [NO_TIME if each is None else each for each in at_ms or [None] * len(is_blank)]
        times.append(np.array(values, np.int64)[~is_blank])
    return found or stamped


def lines_at(file: HashedFile, indexes: Sequence[int]) -> dict[int, bytes]:
    """Read the file again as far as needed; return the texts of the lines with these indexes."""
    wanted, last = set(indexes), max(indexes, default=-1)
    return {index: line for index, line in enumerate(islice(file.texts(), last + 1)) if index in wanted}


@dataclass(frozen=True, slots=True)
class _LineBlock:
    """Lines as they are compared, blank ones included, and the times stamped on them; `at_ms` is None without times."""

    lines: list[bytes]
    at_ms: Sequence[int | None] | None
    ended: bool


def _line_blocks(file: RunFile, stream: DecompressedStream) -> Iterator[_LineBlock]:
    if file.wrapping:
        for block, unwrapped in wrapped_blocks(blocks(stream), file.wrapping):
            lines = [_too_long(block)] if block.skipped else [_plain(line)[0] for line in unwrapped.lines]
            yield _LineBlock(lines, unwrapped.at_ms, not block.torn)
        return
    for block in blocks(stream):
        lines = [_too_long(block)] if block.skipped else block.data.split(b"\n")
        if not block.torn and not block.skipped:
            lines.pop()
        times: list[int | None] | None = None
        texts = [line.rstrip() for line in lines]
        for index in () if block.skipped else _may_be_decorated(block.data):
            texts[index], at_ms = _plain(lines[index])
            if at_ms is not None:
                times = times or [None] * len(lines)
                times[index] = at_ms
        yield _LineBlock(texts, times, not block.torn)


def _too_long(block: Block) -> bytes:
    """Return a text for a line that is too long to be compared: it is like no other line."""
    return b"\0too long\0%d" % block.first_byte


def _may_be_decorated(data: bytes) -> list[int]:
    """Return the indexes of the lines that may have colours, other unprinted characters or a CI system's stamp."""
    octets = np.frombuffer(data, np.uint8)
    # One regular expression for both takes thirty times as long.
    places = np.flatnonzero(_UNPRINTED[octets]) if data.translate(None, _PLAIN_BYTES) else np.empty(0, np.int64)
    stamps = np.array([match.start() for match in _TIME_OF_DAY.finditer(data)], np.int64)
    indexes: list[int] = np.unique(
        np.searchsorted(np.flatnonzero(octets == _NEWLINE), np.append(places, stamps))
    ).tolist()
    return indexes


def _plain(line: bytes) -> tuple[bytes, int | None]:
    text, at_ms = strip_decoration(line.decode("utf-8", "replace"))
    return text.rstrip().encode("utf-8", "replace"), at_ms


@dataclass
class _Column:
    """Growing column of 64-bit numbers; a long one is kept in a temporary file and mapped into memory."""

    dtype: type
    _pieces: list[npt.NDArray[Any]] = field(default_factory=list)
    _in_memory: int = 0
    _spool: IO[bytes] | None = None

    def append(self, piece: npt.NDArray[Any]) -> None:
        self._pieces.append(piece.astype(self.dtype, copy=False))
        self._in_memory += len(piece)
        if self._in_memory > _MAX_VALUES_IN_MEMORY:
            self._spool = self._spool or TemporaryFile(prefix="toolkit-lines-")  # noqa: SIM115  mapped as long as the column exists
            self._flush(self._spool)

    def values(self) -> npt.NDArray[Any]:
        if self._spool is None:
            return np.concatenate([np.empty(0, self.dtype), *self._pieces])
        self._flush(self._spool)
        return np.memmap(self._spool, self.dtype, mode="r")

    def _flush(self, spool: IO[bytes]) -> None:
        for piece in self._pieces:
            spool.write(piece.tobytes())
        spool.flush()
        self._pieces, self._in_memory = [], 0
