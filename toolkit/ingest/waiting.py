"""Rows of one table that wait to be written together: a store takes a hundred thousand rows as fast as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

ROWS_AT_ONCE = 200_000

Whole = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group of lines stands: in each, its line number, its first byte and its life."""

    file_no: int
    lines: Whole
    bytes: Whole
    lives: Whole


class Waiting:
    """Rows of `table`, whose columns are those of `schema` after the run's key."""

    def __init__(self, con: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, run_key: int) -> None:
        self._con = con
        self._table = table
        self._schema = schema
        self._run_key = run_key
        self._rows: list[Sequence[object]] = []
        self._groups: list[pa.Table] = []
        self._count = 0

    def add(self, row: Sequence[object]) -> None:
        """Take one row, its values in the order of the schema."""
        self._rows.append(row)
        self._counted(1)

    def add_group(self, place: Place, columns: Mapping[str, object]) -> None:
        """Take a row for each line of a group; a column is an array, or one value for all, or absent for null."""
        count = len(place.lines)
        columns = {"file_no": place.file_no, "line": place.lines, "life": place.lives, **columns}
        arrays = [_array(columns.get(name.name), name.type, count) for name in self._schema]
        self._groups.append(pa.Table.from_arrays(arrays, schema=self._schema))
        self._counted(count)

    def _counted(self, rows: int) -> None:
        self._count += rows
        if self._count >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._rows:
            values = zip(*self._rows, strict=True)
            single = [pa.array(column, each.type) for column, each in zip(values, self._schema, strict=True)]
            self._groups.append(pa.Table.from_arrays(single, schema=self._schema))
        if self._groups:
            self._con.register("new_rows", pa.concat_tables(self._groups))
            self._con.execute(
                f"insert into {self._table} by name select $1 as run_key, * from new_rows", [self._run_key]
            )
            self._con.unregister("new_rows")
        self._rows, self._groups, self._count = [], [], 0


def _array(value: object, kind: pa.DataType, count: int) -> pa.Array:
    if value is None:
        return pa.nulls(count, kind)
    if isinstance(value, str | int | float):
        return pa.repeat(pa.scalar(value, kind), count)
    return pa.array(value, kind) if isinstance(value, np.ndarray) else value
