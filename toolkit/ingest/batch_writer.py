"""Batched writes of rows into tables: the database takes a hundred thousand rows as fast as one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import duckdb
import pyarrow as pa

from toolkit.db.store import execute_with_data
from toolkit.runlog.bulk.numbers import IntVector

BATCH_ROWS = 200_000
"""Rows of one insert. Inserts of less than a row group of the database (122 880) take three times as long per row."""
ROWS_OF_TABLE = 20_000
"""Rows added one by one that become a table, which takes a quarter of their memory."""


class TableWriter:
    """Writer of Arrow tables in a background thread, one at a time, while the caller goes on reading.

    Nothing else may use `con` inside the `with` block. All writes in the block are one transaction: large data is then
    compressed as it arrives and written once. An exception rolls it back.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int) -> None:
        self._con = con
        self._run_key = run_key
        self._thread = ThreadPoolExecutor(1)
        self._current_write: Future[None] | None = None

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
        """Start to write rows after waiting for the write before. Raises the exception of that earlier write."""
        self.finish()
        self._current_write = self._thread.submit(self._insert, table, rows)

    def finish(self) -> None:
        """Wait until all rows are written. Raises the exception of the write."""
        if self._current_write is not None:
            self._current_write.result()
            self._current_write = None

    def _insert(self, table: str, rows: pa.Table) -> None:
        insert = f"insert into {table} by name select $1 as run_key, * from data"
        # One chunk: the database takes as long for a chunk of hundreds of rows as for one of thousands.
        execute_with_data(self._con, insert, rows.combine_chunks(), [self._run_key])


class PendingRows:
    """Rows for one table, collected until they are a batch; `schema` has the table's columns without the run's key."""

    def __init__(self, writer: TableWriter, table: str, schema: pa.Schema) -> None:
        self._writer = writer
        self._table = table
        self._schema = schema
        self._rows: list[Sequence[object]] = []
        self._tables: list[pa.Table] = []
        self._count = 0

    def add(self, row: Sequence[object]) -> None:
        """Add one row, its values in the order of the schema."""
        self._rows.append(row)
        if len(self._rows) == ROWS_OF_TABLE:
            self._make_table()
            self._flush_if_full()

    def add_table(self, file_no: int, first_line: int, lives: IntVector, rows: pa.Table) -> None:
        """Add the rows of one block, which lack the columns `file_no` and `life`.

        Their `line` counts from 0 at line `first_line` of the file. `lives` holds the life of each row.
        """
        lines = rows.column("line").to_numpy() + first_line
        added = {"file_no": pa.repeat(pa.scalar(file_no, pa.int32()), len(lines)), "line": lines, "life": lives}
        columns = [added[name] if name in added else rows.column(name) for name in self._schema.names]
        arrays = list(map(_arrow_column, columns, self._schema.types))
        self._tables.append(pa.Table.from_arrays(arrays, schema=self._schema))
        self._count += len(lines)
        self._flush_if_full()

    def _flush_if_full(self) -> None:
        if self._count >= BATCH_ROWS:
            self.flush()

    def _make_table(self) -> None:
        if self._rows:
            self._tables.append(table_of(self._rows, self._schema))
            self._count += len(self._rows)
            self._rows = []

    def flush(self) -> None:
        """Pass the collected rows to the writer."""
        self._make_table()
        if self._tables:
            self._writer.write(self._table, pa.concat_tables(self._tables))
        self._tables, self._count = [], 0


def table_of(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Return rows, at least one, with their values in the order of the schema, as a table."""
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, each.type) for column, each in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _arrow_column(column: object, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, kind)
