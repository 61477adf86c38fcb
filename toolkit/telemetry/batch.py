"""Batches: the records of consecutive lines as Arrow columns, with the ledger of those lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.model.set_aside import SetAsideLines
from toolkit.model.vocabulary import MAX_VENUES
from toolkit.telemetry.arrays import EXACT_BOUNDS, Bounds, arrow_array, field_values
from toolkit.telemetry.record import AgeRecord, TelemetryRecord, VenueName
from toolkit.telemetry.schema import INT, NAMES_INDEX, NESTED, SCHEMAS, Scope

RECORD_TYPES: dict[Scope, type[AgeRecord]] = {"all": TelemetryRecord, "ages": AgeRecord}

_BOUNDS: dict[str, Bounds] = {"at_ms": (-62_135_596_800_000, 253_402_300_799_999)}
"""Bounds of columns of times (epoch ms): the years 1 to 9999."""


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
    cut_arrays: int = 0
    """Records with an array of more than `MAX_VENUES` values, of which the first ones are kept."""

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
            self.cut_arrays + following.cut_arrays,
        )


def record_table(
    records: Sequence[Any], line_numbers: Iterable[int], scope: Scope
) -> tuple[pa.Table, list[tuple[str, ...]], int]:
    """Return the records as a table of the scope's schema, the venue orders they name, and how many were cut.

    Arrays of more than `MAX_VENUES` values are cut: a run has no more venues.
    """
    names, names_no = _venue_orders(records)
    columns = field_values(RECORD_TYPES[scope], records)
    columns["line"] = list(line_numbers)
    columns["at_ms"] = [None if guidance is None else guidance.as_of_ms for guidance in columns["treasury_guidance"]]
    columns["names_no"] = names_no
    for name, kind in NESTED.items() if scope == "all" else ():
        columns |= field_values(kind, [kind() if each is None else each for each in columns[name]])
    schema = SCHEMAS[scope]
    arrays = [arrow_array(columns[each.name], each.type, _BOUNDS.get(each.name, EXACT_BOUNDS)) for each in schema]
    cut, too_long = zip(*map(_without_further_values, arrays), strict=True)
    return pa.Table.from_arrays(list(cut), schema=schema), names, int(np.logical_or.reduce(too_long).sum())


def _without_further_values(array: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Return an array of lists with lists of at most `MAX_VENUES` values, and which lists were longer."""
    if not pa.types.is_list(array.type) or pa.types.is_struct(array.type.value_type):
        return array, np.zeros(len(array), np.bool_)
    too_long = np.diff(array.offsets.to_numpy()) > MAX_VENUES
    return pc.list_slice(array, 0, MAX_VENUES) if too_long.any() else array, too_long


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
    if len(venues) <= MAX_VENUES and all(each.venue_index == index for index, each in enumerate(venues)):
        return tuple(each.venue_id for each in venues)
    ids = {each.venue_index: each.venue_id for each in venues if each.venue_index >= 0}
    last = min(max(ids, default=-1), MAX_VENUES - 1)
    return tuple(ids.get(index, f"venue_{index}") for index in range(last + 1))
