"""Telemetry files into the store: blocks read by as many processes as help, every line in the ledger."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from toolkit.db.query_pool import single_threaded
from toolkit.db.store import execute_script, execute_with_data, sql, transaction
from toolkit.files.discovery import RunFile, adjoins
from toolkit.files.ledger import LedgerBuilder
from toolkit.ingest.cut_records import cut_record, last_line, taken_from
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import VENUE_ID, SetAside
from toolkit.streams.blocks import Block, blocks, count_newlines
from toolkit.streams.parallel import PARALLEL_FROM_BYTES, gc_paused
from toolkit.streams.spans import read_in_parallel
from toolkit.telemetry.columns import NAMES_NO, Batch, Scope, read, read_span

_OCTETS_AT_ONCE = 8 << 20

_SEQ, _FILE_NO = pa.field("seq", pa.int64()), pa.field("file_no", pa.int64())

_AGES = {
    "tick": "run_key, seq, life, t, at_ms, at_is_estimate, weight_ms, hole_ms, line, file_no,"
    " execution_mode, kill_switch, kill_reason",
    "venue_tick": "run_key, seq, life, t, at_ms, weight_ms, venue, age_apply_ms, age_event_ms, has_apply_age, mid_usd",
}
"""The columns of a run's ages, and those that are asked for whatever was read."""
_WORDS: dict[Scope, tuple[str, ...]] = {"all": ("venue", "status"), "ages": ("venue",)}
"""The columns of `venue_tick` that hold the same few words in all rows."""

Progress = Callable[[int], None]
"""Told the bytes read since the last call."""


@dataclass
class _Account(LedgerBuilder):
    tail: bytes = b""
    """The last line of a file, where it has no newline and a part after it may hold the rest."""

    def counted(self, batch: Batch) -> Batch:
        """Count the lines of the next batch, which may yet be changed before it is added."""
        self.lines += batch.lines
        return batch

    def add(self, batch: Batch) -> None:
        self.used += batch.used
        self.where += batch.where


def load(
    con: duckdb.DuckDBPyConnection,
    run_key: int,
    sources: Sequence[RunFile],
    scope: Scope = "all",
    progress: Progress = lambda _: None,
) -> list[FileLedger]:
    """Read telemetry files, in the order given, into the tables `tick` and `venue_tick`.

    Line numbers are per file; `seq` orders the records of all files. A record that a rotation cut in two stands where
    it begins, and each half is a used line of its own file. Raises `InputError` for an unreadable file.
    """
    # A column of nulls takes as much time and memory as one of numbers.
    for table, columns in _AGES.items() if scope == "ages" else ():
        con.execute(f"create or replace table {table} as select {columns} from {table}")
    loader = _Loader(con, run_key, scope)
    # As one transaction: what is large is then packed as it comes, and written once. By one thread: two take a fifth
    # more time for the same rows, and the other processors have lines to read.
    with gc_paused(), single_threaded(con), transaction(con):
        ledgers, taken = [], frozenset[int]()
        for place in range(len(sources)):
            ledger, taken = _load_file(loader, sources[place:], scope, progress, taken)
            ledgers.append(ledger)
        loader.flush()
    execute_script(con, sql("ticks/times"))
    for column in _WORDS[scope]:
        _number(con, column)
    return ledgers


def _number(con: duckdb.DuckDBPyConnection, column: str) -> None:
    """Keep the words of a column of `venue_tick` as numbers, in their order: rows are told apart twice as fast."""
    # A type must have one word, also where the column has none.
    words = f"select '' as word union select {column} from venue_tick where {column} is not null order by word"
    con.execute(f"create type {column}_word as enum ({words})")
    con.execute(f"alter table venue_tick alter {column} type {column}_word")


