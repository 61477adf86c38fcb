"""Readers of blocks and spans of telemetry lines into batches; large files are read in several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.model.runs import SetAsideLine
from toolkit.model.vocabulary import SetAside
from toolkit.streams.blocks import Block, count_newlines
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


def read_span(path: Path, start: int, end: int, scope: Scope = "all") -> TelemetryBatch:
    """Read the lines between two byte offsets of a plain file; line numbers count from 1 at the span's first line.

    A last line without a newline is read as a torn one. Raises `OSError` for a file that cannot be read.
    """
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
        too_long = SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG)
        return TelemetryBatch(SCHEMAS[scope].empty_table(), [], 1, 0, [too_long])
    return _read(_Lines(block.data, block.first_line, block.first_byte, block.torn), scope)


def _read(lines: _Lines, scope: Scope) -> TelemetryBatch:
    records = None if lines.torn else _READERS[scope].read_all(lines.data, count_newlines(lines.data))
    if records is None:
        return _read_line_by_line(lines, scope)
    count = len(records)
    table, names = record_table(records, range(lines.first_line, lines.first_line + count), scope)
    return TelemetryBatch(table, names, count, count)


def _read_line_by_line(lines: _Lines, scope: Scope) -> TelemetryBatch:
    pieces = bytes(lines.data).split(b"\n")
    if not lines.torn:
        pieces.pop()
    records: list[Any] = []
    line_numbers: list[int] = []
    recovered: list[tuple[int, RecoveredLine[Any]]] = []
    for index, piece in enumerate(pieces):
        result = _READERS[scope].read(piece)
        if isinstance(result, RecoveredLine):
            recovered.append((index, result))
            records += result.records
            line_numbers += [lines.first_line + index] * len(result.records)
        else:
            records.append(result)
            line_numbers.append(lines.first_line + index)
    where = _set_aside(lines, pieces, recovered)
    unused = sum(not each.records for _, each in recovered)
    table, names = record_table(records, line_numbers, scope)
    return TelemetryBatch(table, names, len(pieces), len(pieces) - unused, where)


def _set_aside(
    lines: _Lines, pieces: Sequence[bytes], recovered: Sequence[tuple[int, RecoveredLine[Any]]]
) -> list[SetAsideLine]:
    """Return the ledger rows of the lines that are set aside, in whole or in part, with their byte offsets."""
    where, byte, last = [], lines.first_byte, 0
    for index, result in recovered:
        byte += sum(len(piece) + 1 for piece in pieces[last:index])
        last = index
        reason = result.reason
        if lines.torn and not result.records and reason is SetAside.MALFORMED:
            reason = SetAside.TORN_TAIL
        if reason is not None:
            where.append(SetAsideLine(lines.first_line + index, byte, reason))
    return where
