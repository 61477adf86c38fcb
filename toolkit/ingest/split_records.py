"""Join a telemetry record that a rotation split: the last line of one file and the first line of the next ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from toolkit.files.rotation import MAX_JOINED_BYTES, join_line
from toolkit.files.run_file import RunFile, adjoins
from toolkit.model.vocabulary import SetAside
from toolkit.streams.blocks import Block, blocks
from toolkit.telemetry.batch import TelemetryBatch
from toolkit.telemetry.block_reader import read_block
from toolkit.telemetry.lenient import PADDING, json_values
from toolkit.telemetry.schema import Scope

_FIRST_BLOCK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """A record that begins on the last line of a file, and the numbers of the files whose first line continues it."""

    batch: TelemetryBatch
    continued_in: frozenset[int]


def last_line(path: Path, size: int) -> bytes:
    """Return the bytes after the last newline of the first `size` bytes; empty if they are more than 1 MiB."""
    with path.open("rb") as file:
        file.seek(max(size - MAX_JOINED_BYTES, 0))
        end = file.read(min(size, MAX_JOINED_BYTES))
    start = end.rfind(b"\n") + 1
    return end[start:] if start or len(end) == size else b""


def split_record(head: bytes, line: int, files: Sequence[RunFile], scope: Scope) -> SplitRecord | None:
    """Return the record that begins with `head`, the last line of the first file, and ends in the files after it.

    `line` is the number of that last line. None if the joined lines are not one plain record, or longer than 1 MiB.
    The batch counts 0 lines, because each line is counted in its own file. Raises `InputError` for an unreadable file.
    """
    if not head.strip():
        return None
    texts, continued_in = [head], [frozenset[int]()]
    for file_no, piece in _continuations(files):
        if len(texts[-1]) + len(piece) > MAX_JOINED_BYTES:
            break
        texts.append(join_line(texts[-1], piece))
        continued_in.append(continued_in[-1] | {file_no})
    # The longest join that is one record counts; the pieces after it may belong to another line.
    for text, file_numbers in reversed(list(zip(texts[1:], continued_in[1:], strict=True))):
        if (batch := _plain_record(text, line, scope)) is not None:
            return SplitRecord(replace(batch, lines=0, used=0), file_numbers)
    return None


def _continuations(files: Sequence[RunFile]) -> Iterator[tuple[int, bytes]]:
    """Yield the first line of each adjoining file after the first one, up to the first that ends with a newline."""
    for before, source in pairwise(files):
        if not adjoins(source, before):
            return
        with source.open() as stream:
            block = next(blocks(stream, _FIRST_BLOCK_BYTES, MAX_JOINED_BYTES), None)
            if stream.damage or (block is not None and block.skipped):
                return
        if block is not None:
            yield source.file_no, block.data.split(b"\n", 1)[0]
            if not block.torn:
                return


def _plain_record(text: bytes, line: int, scope: Scope) -> TelemetryBatch | None:
    """Return a batch of the one record that the text is; None if it is anything else."""
    values = list(json_values(text.decode("utf-8", "replace").strip(PADDING)))
    if len(values) != 1 or not isinstance(values[0], dict):
        return None
    batch = read_block(Block(text + b"\n", line, 0), scope)
    return batch if batch.table.num_rows == 1 and not batch.where else None


def without_line(batch: TelemetryBatch, line: int) -> TelemetryBatch:
    """Return the batch without the records and set-aside rows of a line, which counts as used by a split record."""
    was_unused = any(reason != SetAside.TORN_INSIDE for reason in batch.where.at(line))
    keep = pa.array(batch.table.column("line").to_numpy() != line, pa.bool_())
    return replace(batch, table=batch.table.filter(keep), used=batch.used + was_unused, where=batch.where.without(line))