class _Loader:
    """Appends batches to the store and keeps one numbering of venue orders and records over all files."""

    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int, scope: Scope) -> None:
        self._con = con
        self._run_key = run_key
        self._inserts = con.extract_statements(sql(f"ticks/{scope}"))
        self._orders: dict[tuple[str, ...], int] = {}
        self._waiting: list[pa.Table] = []
        self._octets = 0
        self._seq = 0
        self._tell_orders()

    def append(self, batch: Batch, file_no: int) -> None:
        """Take a batch; rows go to the store some megabytes at a time."""
        table, count = batch.table, batch.table.num_rows
        orders = [self._orders.setdefault(names, len(self._orders)) for names in batch.names]
        own = [None if number is None else orders[number] for number in table.column(NAMES_NO).to_pylist()]
        table = table.set_column(NAMES_NO, "names_no", pa.array(own, pa.int64()))
        seq = pa.array(np.arange(self._seq, self._seq + count))
        self._waiting.append(table.append_column(_SEQ, seq).append_column(_FILE_NO, pa.repeat(file_no, count)))
        self._seq += count
        self._octets += table.nbytes
        if self._octets >= _OCTETS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._waiting:
            if self._told < len(self._orders):
                self._tell_orders()
            # In one piece: the database takes as long for a chunk of hundreds of rows as for one of thousands.
            data = pa.concat_tables(self._waiting).combine_chunks()
            for insert in self._inserts:
                execute_with_data(self._con, insert, data, {"run_key": self._run_key})
        self._waiting, self._octets = [], 0

    def _tell_orders(self) -> None:
        """Let the statements know the venues' names by the number of their order."""
        self._told = len(self._orders)
        self._con.execute("set variable venue_names = ?::varchar[][]", [[_names_of(order) for order in self._orders]])


def _names_of(order: Sequence[str]) -> list[str]:
    return [name.lower() if VENUE_ID.fullmatch(name) else f"venue_{i}" for i, name in enumerate(order)]


def _load_file(
    loader: _Loader, sources: Sequence[RunFile], scope: Scope, progress: Progress, taken: frozenset[int]
) -> tuple[FileLedger, frozenset[int]]:
    """Load the first of the sources; give the files whose first line belongs to a record that begins before them."""
    source, account = sources[0], _Account()
    has_rest = len(sources) > 1 and adjoins(sources[1], source)
    if source.path is not None and source.path.stat().st_size >= PARALLEL_FROM_BYTES and (os.cpu_count() or 1) > 1:
        batches = _spanwise(source.path, scope, account, progress, has_rest)
    else:
        batches = _blockwise(source, scope, account, progress)

    def take(batch: Batch | None) -> None:
        if batch is None:
            return
        account.add(batch)
        loader.append(batch, source.file_no)

    last = next(batches, None)
    if last is not None and source.file_no in taken:
        last = taken_from(last, 1)
    for batch in batches:
        take(last)
        last = batch
    begins_before = account.lines == 1 and source.file_no in taken
    cut = cut_record(account.tail, account.lines, sources, scope) if has_rest and not begins_before else None
    take(taken_from(last, account.lines) if cut and last else last)
    take(cut.batch if cut else None)
    return account.ledger(source), taken | (cut.taken if cut else frozenset())


def _blockwise(source: RunFile, scope: Scope, account: _Account, progress: Progress) -> Iterator[Batch]:
    """Blocks as they come out of the file, packed or not."""
    with source.open() as stream:
        for block in blocks(stream):
            progress(len(block.data))
            yield account.counted(read(block, scope))
            account.tail = block.data if block.torn and not stream.damage else b""
        account.record_end(stream)


def _spanwise(path: Path, scope: Scope, account: _Account, progress: Progress, has_rest: bool) -> Iterator[Batch]:
    """Spans of a plain file in order; their line numbers are made absolute as they come."""
    with read_in_parallel(path, partial(read_span, scope=scope)) as spans:
        for octets, batch in spans.results():
            progress(octets)
            moved = _moved(batch, account.lines)
            yield account.counted(moved)
        account.bytes, account.sha256 = spans.digest()
        account.tail = last_line(path, account.bytes) if has_rest else b""


def _moved(batch: Batch, lines: int) -> Batch:
    own = batch.table.column("line").to_numpy()
    table = batch.table.set_column(0, "line", pa.array(own + lines, pa.int64()))
    return replace(batch, table=table, where=[replace(each, line=each.line + lines) for each in batch.where])


def ledger_of(source: RunFile, used: bool = True) -> FileLedger:
    """The ledger row of a file that is listed but not read line by line (provenance, artifacts)."""
    with source.open() as stream:
        lines = sum(_count_lines(block) for block in blocks(stream))
        where = (SetAsideLine(lines + 1, stream.size, SetAside.DAMAGED),) if stream.damage else ()
        return FileLedger(source.name, source.role, stream.size, stream.sha256, lines, lines if used else 0, {}, where)


def _count_lines(block: Block) -> int:
    return count_newlines(block.data) + (1 if block.torn or block.skipped else 0)


def total_bytes(sources: Iterable[RunFile]) -> int:
    """Bytes of the files that lie plain on disk; what is packed is as large as only its reading tells."""
    return sum(source.path.stat().st_size for source in sources if source.path is not None)
