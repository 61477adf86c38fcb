"""What the groups of a block of a log leave in the store, as columns: nothing here knows what was before the block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from toolkit.model.vocabulary import CounterKind
from toolkit.runlog.bulk.fields import all_fields, whole_numbers
from toolkit.runlog.bulk.numbers import BlockLines, IntVector
from toolkit.runlog.bulk.rx_columns import rx_columns, rx_table
from toolkit.runlog.bulk.templates import LineGroup
from toolkit.runlog.parse import OTHER, RX_STATS, LogRecord

_PLACE = (("file_no", pa.int32()), ("line", pa.int64()), ("life", pa.int32()))
_WORD = pa.dictionary(pa.int32(), pa.string())
"""One of few texts: many rows take little room, and are handed on as fast."""
EVENT_SCHEMA = pa.schema(
    [
        *_PLACE, ("col", pa.int32()), ("family", _WORD), ("venue", _WORD), ("reason", _WORD),
        ("at_ms", pa.int64()), ("fields", pa.string()), ("byte", pa.int64()),
    ]
)  # fmt: skip
COUNTER_SCHEMA = pa.schema([*_PLACE, ("venue", _WORD), ("name", _WORD), ("value", pa.float64()), ("kind", _WORD)])
INTEGER = re.compile(r"-?[0-9]{1,18}")
_INTEGER = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True)
class BlockTables:
    """Rows of the three tables, None where there are none, without their file and life.

    Their lines count from the block's first, 0, their bytes from the file's first.
    """

    events: pa.Table | None
    counters: pa.Table | None
    rx: pa.Table | None


def columns(groups: Sequence[LineGroup], lines: BlockLines, first_byte: int) -> BlockTables:
    """The rows of the groups of a block, which begins at `first_byte`."""
    events = [group for group in groups if group.plan.record.family not in (OTHER, RX_STATS)]
    rx = [rx_table(group, rx_columns(group)) for group in groups if group.plan.record.family == RX_STATS]
    counted = [counter for group in events for counter in _counted(group)]
    return BlockTables(
        _events(events, lines.starts + first_byte) if events else None,
        _counters(counted) if counted else None,
        pa.concat_tables(rx) if rx else None,
    )


def _events(groups: Sequence[LineGroup], starts: IntVector) -> pa.Table:
    found, indexes = [group.plan.record for group in groups], np.concatenate([group.indexes for group in groups])
    rows = _Rows([len(group.indexes) for group in groups])
    none = pa.int64()
    stamped = [
        pa.nulls(count, none) if group.stamped_ms is None else pa.array(group.stamped_ms, none)
        for group, count in zip(groups, rows.counts, strict=True)
    ]
    named = {name: rows.words([getattr(each, name) for each in found]) for name in ("family", "venue", "reason")}
    return pa.table(
        {
            "line": indexes,
            "col": rows.each(np.array([each.column for each in found], np.int32)),
            **named,
            "at_ms": pa.chunked_array(stamped),
            "fields": pa.chunked_array([all_fields(group) for group in groups]),
            "byte": starts[indexes],
        }
    )


@dataclass(frozen=True, slots=True)
class _Counter:
    """A counter that each line of a group reads."""

    group: LineGroup
    name: str
    kind: CounterKind
    values: IntVector


def _counted(group: LineGroup) -> Iterator[_Counter]:
    read = [reading for reading in counter_readings(group.plan.record) if _is_whole(group, reading[1])]
    values = whole_numbers(group, [key for _, key, _ in read]) if read else {}
    yield from (_Counter(group, name, kind, values[key]) for name, key, kind in read)


def _counters(counted: Sequence[_Counter]) -> pa.Table:
    rows = _Rows([len(each.values) for each in counted])
    return pa.table(
        {
            "line": np.concatenate([each.group.indexes for each in counted]),
            "venue": rows.words([counter_venue(each.group.plan.record) for each in counted]),
            "name": rows.words([each.name for each in counted]),
            "value": np.concatenate([each.values for each in counted]).astype(np.float64),
            "kind": rows.words([str(each.kind) for each in counted]),
        }
    )


class _Rows:
    """Rows that come by the group: `counts` says how many of each."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.counts = counts

    def each(self, values: np.ndarray[tuple[int], np.dtype[np.int32]]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """The value of each row's group."""
        return np.repeat(values, self.counts)

    def words(self, words: Sequence[str | None]) -> pa.DictionaryArray:
        """The word of each row's group."""
        known = {word: number for number, word in enumerate(dict.fromkeys(each for each in words if each is not None))}
        numbers = self.each(np.array([-1 if word is None else known[word] for word in words], np.int32))
        unknown = numbers < 0 if None in words else None
        return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32(), mask=unknown), pa.array(known, pa.string()))


def _is_whole(group: LineGroup, key: str) -> bool:
    # The numbers of a group have 18 digits at most; a value without a free number is the same in every line.
    whole = _INTEGER.fullmatch if key in group.plan.varying else INTEGER.fullmatch
    return whole(group.plan.record.fields[key]) is not None


def counter_readings(found: LogRecord) -> Iterator[tuple[str, str, CounterKind]]:
    """The counters that a record reads: each one's name, the key that holds its value, and its kind."""
    if found.family == "audit_reconnect":
        yield f"reconnect.{found.reason}", "count", CounterKind.CUMULATIVE
    if found.audit_family is not None:
        for declared, kind in found.audit_family.counters.items():
            name = declared.replace("<venue>", found.venue or "")
            if name in found.fields:
                yield name, name, kind


def counter_venue(found: LogRecord) -> str | None:
    """The venue whose counter it is; None where it is the process's."""
    return None if found.venue == "all" else found.venue
