"""Reader of telemetry files into the tables `tick` and `venue_tick`; large files are read in several processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from toolkit.db.memory import execute_with_memory, memory_limit
from toolkit.db.query_pool import single_threaded
from toolkit.db.store import execute_with_data, sql, transaction
from toolkit.files.ledger import LedgerBuilder
from toolkit.files.run_file import RunFile, adjoins
from toolkit.ingest.split_records import last_line, split_record, without_line
from toolkit.model.runs import FileLedger
from toolkit.model.vocabulary import MAX_LABELS, OTHER_NAME, VENUE_ID
from toolkit.streams.blocks import blocks
from toolkit.streams.parallel import PARALLEL_FROM_BYTES, gc_paused
from toolkit.streams.spans import read_in_parallel
from toolkit.telemetry.batch import TelemetryBatch
from toolkit.telemetry.block_reader import read_block, read_span
from toolkit.telemetry.schema import LINE_INDEX, NAMES_INDEX, Scope

_INSERT_BYTES = 8 << 20
_WHILE_READING_MB = 250
"""Memory limit of the database while all fields are read: the readers need the rest, and it only inserts rows."""

_SEQ, _FILE_NO = pa.field("seq", pa.int64()), pa.field("file_no", pa.int64())

_AGES_COLUMNS = {
    "tick": "run_key, seq, life, t, at_ms, at_is_estimate, weight_ms, hole_ms, line, file_no,"
    " execution_mode, kill_switch, kill_reason",
    "venue_tick": "run_key, seq, life, t, at_ms, weight_ms, venue, age_apply_ms, age_event_ms, has_apply_age, mid_usd",
}
"""The columns kept in scope `ages`: those of ages, and those that are queried in every scope."""
_ENUM_COLUMNS: dict[Scope, tuple[str, ...]] = {"all": ("venue", "status"), "ages": ("venue",)}
"""The columns of `venue_tick` that hold a few distinct texts over all rows."""

_LARGE_STEP_MS = 1_000
"""Smallest step that the requested time of a run can show."""

Progress = Callable[[int], None]
"""Callback that receives the number of bytes read since its last call."""


@dataclass
class _TelemetryLedger(LedgerBuilder):
    tail: bytes = b""
    """The last line of the file, if it has no newline and a following part may hold its rest."""

    def count_lines(self, batch: TelemetryBatch) -> TelemetryBatch:
        """Count the lines of the next batch; its records may still change before the batch is added."""
        self.lines += batch.lines
        return batch

    def add(self, batch: TelemetryBatch) -> None:
        """Count the used lines of a batch, and record those set aside."""
        self.used += batch.used
        self.where.extend(batch.where)
        self.cut_arrays += batch.cut_arrays


def load(
    con: duckdb.DuckDBPyConnection,
    run_key: int,
    sources: Sequence[RunFile],
    scope: Scope = "all",
    progress: Progress = lambda _: None,
) -> list[FileLedger]:
    """Read telemetry files, in the order given, into the tables `tick` and `venue_tick`.

    Line numbers are per file; `seq` orders the records of all files. A record that a rotation split over two files has
    the position of its beginning, and each part is a used line of its own file. Raises `InputError` for an unreadable
    file.
    """
    # A column of nulls takes as much time and memory as one of numbers.
    for table, columns in _AGES_COLUMNS.items() if scope == "ages" else ():
        con.execute(f"create or replace table {table} as select {columns} from {table}")
    loader = _Loader(con, run_key, scope)
    # One transaction: large data is then compressed as it arrives and written once. One thread: two need a fifth more
    # processor time for the same rows, and the other processors have lines to read.
    limit = memory_limit(con, _WHILE_READING_MB) if scope == "all" else nullcontext()
    with limit, gc_paused(), single_threaded(con), transaction(con):
        ledgers, continued_in = [], frozenset[int]()
        for index in range(len(sources)):
            ledger, continued_in = _load_file(loader, sources[index:], scope, progress, continued_in)
            ledgers.append(ledger)
        loader.flush()
    assign_tick_times(con, run_key)
    execute_with_memory(con, sql("ticks/venue_names"))
    for column in _ENUM_COLUMNS[scope]:
        _convert_to_enum(con, column)
    return ledgers


def assign_tick_times(con: duckdb.DuckDBPyConnection, run_key: int, requested_ms: int | None = None) -> None:
    """Set life, time and weight of each record, and insert the steps of the wall clock into the table `clock_step`.

    A second call with the requested time of the run, once that is known, finds the steps that only it shows.
    """
    execute_with_memory(con, sql("ticks/lives"))
    if _has_gap(con, "not is_step"):
        execute_with_memory(con, sql("ticks/clock_steps"), requested_ms=requested_ms)
        execute_with_memory(con, sql("ticks/moved_ages"))
    execute_with_memory(con, sql("ticks/times"), run_key=run_key)
    if _has_gap(con, "is_step and step_ms < 0"):
        execute_with_memory(con, sql("ticks/doubted_ages"), run_key=run_key)
    if con.execute("select exists (from tick where life > 0)").fetchall() == [(True,)]:
        execute_with_memory(con, sql("ticks/life_steps"), run_key=run_key)


def bound_tick_times(con: duckdb.DuckDBPyConnection, run_key: int, requested_ms: int | None) -> None:
    """Find the steps of the wall clock that only the requested time of the run shows."""
    if requested_ms is not None and _has_gap(con, f"not is_step and step_ms > {_LARGE_STEP_MS}"):
        assign_tick_times(con, run_key, requested_ms)


def _has_gap(con: duckdb.DuckDBPyConnection, condition: str) -> bool:
    """Return whether a gap between records that differs from the time of its ticks meets an SQL condition."""
    return con.execute(f"select exists (from clock_gap where {condition})").fetchall() == [(True,)]


def _convert_to_enum(con: duckdb.DuckDBPyConnection, column: str) -> None:
    """Store a text column of `venue_tick` as an enum in alphabetical order: rows are grouped twice as fast."""
    # An enum must have one value at least, also where the column has none.
    values = f"select '' as value union select {column} from venue_tick where {column} is not null order by value"
    create = f"create or replace type {column}_enum as enum ({values}"
    # The memory of an enum is not limited, so one of all values of a hostile file is not made.
    con.execute(f"{create} limit {MAX_LABELS + 1})")
    if con.execute(f"select len(enum_range(null::{column}_enum)) > ?", [MAX_LABELS]).fetchall() == [(True,)]:
        con.execute(sql("ticks/further_values").format(column=column), {"most": MAX_LABELS, "other": OTHER_NAME})
        con.execute(f"{create})")
    con.execute(f"alter table venue_tick alter {column} type {column}_enum")


class _Loader:
    """Inserter of batches; it numbers venue orders and records over all files."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int, scope: Scope) -> None:
        self._con = con
        self._run_key = run_key
        self._inserts = con.extract_statements(sql(f"ticks/{scope}"))
        self._orders: dict[tuple[str, ...], int] = {}
        self._pending: list[pa.Table] = []
        self._pending_bytes = 0
        self._seq = 0
        self._publish_orders()

    def append(self, batch: TelemetryBatch, file_no: int) -> None:
        """Queue the rows of a batch; they are inserted some megabytes at a time."""
        table, count = batch.table, batch.table.num_rows
        orders = [self._order_number(names) for names in batch.names]
        numbers = [None if number is None else orders[number] for number in table.column(NAMES_INDEX).to_pylist()]
        table = table.set_column(NAMES_INDEX, "names_no", pa.array(numbers, pa.int64()))
        seq = pa.array(np.arange(self._seq, self._seq + count))
        self._pending.append(table.append_column(_SEQ, seq).append_column(_FILE_NO, pa.repeat(file_no, count)))
        self._seq += count
        self._pending_bytes += table.nbytes
        if self._pending_bytes >= _INSERT_BYTES:
            self.flush()

    def _order_number(self, names: tuple[str, ...]) -> int | None:
        """Return the number of a venue order; None for one beyond the limit, whose venues stay without names."""
        if names not in self._orders and len(self._orders) >= MAX_LABELS:
            return None
        return self._orders.setdefault(names, len(self._orders))

    def flush(self) -> None:
        """Insert the queued rows."""
        if self._pending:
            if self._published < len(self._orders):
                self._publish_orders()
            # One chunk: the database takes as long for a chunk of hundreds of rows as for one of thousands.
            data = pa.concat_tables(self._pending).combine_chunks()
            for insert in self._inserts:
                execute_with_data(self._con, insert, data, {"run_key": self._run_key})
        self._pending, self._pending_bytes = [], 0

    def _publish_orders(self) -> None:
        """Set the database variable `venue_names`, from which the inserts take names by the number of their order."""
        self._published = len(self._orders)
        names = [_stored_names(order) for order in self._orders]
        self._con.execute("set variable venue_names = ?::varchar[][]", [names])


