"""Queries side by side in the staging database, and what is done when memory is too small for that."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest

from toolkit.db.query_pool import query_pool
from toolkit.db.staging import IN_MEMORY_BYTES, RUN_KEY, committing, open_in_background, staging_database
from toolkit.db.store import connect

MEMORY_MB = 200


def test_the_tables_of_a_large_run_lie_on_disk_until_it_is_analysed() -> None:
    with staging_database(MEMORY_MB, IN_MEMORY_BYTES + 1) as con:
        ((place,),) = con.execute(
            "select path from duckdb_databases() where database_name = current_database()"
        ).fetchall()
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        assert Path(place).is_file()
    assert not Path(place).parent.exists()


def test_tables_that_were_begun_are_taken_up_once_and_take_no_more_memory_than_others() -> None:
    with staging_database(MEMORY_MB) as con:
        ((limit,),) = con.execute("select current_setting('memory_limit')").fetchall()
    open_in_background()
    for _ in range(2):
        with staging_database(MEMORY_MB) as con:
            assert con.execute("select current_setting('memory_limit')").fetchall() == [(limit,)]
            assert con.execute("select count(*) from venue").fetchall() == [(0,)]
            con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])


def test_results_come_in_the_order_of_what_was_asked() -> None:
    with staging_database(MEMORY_MB) as con, query_pool(con) as pool:
        squares = pool.map(lambda own, n: own.execute("select $n * $n", {"n": n}).fetchall()[0][0], range(50))
        assert list(squares) == [n * n for n in range(50)]


def test_what_finds_no_memory_beside_the_others_is_done_again_when_they_are_through() -> None:
    others, tried = threading.Event(), list[bool]()

    def slow(con: duckdb.DuckDBPyConnection) -> int:
        total = con.execute("select sum(a.range * b.range) from range(3000) a, range(3000) b").fetchall()[0][0]
        others.set()
        return int(total)

    def hungry(con: duckdb.DuckDBPyConnection) -> int:
        tried.append(others.is_set())
        if len(tried) == 1:
            raise duckdb.OutOfMemoryException("no memory beside the others")
        return int(con.execute("select 42").fetchall()[0][0])

    with staging_database(MEMORY_MB) as con, query_pool(con) as pool:
        answer, total = pool.submit(hungry), pool.submit(slow)
        assert (answer(), total()) == (42, (3000 * 2999 // 2) ** 2)
    assert len(tried) == 2
    assert tried[1]


def test_what_finds_too_little_memory_alone_takes_what_the_machine_has_and_leaves_the_limit_as_it_was() -> None:
    def longest(con: duckdb.DuckDBPyConnection) -> int:
        return int(con.execute("select len(list(range order by -range)) from range(4_000_000)").fetchall()[0][0])

    limit = "select current_setting('memory_limit')"
    with staging_database(32) as con, query_pool(con) as pool:
        before = con.execute(limit).fetchall()
        with pytest.raises(duckdb.OutOfMemoryException):
            longest(con)
        assert pool.submit(longest)() == 4_000_000
        assert con.execute(limit).fetchall() == before


def test_what_fails_for_want_of_memory_alone_is_an_error() -> None:
    def hungry(con: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.OutOfMemoryException("no memory at all")

    with staging_database(MEMORY_MB) as con, query_pool(con) as pool:
        answer = pool.submit(hungry)
        with pytest.raises(duckdb.OutOfMemoryException):
            answer()


@pytest.mark.parametrize("fails", [False, True])
def test_a_store_takes_all_that_was_put_and_what_was_not_or_nothing_after_an_error(fails: bool, tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    connect(db).close()
    with staging_database(MEMORY_MB) as con:
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        try:
            with committing(con, db, "a run") as put:
                put("venue")
                con.execute("insert into analysis values (?, 'said later')", [RUN_KEY])
                if fails:
                    raise LookupError
        except LookupError:
            pass
    expected = [] if fails else [("lighter", "said later")]
    with connect(db, read_only=True) as store:
        assert store.execute("select venue, json from venue join analysis using (run_key)").fetchall() == expected


def test_a_table_that_cannot_be_put_can_be_put_again(tmp_path: Path) -> None:
    db = str(tmp_path / "store.duckdb")
    connect(db).close()
    with staging_database(MEMORY_MB) as con:
        con.execute("insert into venue values (?, 'lighter', 0)", [RUN_KEY])
        con.execute("alter table analysis rename to elsewhere")
        with committing(con, db, "a run") as put:
            with pytest.raises(duckdb.Error):
                put("venue", "analysis")
            con.execute("alter table elsewhere rename to analysis")
            put("venue", "analysis")
    with connect(db, read_only=True) as store:
        assert store.execute("select venue from venue").fetchall() == [("lighter",)]
