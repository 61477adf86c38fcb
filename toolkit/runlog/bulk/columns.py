"""Arrow tables of the rows that a block's lines add to the store, independent of the blocks before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce

import msgspec
import numpy as np
import pyarrow as pa

from toolkit.model.vocabulary import ALL_VENUES, CounterKind
from toolkit.runlog.bulk.fields import all_fields, integer_columns
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.groups.templates import TemplateGroup
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.rx_columns import rx_columns, rx_table
from toolkit.runlog.bulk.single_lines import SingleLine
from toolkit.runlog.grammar import audit_family_named
from toolkit.runlog.parse import OTHER, RX_STATS, LogRecord

_POSITION = (("file_no", pa.int32()), ("line", pa.int64()), ("life", pa.int32()))
_LABEL = pa.dictionary(pa.int32(), pa.string())
"""Type of a text with few distinct values; dictionary encoding saves memory and time."""
EVENT_SCHEMA = pa.schema(
    [
        *_POSITION, ("col", pa.int32()), ("family", _LABEL), ("venue", _LABEL), ("reason", _LABEL),
        ("at_ms", pa.int64()), ("fields", pa.string()), ("byte", pa.int64()),
    ]
)  # fmt: skip
COUNTER_SCHEMA = pa.schema([*_POSITION, ("venue", _LABEL), ("name", _LABEL), ("value", pa.float64()), ("kind", _LABEL)])
_INTEGER = re.compile(r"-?[0-9]{1,18}").fullmatch
_INTEGER_OF_ANY_LENGTH = re.compile(r"-?[0-9]+").fullmatch
_RECONNECT = "audit_reconnect"
_CUMULATIVE = CounterKind.CUMULATIVE.value

_CACHED_LINES = 2_048
"""Lines whose rows are made at a time: so many stay in the processor's cache while column by column is made."""


@dataclass(frozen=True, slots=True)
class BlockTables:
    """Rows for the three log tables without file and life; None for a table without rows.

    Lines count from 0, the block's first line; bytes are offsets in the file.
    """

    events: pa.Table | None
    counters: pa.Table | None
    rx: pa.Table | None

    def joined(self, other: BlockTables) -> BlockTables:
        """Return the rows of both."""
        pairs = (self.events, other.events), (self.counters, other.counters), (self.rx, other.rx)
        tables = ([each for each in pair if each is not None] for pair in pairs)
        return BlockTables(*(pa.concat_tables(each) if each else None for each in tables))


def block_tables(groups: Sequence[LineGroup], starts: IntVector) -> BlockTables:
    """Return the rows of a block's groups; `starts` are the offsets in the file at which the block's lines begin."""
    events = [group for group in groups if group.record.family not in (OTHER, RX_STATS)]
    templates = [group for group in groups if isinstance(group, TemplateGroup)]
    rx = [rx_table(group, rx_columns(group)) for group in templates if group.record.family == RX_STATS]
    counted = [counter for group in templates for counter in _grouped_counters(group)]
    return BlockTables(
        _events(events, starts) if events else None,
        _counters(counted) if counted else None,
        pa.concat_tables(rx) if rx else None,
    )


def _events(groups: Sequence[LineGroup], starts: IntVector) -> pa.Table:
    records, indexes = [group.record for group in groups], np.concatenate([group.indexes for group in groups])
    rows = _Rows([len(group.indexes) for group in groups])
    stamped = [
        pa.nulls(count, pa.int64()) if group.stamped_ms is None else pa.array(group.stamped_ms, pa.int64())
        for group, count in zip(groups, rows.counts, strict=True)
    ]
    named = {name: rows.labels([getattr(each, name) for each in records]) for name in ("family", "venue", "reason")}
    return pa.table(
        {
            "line": indexes,
            "col": rows.each(np.array([each.column for each in records], np.int32)),
            **named,
            "at_ms": pa.chunked_array(stamped),
            "fields": pa.chunked_array([all_fields(group) for group in groups]),
            "byte": starts[indexes],
        }
    )


@dataclass(frozen=True, slots=True)
class _GroupCounter:
    """Readings of one counter in all lines of a group."""

    group: TemplateGroup
    name: str
    kind: str
    values: IntVector


def _grouped_counters(group: TemplateGroup) -> Iterator[_GroupCounter]:
    readings = [each for each in counter_readings(group.record) if _is_integer(group, each[1])]
    values = integer_columns(group, [key for _, key, _ in readings]) if readings else {}
    yield from (_GroupCounter(group, name, kind, values[key]) for name, key, kind in readings)