def _stored_names(order: Sequence[str]) -> list[str]:
    """Return the names in lower case; a name that is no valid venue id becomes `venue_<index>`."""
    return [name.lower() if VENUE_ID.fullmatch(name) else f"venue_{i}" for i, name in enumerate(order)]


def _load_file(
    loader: _Loader, sources: Sequence[RunFile], scope: Scope, progress: Progress, continued_in: frozenset[int]
) -> tuple[FileLedger, frozenset[int]]:
    """Load the first of the sources; the others are the files after it, which may hold the rest of its last record.

    `continued_in` holds the numbers of the files whose first line belongs to a record of an earlier file. It is
    returned with the files added that continue the last record of this one.
    """
    source, ledger = sources[0], _TelemetryLedger()
    has_next_part = len(sources) > 1 and adjoins(sources[1], source)
    if source.path is not None and source.path.stat().st_size >= PARALLEL_FROM_BYTES and (os.cpu_count() or 1) > 1:
        batches = _span_batches(source.path, scope, ledger, progress, has_next_part)
    else:
        batches = _block_batches(source, scope, ledger, progress)

    def add(batch: TelemetryBatch | None) -> None:
        if batch is None:
            return
        ledger.add(batch)
        loader.append(batch, source.file_no)

    last = next(batches, None)
    if last is not None and source.file_no in continued_in:
        last = without_line(last, 1)
    for batch in batches:
        add(last)
        last = batch
    all_of_earlier_record = ledger.lines == 1 and source.file_no in continued_in
    joined = None
    if has_next_part and not all_of_earlier_record:
        joined = split_record(ledger.tail, ledger.lines, sources, scope)
    add(without_line(last, ledger.lines) if joined and last else last)
    add(joined.batch if joined else None)
    return ledger.ledger(source), continued_in | (joined.continued_in if joined else frozenset())


