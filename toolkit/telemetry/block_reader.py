"""Readers of blocks and spans of telemetry lines into batches; large files are read in several processes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from toolkit.model.runs import SetAsideLine
from toolkit.model.set_aside import SetAsideLines
from toolkit.model.vocabulary import MAX_PLACES, SetAside
from toolkit.streams.blocks import BLOCK_BYTES, LONGEST_LINE_BYTES, Block, count_newlines
from toolkit.streams.spans import span_blocks
from toolkit.telemetry.batch import RECORD_TYPES, TelemetryBatch, record_table
from toolkit.telemetry.reader import RecordReader, RecoveredLine
from toolkit.telemetry.schema import SCHEMAS, Scope

_READERS: dict[Scope, RecordReader[Any]] = {scope: RecordReader(kind) for scope, kind in RECORD_TYPES.items()}


@dataclass(frozen=True, slots=True)
class _Lines:
    """Consecutive lines in memory, of a block or of a span; `torn` if the last one has no newline."""

    data: bytes | memoryview
    first_line: int
    first_byte: int
    torn: bool = False


class _FileBuffer:
    """Memory for the bytes of a file, used again for each span: fresh memory costs more than the read itself."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def fill(self, path: Path, start: int, size: int) -> memoryview:
        """Read `size` bytes from `start` on, fewer at the file's end; the view is valid until the next call."""
        if size > len(self._bytes):
            self._bytes = bytearray(size)
        view = memoryview(self._bytes)[:size]
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            filled = 0
            while filled < size and (count := file.readinto(view[filled:])):
                filled += count
        return view[:filled]

    def after_last_newline(self, size: int) -> int:
        """Return the offset after the last newline of the first `size` bytes; 0 if there is none."""
        return self._bytes.rfind(b"\n", 0, size) + 1


_BUFFER = _FileBuffer()


def read_span(
    path: Path, start: int, end: int, scope: Scope = "all", longest: int = LONGEST_LINE_BYTES
) -> TelemetryBatch:
    """Read the lines between two byte offsets of a plain file; line numbers count from 1 at the span's first line.

    A last line without a newline is read as a torn one, and a line of more than `longest` bytes is set aside. Raises
    `OSError` for a file that cannot be read.
    """
    if end - start > longest:
        found = (
            read_block(block, scope) for block in span_blocks(path, start, end, min(BLOCK_BYTES, longest), longest)
        )
        return reduce(TelemetryBatch.concat, found)
    data = _BUFFER.fill(path, start, end - start)
    tail_start = _BUFFER.after_last_newline(len(data))
    whole = _read(_Lines(data[:tail_start], 1, start), scope) if tail_start or not data else None
    if tail_start == len(data) and whole is not None:
        return whole
    tail = _read(_Lines(data[tail_start:], 1 + count_newlines(data), start + tail_start, torn=True), scope)
    return tail if whole is None else whole.concat(tail)


def read_block(block: Block, scope: Scope = "all") -> TelemetryBatch:
    """Read a block of lines into a batch; line numbers and byte offsets are those of the block."""
    if block.skipped:
        where = SetAsideLines()
        where.add(SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG))
        return TelemetryBatch(SCHEMAS[scope].empty_table(), [], 1, 0, where)
    return _read(_Lines(block.data, block.first_line, block.first_byte, block.torn), scope)


def _read(lines: _Lines, scope: Scope) -> TelemetryBatch:
    records = None if lines.torn else _READERS[scope].read_all(lines.data, count_newlines(lines.data))
    if records is None:
        return _read_line_by_line(lines, scope)
    count = len(records)
    table, names, cut = record_table(records, range(lines.first_line, lines.first_line + count), scope)
    return TelemetryBatch(table, names, count, count, cut_arrays=cut)


@dataclass(slots=True)
class _Places:
    """Indexes and offsets of lines that are set aside for one reason: of the first ones and the last one."""

    first: list[tuple[int, int]] = field(default_factory=list)
    last: tuple[int, int] = (-1, -1)
    count: int = 0

    def add(self, index: int, offset: int) -> None:
        self.count += 1
        self.last = index, offset
        if self.count <= MAX_PLACES:
            self.first.append(self.last)

    def add_empty(self, index: int, offset: int, count: int) -> None:
        """Add `count` empty lines from one on; each is one byte long."""
        listed = min(count, MAX_PLACES - len(self.first))
        self.first += [(index + number, offset + number) for number in range(listed)]
        self.last = index + count - 1, offset + count - 1
        self.count += count


def _read_line_by_line(lines: _Lines, scope: Scope) -> TelemetryBatch:
    read = _READERS[scope].read
    records: list[Any] = []
    line_numbers: list[int] = []
    set_aside: dict[SetAside, _Places] = defaultdict(_Places)
    index = offset = unused = 0
    for pieces, empty in _without_empty_lines(bytes(lines.data)):
        for piece in pieces:
            result = read(piece)
            if isinstance(result, RecoveredLine):
                if result.records:
                    records += result.records
                    line_numbers += [lines.first_line + index] * len(result.records)
                else:
                    unused += 1
                if result.reason is not None:
                    torn = lines.torn and not result.records and result.reason is SetAside.MALFORMED
                    set_aside[SetAside.TORN_TAIL if torn else result.reason].add(index, offset)
            else:
                records.append(result)
                line_numbers.append(lines.first_line + index)
            index += 1
            offset += len(piece) + 1
        if empty:
            set_aside[SetAside.BLANK].add_empty(index, offset, empty)
            unused += empty
            index += empty
            offset += empty
    table, names, cut = record_table(records, line_numbers, scope)
    return TelemetryBatch(table, names, index, index - unused, _set_aside(lines, set_aside), cut)


_NEWLINES = re.compile(rb"\n*")


def _without_empty_lines(data: bytes) -> Iterator[tuple[list[bytes], int]]:
    """Yield stretches of lines of which none is empty, each with the number of empty lines after it.

    Empty lines are counted and not read one by one: a file can have as many of them as it has bytes.
    """
    start = 0
    while start < len(data):
        end = start if data.startswith(b"\n", start) else data.find(b"\n\n", start) + 1 or len(data)
        pieces = data[start:end].split(b"\n")
        if not pieces[-1]:
            pieces.pop()
        following = _NEWLINES.match(data, end)
        start = following.end() if following else end
        yield pieces, start - end


def _set_aside(lines: _Lines, set_aside: Mapping[SetAside, _Places]) -> SetAsideLines:
    """Return the lines that are set aside, in whole or in part, with their byte offsets."""
    where = SetAsideLines()
    for reason, places in set_aside.items():
        unlisted = places.count - len(places.first)
        for index, offset in (*places.first, places.last) if unlisted else places.first:
            place = SetAsideLine(lines.first_line + index, lines.first_byte + offset, reason)
            where.add(place, unlisted if unlisted and index == places.last[0] else 1)
    return where