def _counters(counted: Sequence[_GroupCounter]) -> pa.Table:
    rows = _Rows([len(each.values) for each in counted])
    return pa.table(
        {
            "line": np.concatenate([each.group.indexes for each in counted]),
            "venue": rows.labels([counter_venue(each.group.record) for each in counted]),
            "name": rows.labels([each.name for each in counted]),
            "value": np.concatenate([each.values for each in counted]).astype(np.float64),
            "kind": rows.labels([each.kind for each in counted]),
        }
    )


class _Rows:
    """Expands one value per group to one value per row; `counts` are the groups' row counts."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.counts = counts

    def each(self, values: np.ndarray[tuple[int], np.dtype[np.int32]]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """Return the value of each row's group."""
        return np.repeat(values, self.counts)

    def labels(self, labels: Sequence[str | None]) -> pa.DictionaryArray:
        """Return the label of each row's group, dictionary-encoded."""
        known = {
            label: number for number, label in enumerate(dict.fromkeys(each for each in labels if each is not None))
        }
        numbers = self.each(np.array([-1 if label is None else known[label] for label in labels], np.int32))
        unknown = numbers < 0 if None in labels else None
        return pa.DictionaryArray.from_arrays(pa.array(numbers, pa.int32(), mask=unknown), pa.array(known, pa.string()))


def single_tables(lines: Iterable[SingleLine]) -> BlockTables:
    """Return the rows of lines of one record each, of no family of rx statistics."""
    known = [each for each in lines if each.parsed.records[0].family != OTHER]
    parts = (known[start : start + _CACHED_LINES] for start in range(0, len(known), _CACHED_LINES))
    return reduce(BlockTables.joined, map(_rows_of_lines, parts), BlockTables(None, None, None))


def _rows_of_lines(known: Sequence[SingleLine]) -> BlockTables:
    records = [each.parsed.records[0] for each in known]
    encode = msgspec.json.Encoder().encode
    events = {
        "line": pa.array([each.index for each in known], pa.int64()),
        "col": pa.array([each.column for each in records], pa.int32()),
        "family": _labels([each.family for each in records]),
        "venue": _labels([each.venue for each in records]),
        "reason": _labels([each.reason for each in records]),
        "at_ms": pa.array([each.parsed.stamped_ms for each in known], pa.int64()),
        "fields": pa.array([encode(each.fields) for each in records], pa.string()),
        "byte": pa.array([each.byte for each in known], pa.int64()),
    }
    families = {each.family for each in records}
    counting = {each for each in families if each == _RECONNECT or _declared_counters(each)}
    counted = [
        (each.index, counter_venue(record), *reading)
        for each, record in zip(known, records, strict=True)
        if record.family in counting
        for reading in counter_values(record)
    ]
    return BlockTables(pa.table(events), _single_counters(counted) if counted else None, None)


def _single_counters(rows: Sequence[tuple[int, str | None, str, float, str]]) -> pa.Table:
    lines, venues, names, values, kinds = zip(*rows, strict=True)
    return pa.table(
        {
            "line": pa.array(lines, pa.int64()),
            "venue": _labels(venues),
            "name": _labels(names),
            "value": pa.array(values, pa.float64()),
            "kind": _labels(kinds),
        }
    )


def _labels(labels: Sequence[str | None]) -> pa.DictionaryArray:
    return pa.array(labels, pa.string()).dictionary_encode()


def _is_integer(group: TemplateGroup, key: str) -> bool:
    # A varying number has at most 18 digits; a value without a varying number is the same in every line.
    matches = _INTEGER_OF_ANY_LENGTH if key in group.varying else _INTEGER
    return matches(group.record.fields[key]) is not None


def counter_readings(record: LogRecord) -> list[tuple[str, str, str]]:
    """Return the counters that a record reports: name, key of the field that holds the value, and kind."""
    if record.family == _RECONNECT:
        return [(f"reconnect.{record.reason}", "count", _CUMULATIVE)]
    if not (declared := _declared_counters(record.family)):
        return []
    names = [(each.replace("<venue>", record.venue or ""), kind) for each, kind in declared]
    return [(name, name, kind) for name, kind in names if name in record.fields]


@cache
def _declared_counters(family: str) -> tuple[tuple[str, str], ...]:
    audit = audit_family_named(family)
    return () if audit is None else tuple((name, kind.value) for name, kind in audit.counters.items())


def counter_values(record: LogRecord) -> list[tuple[str, float, str]]:
    """Return name, value and kind of the counters that a record reports and whose value is an integer."""
    if not (readings := counter_readings(record)):
        return []
    fields = record.fields
    return [(name, float(fields[key]), kind) for name, key, kind in readings if _INTEGER(fields[key])]


def counter_venue(record: LogRecord) -> str | None:
    """Return the venue that a record's counters belong to; None for counters of the whole process."""
    return None if record.venue == ALL_VENUES else record.venue