def _block_batches(
    source: RunFile, scope: Scope, ledger: _TelemetryLedger, progress: Progress
) -> Iterator[TelemetryBatch]:
    """Read a file, plain or compressed, block by block in this process."""
    with source.open() as stream:
        for block in blocks(stream):
            progress(len(block.data))
            yield ledger.count_lines(read_block(block, scope))
            ledger.tail = block.data if block.torn and not stream.damage else b""
        ledger.record_end(stream)


def _span_batches(
    path: Path, scope: Scope, ledger: _TelemetryLedger, progress: Progress, has_next_part: bool
) -> Iterator[TelemetryBatch]:
    """Read a plain file span by span in several processes; the batches come in order, with line numbers of the file."""
    with read_in_parallel(path, partial(read_span, scope=scope)) as spans:
        for span_bytes, batch in spans.results():
            progress(span_bytes)
            yield ledger.count_lines(_shift_lines(batch, ledger.lines))
        ledger.bytes, ledger.sha256 = spans.digest()
        ledger.tail = last_line(path, ledger.bytes) if has_next_part else b""


def _shift_lines(batch: TelemetryBatch, lines: int) -> TelemetryBatch:
    """Return the batch with its line numbers raised by `lines`."""
    numbers = batch.table.column("line").to_numpy() + lines
    table = batch.table.set_column(LINE_INDEX, "line", pa.array(numbers, pa.int64()))
    return replace(batch, table=table, where=batch.where.shifted(lines))
