"""The workbench: a private database in which one run is taken apart, and from which a store file gets it whole.

The store is held only while the run is put into it. Queries that only read the run stand side by side, one per
processor.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb.func import PythonUDFType

from toolkit.db.store import LOCK_PATIENCE_S, MEMORY, TABLES, another, connect, limit_memory, run_over, waiting

Connection = duckdb.DuckDBPyConnection
T = TypeVar("T")
R = TypeVar("R")

_ROW_GROUP = 40_960
"""Rows that a store file keeps together: a full group is packed while the figures are computed, the rest at the end."""

IN_MEMORY_OCTETS = 1 << 28
"""Up to this the tables of a run fit into the memory that they may take."""

RUN_KEY = 1
"""The key of the workbench's only run; in a store it gets another."""


@contextmanager
def workbench(memory_mb: int, octets: int = 0) -> Iterator[Connection]:
    """A private database with the store's tables, all of them empty, for a run of so many bytes.

    It takes no more than `memory_mb` (10⁶ bytes) and spills what is more to disk. The tables of a large run lie on disk
    from the beginning: packed, they are a quarter of what would be spilled.
    """
    with TemporaryDirectory(prefix="toolkit-") as folder:
        on_disk = str(Path(folder) / "workbench") if octets > IN_MEMORY_OCTETS else None
        con = connect(on_disk, memory_mb=memory_mb) if on_disk else _in_memory(memory_mb)
        # What was read would be written down anew and anew; nothing of it is there to stay.
        con.execute("set checkpoint_threshold = '1TB'")
        con.create_function("percentiles", _percentiles, ["double[]"], "double[]", type=PythonUDFType.ARROW)
        try:
            yield con
        except RuntimeError as error:
            # The database's own word for Ctrl-C within a query.
            if str(error) == "Query interrupted":
                raise KeyboardInterrupt from error
            raise
        finally:
            con.close()


_SHARES = (50 / 100, 95 / 100, 99 / 100, 1.0)


def _percentiles(lists: pa.ChunkedArray) -> pa.Array:
    """The percentiles 50, 95, 99 and 100 of each list, in whatever order its values come; none of an empty one.

    The database's own are of another formula, and it sorts several times as slowly.
    """
    found = [_percentiles_of(np.sort(each.values.to_numpy())) if len(each) else [] for each in lists]
    return pa.array(found, pa.list_(pa.float64()))


def _percentiles_of(ascending: npt.NDArray[np.float64]) -> list[float]:
    return [_at(ascending, (len(ascending) - 1) * share) for share in _SHARES]


def _at(ascending: npt.NDArray[np.float64], position: float) -> float:
    """The value at a position, linear between neighbours, in the order of operations of the macro `percentile`."""
    place = int(position)
    below = float(ascending[place])
    if place == position:
        return below
    return below * (place + 1 - position) + float(ascending[place + 1]) * (position - place)


_begun: list[Future[Connection]] = []


def begin() -> None:
    """Begin to make the tables of a run that fits into memory, so that they are there when all else has been loaded."""
    pool = ThreadPoolExecutor(1)
    _begun.append(pool.submit(connect, MEMORY))
    pool.shutdown(wait=False)


def _in_memory(memory_mb: int) -> Connection:
    if not _begun:
        return connect(MEMORY, memory_mb=memory_mb)
    con = _begun.pop().result()
    limit_memory(con, memory_mb)
    return con


class Cursors:
    """Queries side by side, each by one thread: a sum of fractions then has the same last digit in every run.

    What finds too little memory beside the others is done again when they are through, alone; where that is too little,
    too, with what memory the machine has: of a run of many gigabytes a list of all values may not fit into less.
    """

    def __init__(self, con: Connection, pool: ThreadPoolExecutor, own: threading.local) -> None:
        self._con, self._pool, self._own = con, pool, own
        self._begun: list[Future[Any]] = []

    def submit(self, work: Callable[[Connection], R]) -> Callable[[], R]:
        """Do a piece of work with a cursor of its own thread, some time soon; what is given waits for its result.

        The work must leave nothing behind where it fails.
        """
        future = self._pool.submit(lambda: work(self._own.cursor))
        self._begun.append(future)
        return lambda: self._result(future, work)

    def map(self, work: Callable[[Connection, T], R], items: Iterable[T]) -> Iterator[R]:
        """Do a piece of work for each item; the results come in the items' order."""
        for result in [self.submit(_given(work, item)) for item in items]:
            yield result()

    def _result(self, future: Future[R], work: Callable[[Connection], R]) -> R:
        try:
            return future.result()
        except duckdb.OutOfMemoryException:
            wait(self._begun)
        try:
            return work(self._con)
        except duckdb.OutOfMemoryException:
            with memory(self._con):
                return work(self._con)


