"""Private staging database for one run, copied to the store file in one transaction.

The store file is locked only while that transaction is open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import duckdb

from toolkit.db import percentiles
from toolkit.db.masked_texts import masked_rows
from toolkit.db.scratch import scratch_folder
from toolkit.db.store import (
    LOCK_TIMEOUT_S,
    MEMORY,
    TABLES,
    connect,
    execute_with_data,
    limit_memory,
    new_cursor,
    retry_while_locked,
)
from toolkit.db.store_file import damage_explained, is_write_protected
from toolkit.model.errors import InputError

Connection = duckdb.DuckDBPyConnection

_ROW_GROUP = 40_960
"""Rows per row group of the store file. Full groups are compressed while figures are computed, the rest at the end."""

IN_MEMORY_BYTES = 1 << 28
"""Runs of at most this many bytes have tables that fit into the database's memory limit."""

RUN_KEY = 1
"""Key of the only run in a staging database; the store assigns another key."""


@contextmanager
def staging_database(memory_mb: int, run_bytes: int = 0) -> Iterator[Connection]:
    """Open a private database with the store's tables, all empty, for a run of `run_bytes` bytes.

    The database uses at most `memory_mb` (10⁶ bytes) and spills the rest to disk. Tables of a run larger than
    `IN_MEMORY_BYTES` are on disk from the start: compressed tables take a quarter of the space of spilled ones.
    """
    with scratch_folder() as folder:
        on_disk = str(folder / "staging") if run_bytes > IN_MEMORY_BYTES else None
        con = connect(on_disk, memory_mb=memory_mb) if on_disk else _in_memory(memory_mb)
        # Each checkpoint would write the tables again, and the staging database is deleted at the end.
        con.execute("set checkpoint_threshold = '1TB'")
        percentiles.register(con)
        try:
            yield con
        finally:
            con.close()


_preopened: list[Future[Connection]] = []


def open_in_background() -> None:
    """Start to create an in-memory staging database on a thread, while the caller imports other modules.

    The next `staging_database` for a run that fits into memory uses it.
    """
    pool = ThreadPoolExecutor(1)
    _preopened.append(pool.submit(connect, MEMORY))
    pool.shutdown(wait=False)


def _in_memory(memory_mb: int) -> Connection:
    if not _preopened:
        return connect(MEMORY, memory_mb=memory_mb)
    con = _preopened.pop().result()
    limit_memory(con, memory_mb)
    return con


started_commits: list[tuple[str, str]] = []
"""Store file and run id of each commit that this process started; only the store file says whether it completed."""

CopyTables = Callable[..., None]
"""Copies the rows of the named tables to the store, with secrets masked: each table once, after its last row."""


@contextmanager
def committing(
    con: Connection, db: str, run: str, lock_timeout_s: float = LOCK_TIMEOUT_S
) -> Iterator[CopyTables | None]:
    """Commit the staged run to the store file `db` in one transaction; yield None where `db` is in memory.

    Tables not copied inside the block are copied at its end. An exception in the block rolls back. A run with an id
    that the store already has is not copied again. Raises `InputError` when another process still has the file locked
    after `lock_timeout_s` seconds.
    """
    if db == MEMORY:
        yield None
        return
    started_commits.append((db, run))
    commit = _StoreCommit(con, db, run, lock_timeout_s)
    try:
        yield commit.copy
        commit.copy_remaining()
    except BaseException:
        commit.roll_back()
        raise
    commit.end("commit")


class _StoreCommit:
    """One transaction on a store file; a process killed before the commit leaves the file unchanged."""

    def __init__(self, con: Connection, db: str, run: str, lock_timeout_s: float) -> None:
        self._con, self._cursor, self._lock = con, new_cursor(con), threading.Lock()
        self._remaining = list(TABLES)
        self._db, read_only = db, is_write_protected(db)
        mode = "read_only" if read_only else f"row_group_size {_ROW_GROUP}"
        attach = f"attach '{db.replace(chr(39), 2 * chr(39))}' as store ({mode})"
        retry_while_locked(db, time.monotonic() + lock_timeout_s, lambda: self._cursor.execute(attach))
        with damage_explained(db):
            self._cursor.begin()
            self._stored = bool(self._cursor.execute("select 1 from store.run where run = ?", [run]).fetchall())
        if read_only and not self._stored:
            why = "no permission to write to it, and it does not hold this run; allow it, or name another with --db"
            raise InputError(db, None, why)
        next_key = "select nextval('store.run_keys')"
        with damage_explained(db):
            self._key = 0 if self._stored else self._cursor.execute(next_key).fetchall()[0][0]

    def copy(self, *tables: str) -> None:
        """Copy tables to the store.

        After a failed statement the transaction starts again: these tables can be retried, and those copied before are
        copied at the end.
        """
        for table in tables if not self._stored else ():
            with self._lock:
                try:
                    rows, data = masked_rows(self._cursor, table)
                    with damage_explained(self._db):
                        execute_with_data(self._cursor, _insert(table, rows), data, [self._key])
                except duckdb.Error:
                    self._cursor.rollback()
                    self._cursor.begin()
                    self._remaining = list(TABLES)
                    raise
        self._remaining = [table for table in self._remaining if table not in tables]

    def copy_remaining(self) -> None:
        # The transaction sees the staging database as of its first statement; later rows come from a new cursor.
        with new_cursor(self._con) as current:
            for table in self._remaining if not self._stored else ():
                query, data = masked_rows(current, table)  # noqa: RUF059  the query reads `data` by its name
                rows = current.sql(f"from {query}").to_arrow_table()
                with damage_explained(self._db):
                    execute_with_data(self._cursor, _insert(table, "data"), rows, [self._key])

    def roll_back(self) -> None:
        self._cursor.interrupt()
        # After a fatal error of the store no statement is possible, and nothing was committed.
        with suppress(InputError, duckdb.Error):
            self.end("rollback")

    def end(self, statement: str) -> None:
        with self._lock, damage_explained(self._db):
            self._cursor.execute(statement)
            self._cursor.execute("detach store")


def _insert(table: str, origin: str) -> str:
    return f"insert into store.{table} by name select * replace (? as run_key) from {origin}"
