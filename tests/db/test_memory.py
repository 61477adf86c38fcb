"""Statements that need more memory than the database may take."""

from __future__ import annotations

import duckdb
import pytest

from toolkit.db.memory import execute_with_memory, memory_limit
from toolkit.db.staging import staging_database
from toolkit.db.store import execute_script

SCRIPT = """
create or replace table longest as select len(list(range order by -range)) as numbers from range($count);
insert into longest select $count + 1;
"""
COUNT = 4_000_000


def test_a_statement_without_memory_is_repeated_without_limit_and_the_limit_is_restored() -> None:
    limit = "select current_setting('memory_limit')"
    with staging_database(32) as con:
        before = con.execute(limit).fetchall()
        with pytest.raises(duckdb.OutOfMemoryException):
            execute_script(con, SCRIPT, count=COUNT)
        execute_with_memory(con, SCRIPT, count=COUNT)
        assert con.execute("from longest").fetchall() == [(COUNT,), (COUNT + 1,)]
        assert con.execute(limit).fetchall() == before


def test_a_statement_that_fails_for_another_reason_is_not_repeated() -> None:
    with staging_database(32) as con:
        con.execute("create sequence attempts")
        with pytest.raises(duckdb.ConversionException):
            execute_with_memory(con, "select nextval('attempts'), 'no number'::integer")
        ((number,),) = con.execute("select nextval('attempts')").fetchall()
        assert number == 2


def test_the_memory_limit_of_a_block_ends_with_it_also_after_an_error() -> None:
    limit = "select current_setting('memory_limit')"
    with staging_database(32) as con:
        before = con.execute(limit).fetchall()
        with pytest.raises(ZeroDivisionError), memory_limit(con, 64):
            assert con.execute(limit).fetchall() != before
            _ = 1 / 0
        assert con.execute(limit).fetchall() == before
