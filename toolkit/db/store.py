"""The store of analysed runs: one DuckDB file, opened by one writer at a time, holding whole runs only."""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from toolkit.db.migrations import bring_up_to_date, is_current
from toolkit.model.errors import InputError, UsageError

R = TypeVar("R")

MEMORY = ":memory:"
LOCK_TIMEOUT_S = 60.0
MEMORY_MB = 400


def sql(name: str) -> str:
    """The text of a packaged SQL file, by its path below `toolkit/sql` without the ending."""
    return (files("toolkit.db") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def connect(
    db: str, read_only: bool = False, lock_timeout_s: float = LOCK_TIMEOUT_S, memory_mb: int = MEMORY_MB
) -> duckdb.DuckDBPyConnection:
    """Open the store file `db` (created when absent, unless read-only), or a private one for `:memory:`.

    Another process that holds the file is waited for up to `patience_s` seconds.
    The database takes no more than `memory_mb` (10⁶ bytes) and spills what is more to disk.
    A store with the tables of an older version is brought up to date.
    Raises `InputError` when it is still held then, is missing (read-only), is no store, or a newer version's.
    """
    if read_only and db != MEMORY and not Path(db).exists():
        raise InputError(db, None, "no such store; run `toolkit analyze` first, or name another with --db")
    if not read_only and db != MEMORY:
        _make_room(db)
    with _OPENING:
        return _connected(db, read_only, time.monotonic() + lock_timeout_s, memory_mb)


_OPENING = threading.Lock()
"""Two threads that make one file's tables at the same time would be in each other's way."""


def _connected(db: str, read_only: bool, deadline: float, memory_mb: int) -> duckdb.DuckDBPyConnection:
    schema = sql("schema")
    con = _opened(db, read_only, deadline, memory_mb)
    try:
        if db == MEMORY:
            # Nothing stands in it that could be another version's, and to look takes longer than to make the tables.
            con.execute(schema)
            return con
        if is_current(con, db, schema):
            return con
        if read_only and db != MEMORY:
            # Only a writer can add what an older layout lacks.
            con.close()
            con = _opened(db, False, deadline, memory_mb)
        with transaction(con):
            bring_up_to_date(con, db, schema)
    except duckdb.Error as error:
        con.close()
        raise InputError(db, None, f"cannot be used as a store: {_first_line(error)}; name another file") from error
    except InputError:
        con.close()
        raise
    if read_only and db != MEMORY:
        con.close()
        con = _opened(db, True, deadline, memory_mb)
    return con


def _make_room(db: str) -> None:
    try:
        Path(db).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(db, None, f"cannot be created: {error.strerror}; name another file with --db") from error


def _opened(db: str, read_only: bool, deadline: float, memory_mb: int) -> duckdb.DuckDBPyConnection:
    con = retry_while_locked(db, deadline, lambda: duckdb.connect(db, read_only=read_only and db != MEMORY))
    _settle(con, db, memory_mb)
    return con


def retry_while_locked(db: str, deadline: float, opened: Callable[[], R]) -> R:
    """What `opened` gives, once no other process holds the store file; `deadline` is a time of the monotonic clock.

    Raises `InputError` when it is still held then, or is no store.
    """
    pause = 0.05
    while True:
        try:
            return opened()
        except duckdb.Error as error:
            here = isinstance(error, duckdb.ResourceInUseException | duckdb.ConnectionException)
            if not here and not re.search(r"\block\b", str(error), re.IGNORECASE):
                why = f"is not a store of this toolkit: {_first_line(error)}; name another file with --db"
                raise InputError(db, None, why) from error
            if time.monotonic() > deadline:
                holder = "open in this program" if here else f"held by another process{_holder(str(error))}"
                raise InputError(db, None, f"is {holder}; close it there, or try again") from error
        time.sleep(pause)
        pause = min(2 * pause, 1.0)


def _settle(con: duckdb.DuckDBPyConnection, db: str, memory_mb: int) -> None:
    _silence(con)
    limit_memory(con, memory_mb)
    if db == MEMORY:
        con.execute("set temp_directory = ?", [str(Path(tempfile.gettempdir()) / f"toolkit-{os.getpid()}.spill")])


def limit_memory(con: duckdb.DuckDBPyConnection, memory_mb: int) -> None:
    """Have the database spill what is more to disk: what memory an analysis takes must not grow with the run."""
    con.execute(f"set memory_limit = '{memory_mb}MB'")


def new_cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another cursor to the same database, settled as the first one is."""
    cursor = con.cursor()
    _silence(cursor)
    return cursor


def _silence(con: duckdb.DuckDBPyConnection) -> None:
    # The database would draw a bar of its own into whatever standard output is.
    con.execute("set enable_progress_bar = false")


def _holder(message: str) -> str:
    found = re.search(r"PID (\d+)", message)
    return f" (PID {found[1]})" if found else ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: what fails, is interrupted or killed inside leaves the store as it was."""
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


def execute_script(con: duckdb.DuckDBPyConnection, script: str, **parameters: object) -> None:
    """Run each statement of a script, binding those of `parameters` that it names as `$name`."""
    for statement in con.extract_statements(script):
        bound = {name: value for name, value in parameters.items() if name in statement.named_parameters}
        con.execute(statement, bound or None)


def insert_rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Append rows to one of the store's tables, all at once; the columns not named stay null."""
    values = list(zip(*rows, strict=True))
    if not values:
        return
    data = pa.table({name: list(column) for name, column in zip(columns, values, strict=True)})
    execute_with_data(con, f"insert into {table} by name select * from data", data)


def execute_with_data(
    con: duckdb.DuckDBPyConnection,
    statement: str | duckdb.Statement,
    data: pa.Table,  # noqa: ARG001  the statement reads it by its name
    parameters: Sequence[object] | Mapping[str, object] | None = None,
) -> None:
    """Run a statement that selects from `data`.

    The database finds the table among this function's variables. One that is registered would be held until the
    transaction ends, and with it every batch of a long file.
    """
    con.execute(statement, parameters)


TABLES = (
    "file", "set_aside_line", "tick", "venue_tick", "venue", "log_event", "anchor", "session", "counter", "rx_stat",
    "figure", "episode", "finding", "analysis", "run",
)  # fmt: skip
"""The tables whose rows belong to a run; `run` comes last, for a run without its row is none."""


def remove(con: duckdb.DuckDBPyConnection, run: str) -> int:
    """Forget the runs that have the label `run`, else the one whose id begins so; give how many there were.

    Raises `UsageError` where more than one has such an id.
    """
    keys = con.execute("select run_key from run where label = ?", [run]).fetchall() if run else []
    keys = keys or _one_of_id(con, run, or_none=True)
    with transaction(con):
        for table in TABLES:
            con.executemany(f"delete from {table} where run_key = ?", keys) if keys else None
    return len(keys)


def relabel(con: duckdb.DuckDBPyConnection, run: str, label: str) -> None:
    """Give the run whose id begins with `run` a label. Raises `UsageError` when that is no run, or more than one."""
    ((key,),) = _one_of_id(con, run)
    con.execute("update run set label = ? where run_key = ?", [label, key])


def _one_of_id(con: duckdb.DuckDBPyConnection, run: str, or_none: bool = False) -> list[tuple[int]]:
    """The key of the one run whose id begins so. Raises `UsageError` for more, and for none unless that may be."""
    found = con.execute("select run_key from run where starts_with(run, ?)", [run]).fetchall()
    if not run:
        raise UsageError("'': an empty name names no run; `toolkit runs` lists them")
    if len(found) > 1 or not (found or or_none):
        raise UsageError(f"{run}: {len(found)} runs have an id that begins so; `toolkit runs` lists them")
    return found
