"""Parallel queries of the query pool, and what happens when memory is short."""

from __future__ import annotations

import threading

import duckdb
import pytest

from toolkit.db.query_pool import query_pool
from toolkit.db.staging import staging_database

MEMORY_MB = 200


def test_results_are_in_the_order_of_the_items() -> None:
    with staging_database(MEMORY_MB) as con, query_pool(con) as pool:
        squares = pool.map(lambda cursor, n: cursor.execute("select $n * $n", {"n": n}).fetchall()[0][0], range(50))
        assert list(squares) == [n * n for n in range(50)]


def test_a_query_without_memory_is_repeated_after_the_others_have_ended() -> None:
    others_ended, attempts = threading.Event(), list[bool]()

    def slow(con: duckdb.DuckDBPyConnection) -> int:
        total = con.execute("select sum(a.range * b.range) from range(3000) a, range(3000) b").fetchall()[0][0]
        others_ended.set()
        return int(total)

    def hungry(con: duckdb.DuckDBPyConnection) -> int:
        attempts.append(others_ended.is_set())
        if len(attempts) == 1:
            raise duckdb.OutOfMemoryException("no memory while other queries run")
        return int(con.execute("select 42").fetchall()[0][0])

    with staging_database(MEMORY_MB) as con, query_pool(con) as pool:
        result, total = pool.submit(hungry), pool.submit(slow)
        assert (result(), total()) == (42, (3000 * 2999 // 2) ** 2)
    assert len(attempts) == 2
    assert attempts[1]


def test_a_query_without_memory_alone_is_repeated_without_limit_and_the_limit_is_restored() -> None:
    def longest(con: duckdb.DuckDBPyConnection) -> int:
        return int(con.execute("select len(list(range order by -range)) from range(4_000_000)").fetchall()[0][0])

    limit = "select current_setting('memory_limit')"
    with staging_database(32) as con, query_pool(con) as pool:
        before = con.execute(limit).fetchall()
        with pytest.raises(duckdb.OutOfMemoryException):
            longest(con)
        assert pool.submit(longest)() == 4_000_000
        assert con.execute(limit).fetchall() == before


def test_a_query_that_fails_without_limit_raises_its_error() -> None:
    def hungry(con: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.OutOfMemoryException("no memory at all")

    with staging_database(MEMORY_MB) as con, query_pool(con) as pool:
        result = pool.submit(hungry)
        with pytest.raises(duckdb.OutOfMemoryException):
            result()
