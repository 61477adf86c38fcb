"""Rows of one table that wait to be written together: a store takes a hundred thousand rows as fast as one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import duckdb
import pyarrow as pa

from toolkit.db.store import execute_with_data
from toolkit.runlog.bulk.numbers import Whole

ROWS_AT_ONCE = 200_000
"""Fewer than a row group of the database (122 880) take three times as long for each row."""


class TableWriter:
    """Writes tables of rows beside the reading, one at a time. Nothing else may use `con` inside the `with` block.

    What is written inside it is one transaction: what is large is then packed as it comes, and written once.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int) -> None:
        self._con = con
        self._run_key = run_key
        self._thread = ThreadPoolExecutor(1)
        self._under_way: Future[None] | None = None

    def __enter__(self) -> TableWriter:
        self._con.begin()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown(wait=True)
        pa.default_memory_pool().release_unused()
        if failure is None:
            self.finish()
            self._con.commit()
        else:
            self._con.rollback()

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
        # In one piece: the database takes as long for a chunk of hundreds of rows as for one of thousands.
        execute_with_data(self._con, insert, rows.combine_chunks(), [self._run_key])


class PendingRows:
    """Rows of `table`, whose columns are those of `schema` after the run's key."""

    def __init__(self, writer: TableWriter, table: str, schema: pa.Schema) -> None:
        self._writer = writer
        self._table = table
        self._schema = schema
        self._rows: list[Sequence[object]] = []
        self._tables: list[pa.Table] = []
        self._count = 0

    def add(self, row: Sequence[object]) -> None:
        """Take one row, its values in the order of the schema."""
        self._rows.append(row)
        self._counted(1)

    def add_table(self, file_no: int, first_line: int, lives: Whole, rows: pa.Table) -> None:
        """Take rows that lack the file's number and their lives, and whose lines count from `first_line`, 0."""
        lines = rows.column("line").to_numpy() + first_line
        placed = {"file_no": pa.repeat(pa.scalar(file_no, pa.int32()), len(lines)), "line": lines, "life": lives}
        columns = [placed[name] if name in placed else rows.column(name) for name in self._schema.names]
        self._tables.append(pa.Table.from_arrays(list(map(_typed, columns, self._schema.types)), schema=self._schema))
        self._counted(len(lines))

    def _counted(self, rows: int) -> None:
        self._count += rows
        if self._count >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hand over what is waiting."""
        if self._rows:
            values = zip(*self._rows, strict=True)
            single = [pa.array(column, each.type) for column, each in zip(values, self._schema, strict=True)]
            self._tables.append(pa.Table.from_arrays(single, schema=self._schema))
        if self._tables:
            self._writer.write(self._table, pa.concat_tables(self._tables))
        self._rows, self._tables, self._count = [], [], 0


def _typed(column: object, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, kind)
