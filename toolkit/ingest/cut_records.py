"""A telemetry record that a rotation cut in two: the unended last line of a part, and its rest in the parts after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from toolkit.files.discovery import RunFile, adjoins
from toolkit.files.rotation import MAX_JOINED_BYTES, join_line
from toolkit.model.vocabulary import SetAside
from toolkit.streams.blocks import Block, blocks
from toolkit.telemetry.columns import Batch, Scope, read
from toolkit.telemetry.record import json_values

_PEEK_BYTES = 64 << 10
_PADDING = "\ufeff\x00\r\n\t "


@dataclass(frozen=True, slots=True)
class CutRecord:
    """A record whose beginning is the last line of its file, and the numbers of the files whose first line it takes."""

    batch: Batch
    taken: frozenset[int]


def last_line(path: Path, size: int) -> bytes:
    """What follows the last newline in the first `size` bytes; empty where that is more than any record."""
    with path.open("rb") as file:
        file.seek(max(size - MAX_JOINED_BYTES, 0))
        end = file.read(min(size, MAX_JOINED_BYTES))
    cut = end.rfind(b"\n") + 1
    return end[cut:] if cut or len(end) == size else b""


def cut_record(head: bytes, line: int, files: Sequence[RunFile], scope: Scope) -> CutRecord | None:
    """The record that begins with the unended last line of the first of `files` and ends in the files after it.

    None where the lines together are not one plain record. Its lines count as none: each of them is counted in its own
    file. Raises `InputError` for an unreadable file.
    """
    if not head.strip():
        return None
    texts, taken = [head], [frozenset[int]()]
    for file_no, piece in _rest(files):
        if len(texts[-1]) + len(piece) > MAX_JOINED_BYTES:
            break
        texts.append(join_line(texts[-1], piece))
        taken.append(taken[-1] | {file_no})
    for text, files_taken in reversed(list(zip(texts[1:], taken[1:], strict=True))):
        if (batch := _plain(text, line, scope)) is not None:
            return CutRecord(replace(batch, lines=0, used=0), files_taken)
    return None


def _rest(files: Sequence[RunFile]) -> Iterator[tuple[int, bytes]]:
    """The first lines of the adjoining files after the first one, up to the first that ends with a newline."""
    for before, source in pairwise(files):
        if not adjoins(source, before):
            return
        with source.open() as stream:
            block = next(blocks(stream, _PEEK_BYTES, MAX_JOINED_BYTES), None)
            if stream.damage or (block is not None and block.skipped):
                return
        if block is not None:
            yield source.file_no, block.data.split(b"\n", 1)[0]
            if not block.torn:
                return


def _plain(text: bytes, line: int, scope: Scope) -> Batch | None:
    values = list(json_values(text.decode("utf-8", "replace").strip(_PADDING)))
    if len(values) != 1 or not isinstance(values[0], dict):
        return None
    batch = read(Block(text + b"\n", line, 0), scope)
    return batch if batch.table.num_rows == 1 and not batch.where else None


def taken_from(batch: Batch, line: int) -> Batch:
    """The batch with one of its lines used, but for a record that stands elsewhere: none of its own is left of it."""
    unused = any(each.line == line and each.reason != SetAside.TORN_INSIDE for each in batch.where)
    keep = pa.array(batch.table.column("line").to_numpy() != line, pa.bool_())
    where = [each for each in batch.where if each.line != line]
    return replace(batch, table=batch.table.filter(keep), used=batch.used + unused, where=where)
