"""Rows of one table that wait to be written together: a store takes a hundred thousand rows as fast as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from toolkit.store import run_over

ROWS_AT_ONCE = 100_000
_MANY = 10_000

Whole = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group of lines stands: in each, its line number, its first byte and its life."""

    file_no: int
    lines: Whole
    bytes: Whole
    lives: Whole


class Writer:
    """Writes tables of rows beside the reading, one at a time. Nothing else may use `con` inside the `with` block."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int) -> None:
        self._con = con
        self._run_key = run_key
        self._thread = ThreadPoolExecutor(1)
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True)

    def write(self, table: str, rows: pa.Table) -> None:
        """Begin to write rows, once those before them are written. Raises what writing those raised."""
        self.finish()
        self._under_way = self._thread.submit(self._insert, table, rows)

    def finish(self) -> None:
        """Wait until all is written."""
        if self._under_way is not None:
            self._under_way.result()
            self._under_way = None

    def _insert(self, table: str, rows: pa.Table) -> None:
        insert = f"insert into {table} by name select $1 as run_key, * from data"
        run_over(self._con, insert, rows, [self._run_key])


class Waiting:
    """Rows of `table`, whose columns are those of `schema` after the run's key."""

    def __init__(self, writer: Writer, table: str, schema: pa.Schema) -> None:
        self._writer = writer
        self._table = table
        self._schema = schema
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
        """Hand over what is waiting."""
        if self._rows:
            values = zip(*self._rows, strict=True)
            single = [pa.array(column, each.type) for column, each in zip(values, self._schema, strict=True)]
            self._groups.append(pa.Table.from_arrays(single, schema=self._schema))
        if self._groups:
            self._writer.write(self._table, pa.concat_tables(self._groups))
        self._rows, self._groups, self._count = [], [], 0


def whole_numbers(texts: Sequence[bytes]) -> Whole:
    """Texts of whole numbers of up to 18 digits as numbers."""
    if len(texts) < _MANY:
        # The quicker way has to load a library first.
        read = np.fromstring(b" ".join(texts), np.int64, sep=" ")
        if len(read) != len(texts):
            raise AssertionError(f"{len(texts) - len(read)} of {len(texts)} numbers of a group are none")
        return read
    numbers: Whole = pa.array(texts, pa.binary()).cast(pa.string()).cast(pa.int64()).to_numpy()
    return numbers


def _array(value: object, kind: pa.DataType, count: int) -> pa.Array:
    if value is None:
        return pa.nulls(count, kind)
    if isinstance(value, str | int | float):
        return pa.repeat(pa.scalar(value, kind), count)
    return pa.array(value, kind)
