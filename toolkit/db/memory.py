"""Memory limit of the database, and what is done with a statement that does not fit into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import duckdb

from toolkit.db.store import bound_statements, limit_memory

Connection = duckdb.DuckDBPyConnection
R = TypeVar("R")

WHILE_INSERTING_MB = 100
"""Memory limit of the database (10⁶ bytes) while it only inserts rows of logs: their reader needs the rest."""


@contextmanager
def memory_limit(con: Connection, limit_mb: int | None = None) -> Iterator[None]:
    """Set the database's memory limit (10⁶ bytes) inside the block; None sets DuckDB's default for the machine."""
    ((before,),) = con.execute("select current_setting('memory_limit')").fetchall()
    if limit_mb is None:
        con.execute("reset memory_limit")
    else:
        limit_memory(con, limit_mb)
    try:
        yield
    finally:
        con.execute(f"set memory_limit = '{before}'")


def with_memory(con: Connection, query: Callable[[Connection], R]) -> R:
    """Return the result of a query; one that runs out of memory is repeated without the memory limit.

    A failed query must leave no rows or tables behind, so it is one statement, or a transaction of its own.
    """
    try:
        return query(con)
    except duckdb.OutOfMemoryException:
        with memory_limit(con):
            return query(con)


def execute_with_memory(con: Connection, script: str, **parameters: object) -> None:
    """Execute each statement of a script like `execute_script`, with the memory that it needs.

    No transaction may be open: a statement that failed would have ended it.
    """
    for statement, bound in bound_statements(con, script, parameters):
        with_memory(con, partial(Connection.execute, query=statement, parameters=bound))
