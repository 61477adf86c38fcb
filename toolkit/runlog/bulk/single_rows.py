"""Arrow tables of the rows that lines parsed singly add to the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import pyarrow as pa

from toolkit.runlog.bulk.columns import BlockTables, counter_values, counter_venue
from toolkit.runlog.bulk.single_lines import SingleLine
from toolkit.runlog.parse import OTHER


def single_tables(lines: Iterable[SingleLine]) -> BlockTables:
    """Return the rows of lines of one record each, of no family of rx statistics."""
    known = [each for each in lines if each.parsed.records[0].family != OTHER]
    if not known:
        return BlockTables(None, None, None)
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
    counted = [
        (each.index, counter_venue(record), *reading)
        for each, record in zip(known, records, strict=True)
        for reading in counter_values(record)
    ]
    return BlockTables(pa.table(events), _counters(counted) if counted else None, None)


def _counters(rows: Sequence[tuple[int, str | None, str, float, str]]) -> pa.Table:
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
