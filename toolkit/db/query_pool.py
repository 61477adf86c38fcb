"""Thread pool for read queries on one database, one query per processor."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

import duckdb

from toolkit.db.memory import with_memory
from toolkit.db.store import new_cursor

Connection = duckdb.DuckDBPyConnection
T = TypeVar("T")
R = TypeVar("R")


class QueryPool:
    """Run queries in parallel, each on one database thread, so that float sums are the same in every run.

    A query that runs out of memory is repeated alone after the others have ended. If that fails too, it is repeated
    without the memory limit: a list of all values of a run of many gigabytes may not fit into the limit.
    """

    def __init__(self, con: Connection, threads: ThreadPoolExecutor, thread_state: threading.local) -> None:
        self._con, self._threads, self._thread_state = con, threads, thread_state
        self._futures: list[Future[Any]] = []

    def submit(self, query: Callable[[Connection], R]) -> Callable[[], R]:
        """Schedule `query` with the cursor of a pool thread; return a function that waits for its result.

        `query` may run up to three times, so a failed one must leave no rows or tables behind. The returned function
        raises what `query` raises.
        """
        future = self._threads.submit(lambda: query(self._thread_state.cursor))
        self._futures.append(future)
        return lambda: self._result(future, query)

    def map(self, query: Callable[[Connection, T], R], items: Iterable[T]) -> Iterator[R]:
        """Schedule `query` for each item; yield the results in the order of the items."""
        for result in [self.submit(_bind(query, item)) for item in items]:
            yield result()

    def _result(self, future: Future[R], query: Callable[[Connection], R]) -> R:
        try:
            return future.result()
        except duckdb.OutOfMemoryException:
            wait(self._futures)
        return with_memory(self._con, query)


def _bind(query: Callable[[Connection, T], R], item: T) -> Callable[[Connection], R]:
    return lambda con: query(con, item)


@contextmanager
def query_pool(con: Connection) -> Iterator[QueryPool]:
    """Open a pool with as many threads as processors; its cursors see what `con` has committed."""
    thread_state = threading.local()

    def open_cursor() -> None:
        thread_state.cursor = new_cursor(con)

    with single_threaded(con):
        threads = ThreadPoolExecutor(os.cpu_count() or 1, initializer=open_cursor)
        try:
            yield QueryPool(con, threads, thread_state)
        finally:
            threads.shutdown(cancel_futures=True)


@contextmanager
def single_threaded(con: Connection) -> Iterator[None]:
    """Run each query of the database on one thread inside the block."""
    con.execute("set threads = 1")
    try:
        yield
    finally:
        con.execute("reset threads")