@contextmanager
def memory(con: Connection, limit_mb: int | None = None) -> Iterator[None]:
    """Let the database take so much for a while (10⁶ bytes); without a limit, what the machine has."""
    ((before,),) = con.execute("select current_setting('memory_limit')").fetchall()
    if limit_mb is None:
        con.execute("reset memory_limit")
    else:
        limit_memory(con, limit_mb)
    try:
        yield
    finally:
        con.execute(f"set memory_limit = '{before}'")


def _given(work: Callable[[Connection, T], R], item: T) -> Callable[[Connection], R]:
    return lambda con: work(con, item)


@contextmanager
def one_thread(con: Connection) -> Iterator[None]:
    """Have each query of the database done by one thread."""
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute("reset threads")


@contextmanager
def side_by_side(con: Connection) -> Iterator[Cursors]:
    """Cursors that see what `con` has committed, as many as there are processors."""
    own = threading.local()

    def begin() -> None:
        own.cursor = another(con)

    with one_thread(con):
        pool = ThreadPoolExecutor(os.cpu_count() or 1, initializer=begin)
        try:
            yield Cursors(con, pool, own)
        finally:
            pool.shutdown(cancel_futures=True)


offered: list[tuple[str, str]] = []
"""Into which store file this process began to put which run; whether it is there, the file tells."""

Put = Callable[..., None]
"""Puts the rows of the tables named into the store: each table once, when all its rows are there."""


@contextmanager
def depositing(con: Connection, db: str, run: str, patience_s: float = LOCK_PATIENCE_S) -> Iterator[Put | None]:
    """Give the store file `db` the run on the workbench: whole, at the end, or not at all; None where nothing is kept.

    What is not put before the end is put then. A run whose content the store holds already is left there as it is.
    Another process that holds the file is waited for up to `patience_s` seconds. Raises `InputError` when it is still
    held then.
    """
    if db == MEMORY:
        yield None
        return
    offered.append((db, run))
    deposit = _Deposit(con, db, run, patience_s)
    try:
        yield deposit.put
        deposit.put_the_rest()
    except BaseException:
        deposit.end("rollback")
        raise
    deposit.end("commit")


class _Deposit:
    """One transaction of a store file, which a kill at any point undoes."""

    def __init__(self, con: Connection, db: str, run: str, patience_s: float) -> None:
        self._con, self._cursor, self._in_use = con, another(con), threading.Lock()
        self._left = list(TABLES)
        attach = f"attach '{db.replace(chr(39), 2 * chr(39))}' as store (row_group_size {_ROW_GROUP})"
        waiting(db, time.monotonic() + patience_s, lambda: self._cursor.execute(attach))
        self._cursor.begin()
        self._held = bool(self._cursor.execute("select 1 from store.run where run = ?", [run]).fetchall())
        self._key = self._cursor.execute("select nextval('store.run_keys')").fetchall()[0][0]

    def put(self, *tables: str) -> None:
        for table in tables if not self._held else ():
            with self._in_use:
                try:
                    self._cursor.execute(_into(table, table), [self._key])
                except duckdb.Error:
                    self._cursor.rollback()
                    self._cursor.begin()
                    raise
        self._left = [table for table in self._left if table not in tables]

    def put_the_rest(self) -> None:
        # The transaction sees the workbench as it stood at the first put; what came later is handed over.
        with another(self._con) as now:
            for table in self._left if not self._held else ():
                run_over(self._cursor, _into(table, "data"), now.sql(f"from {table}").to_arrow_table(), [self._key])

    def end(self, how: str) -> None:
        if how == "rollback":
            self._cursor.interrupt()
        with self._in_use:
            self._cursor.execute(how)
            self._cursor.execute("detach store")


def _into(table: str, source: str) -> str:
    return f"insert into store.{table} by name select * replace (? as run_key) from {source}"
