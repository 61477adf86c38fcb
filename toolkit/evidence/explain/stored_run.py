"""Open a stored run as the views that metrics read, so that the steps behind a figure can be repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import duckdb
import msgspec

from toolkit.analysis.metrics import create_run_views
from toolkit.db.store import TABLES, connect, execute_script, insert_rows, sql
from toolkit.db.store_file import damage_explained
from toolkit.files.rotation import rotated_part
from toolkit.gate.rules import plateau_limit_ms
from toolkit.model.errors import InputError
from toolkit.model.figures import Figure
from toolkit.model.vocabulary import PLATEAU_LIMITS_MS, Role

Connection = duckdb.DuckDBPyConnection

_RUN_KEY = 1
"""Key under which the views have the run: scripts expect that of the staging database."""


class StoredRun:
    """One run of a store, with its figures by name and the views and tables that metrics read."""

    def __init__(self, con: Connection, run: str, figures: Mapping[str, Figure]) -> None:
        self.con = con
        self.run = run
        self.figures = figures
        self._executed: set[str] = set()

    def require(self, *scripts: str) -> None:
        """Create the tables of the named episode scripts, unless they exist."""
        for name in scripts:
            if name not in self._executed:
                self._executed.add(name)
                execute_script(self.con, sql(f"episodes/{name}"))

    def scalar(self, expression: str, parameters: Mapping[str, Any]) -> Any:
        """Return the value of an SQL expression that refers to some of the parameters by name."""
        (statement,) = self.con.extract_statements(f"select ({expression})")
        bound = {name: value for name, value in parameters.items() if name in statement.named_parameters}
        missing = dict.fromkeys(statement.named_parameters - bound.keys())
        ((value,),) = self.con.execute(statement, {**bound, **missing} or None).fetchall()
        return value


@contextmanager
def stored_run(db: str, run: str) -> Iterator[StoredRun]:
    """Open the run with this id. Raises `InputError` where the store cannot be read or does not hold the run."""
    with connect(db, read_only=True) as con, damage_explained(db):
        keys = con.execute("select run_key, run from run where run = ?", [run]).fetchall()
        if not keys:
            raise InputError(db, None, f"does not hold the run {run}; `toolkit runs` lists the runs")
        with _beside(con) as store:
            _create_tables(con, store, keys[0][0])
            figures = {each.figure: each for each in _figures(con)}
            create_run_views(con, (*PLATEAU_LIMITS_MS, *filter(None, map(plateau_limit_ms, figures))))
            # Scripts add their episodes to the table; the stored ones are complete.
            con.execute("create or replace view run_episodes as select * from stored_episode")
            yield StoredRun(con, run, figures)


@contextmanager
def _beside(con: Connection) -> Iterator[str]:
    """Make an empty database in memory the current one, and yield the name of the store's.

    Other connections of this process to the same store see the attached database, so its name is unique.
    """
    ((store,),) = con.execute("select current_database()").fetchall()
    name = f"explained_{uuid4().hex}"
    con.execute(f"attach ':memory:' as {name} (read_write)")
    try:
        con.execute(f"use {name}")
        yield store
    finally:
        con.execute(f"use {_quoted(store)}")
        con.execute(f"detach {name}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _create_tables(con: Connection, store: str, key: int) -> None:
    for table in TABLES:
        name = "stored_episode" if table == "episode" else table
        origin = f'{_quoted(store)}.main."{table}" where run_key = {key}'
        con.execute(f'create view "{name}" as select * replace ({_RUN_KEY} as run_key) from {origin}')
    con.execute("create table episode as from stored_episode limit 0")
    con.execute("create table log_part (file_no integer, log_no integer)")
    insert_rows(con, "log_part", ("file_no", "log_no"), _log_parts(con))


def _log_parts(con: Connection) -> Iterator[tuple[int, int]]:
    """Yield the number of each log file, with that of the first part of its rotated log."""
    logs = con.execute("select file_no, file from file where role = ? order by file_no", [Role.LOG]).fetchall()
    first, before = 0, None
    for number, name in logs:
        part = rotated_part(name)
        if before is None or not part.continues(before):
            first = number
        before = part
        yield number, first


def _figures(con: Connection) -> list[Figure]:
    columns = ("figure", "value", "unit", "n", "bound", "low", "high", "note", "better")
    rows = con.execute(f"select {', '.join(columns)} from figure order by ord").fetchall()
    return [msgspec.convert(dict(zip(columns, map(_whole, row), strict=True)), Figure) for row in rows]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
