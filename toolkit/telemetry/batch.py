"""Batches: the records of consecutive lines as Arrow columns, with the ledger of those lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from toolkit.model.set_aside import SetAsideLines
from toolkit.telemetry.arrays import EXACT_BOUNDS, Bounds, arrow_array, field_values
from toolkit.telemetry.record import AgeRecord, TelemetryRecord, VenueName
from toolkit.telemetry.schema import INT, NAMES_INDEX, NESTED, SCHEMAS, Scope

RECORD_TYPES: dict[Scope, type[AgeRecord]] = {"all": TelemetryRecord, "ages": AgeRecord}

_BOUNDS: dict[str, Bounds] = {"at_ms": (-62_135_596_800_000, 253_402_300_799_999)}
"""Bounds of columns of times (epoch ms): the years 1 to 9999."""
_MAX_VENUE_INDEX = 1_000


@dataclass
class TelemetryBatch:
    """The records of consecutive lines as columns, and the ledger of those lines.

    `names` lists the distinct venue orders, each the venue ids by index. The column `names_no` holds an index into it,
    null where the record names no venues. `where` locates the lines that are set aside, in whole or in part.
    """

    table: pa.Table
    names: list[tuple[str, ...]]
    lines: int
    used: int
    where: SetAsideLines = field(default_factory=SetAsideLines)

    def concat(self, following: TelemetryBatch) -> TelemetryBatch:
        """Return one batch of this one's lines and those of the batch that follows it; this one is used up."""
        numbers = following.table.column("names_no").to_pylist()
        shifted = pa.array([None if number is None else number + len(self.names) for number in numbers], INT)
        table = following.table.set_column(NAMES_INDEX, "names_no", shifted)
        self.where.extend(following.where)
        return TelemetryBatch(
            pa.concat_tables([self.table, table]),
            self.names + following.names,
            self.lines + following.lines,
            self.used + following.used,
            self.where,
        )


def record_table(
    records: Sequence[Any], line_numbers: Iterable[int], scope: Scope
) -> tuple[pa.Table, list[tuple[str, ...]]]:
    """Return the records as a table of the scope's schema, and the distinct venue orders they name."""
    names, names_no = _venue_orders(records)
    columns = field_values(RECORD_TYPES[scope], records)
    columns["line"] = list(line_numbers)
    columns["at_ms"] = [None if guidance is None else guidance.as_of_ms for guidance in columns["treasury_guidance"]]
    columns["names_no"] = names_no
    for name, kind in NESTED.items() if scope == "all" else ():
        columns |= field_values(kind, [kind() if each is None else each for each in columns[name]])
    schema = SCHEMAS[scope]
    arrays = [arrow_array(columns[each.name], each.type, _BOUNDS.get(each.name, EXACT_BOUNDS)) for each in schema]
    return pa.Table.from_arrays(arrays, schema=schema), names


def _venue_orders(records: Iterable[AgeRecord]) -> tuple[list[tuple[str, ...]], list[int | None]]:
    """Return the distinct venue orders, and the index of each record's order.

    Names are decoded only for a record that may begin a life: a lower tick, or another number of ages.
    """
    orders: dict[tuple[str, ...], int] = {}
    numbers: list[int | None] = []
    number, last_t, width = None, 0, -1
    for record in records:
        guidance = record.treasury_guidance
        if guidance is None:
            numbers.append(None)
            continue
        ages = len(record.venue_age_ms or ())
        if number is None or record.t < last_t or ages != width:
            order = _venue_order(guidance.venue_names())
            number = orders.setdefault(order, len(orders)) if order else None
            width = ages
        last_t = record.t
        numbers.append(number)
    return list(orders), numbers


def _venue_order(venues: Sequence[VenueName]) -> tuple[str, ...]:
    """Return the venue ids by index; an index without a name gets `venue_<index>`."""
    if all(each.venue_index == index for index, each in enumerate(venues)):
        return tuple(each.venue_id for each in venues)
    ids = {each.venue_index: each.venue_id for each in venues if each.venue_index >= 0}
    last = min(max(ids, default=-1), _MAX_VENUE_INDEX)
    return tuple(ids.get(index, f"venue_{index}") for index in range(last + 1))
