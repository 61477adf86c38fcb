"""DuckDB store of analysed runs: a file with one writer at a time, in which every run is complete."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from toolkit.db.migrations import is_current, migrate
from toolkit.db.scratch import spill_path
from toolkit.db.store_file import check_file, unusable
from toolkit.db.waiting import announce
from toolkit.model.errors import InputError, UsageError
from toolkit.model.quotes import recorded_label

R = TypeVar("R")

MEMORY = ":memory:"
"""Name of a database without a file."""

LOCK_TIMEOUT_S = 10.0
"""Default time to wait for another process that has the store file locked, in seconds."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""DuckDB would otherwise fetch extensions over the network, for example to open a file of another kind."""

MEMORY_MB = 400
"""Default memory limit of a database, in 10⁶ bytes."""


@cache
def sql(name: str) -> str:
    """Return the text of a packaged SQL file, named by its path below `toolkit/db/sql` without the suffix."""
    return (files("toolkit.db") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def connect(
    db: str, read_only: bool = False, lock_timeout_s: float = LOCK_TIMEOUT_S, memory_mb: int = MEMORY_MB
) -> duckdb.DuckDBPyConnection:
    """Open the store file `db` (created if missing, unless read-only), or a private database for `:memory:`.

    Waits up to `lock_timeout_s` seconds for another process that has the file locked. The database uses at most
    `memory_mb` (10⁶ bytes) and spills the rest to disk. A store of an older version is migrated, also when it is opened
    read-only. Raises `InputError` when the file is still locked after that time, is missing (read-only), cannot be
    created, is not a store, or was made by a newer version.
    """
    if read_only and db != MEMORY and not Path(db).exists():
        raise InputError(db, None, "no such store; run `toolkit analyze` first, or name another with --db")
    if db != MEMORY:
        check_file(db)
    if not read_only and db != MEMORY:
        _create_folder(db)
    with _CONNECTING:
        return _migrated(db, read_only, time.monotonic() + lock_timeout_s, memory_mb)


_CONNECTING = threading.Lock()
"""Held while a store is opened: two threads that create the tables of one file at the same time would conflict."""


def _migrated(db: str, read_only: bool, deadline: float, memory_mb: int) -> duckdb.DuckDBPyConnection:
    schema = sql("schema")
    con = _opened(db, read_only, deadline, memory_mb)
    try:
        if db == MEMORY:
            # A new database needs no version check, which would take longer than to create the tables.
            con.execute(schema)
            return con
        if is_current(con, db, schema):
            return con
        if read_only:
            # A migration needs a writable connection.
            con.close()
            con = _opened(db, False, deadline, memory_mb)
        with transaction(con):
            migrate(con, db, schema)
    except duckdb.Error as error:
        con.close()
        raise unusable(db, error) from error
    except InputError:
        con.close()
        raise
    if read_only:
        con.close()
        con = _opened(db, True, deadline, memory_mb)
    return con


def _create_folder(db: str) -> None:
    try:
        Path(db).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(db, None, f"cannot be created: {error.strerror}; name another file with --db") from error


def _opened(db: str, read_only: bool, deadline: float, memory_mb: int) -> duckdb.DuckDBPyConnection:
    con = retry_while_locked(db, deadline, lambda: duckdb.connect(db, read_only and db != MEMORY, _CONFIG))
    _hide_progress_bar(con)
    limit_memory(con, memory_mb)
    if db == MEMORY:
        con.execute("set temp_directory = ?", [str(spill_path())])
    return con


def retry_while_locked(db: str, deadline: float, attempt: Callable[[], R]) -> R:
    """Call `attempt` until no other process has the store file locked, and return its result.

    `deadline` is a time of the monotonic clock in seconds. Raises `InputError` when the file is still locked after it,
    or when `attempt` fails for another reason: the file is not a store.
    """
    pause_s, announced = 0.05, False
    while True:
        try:
            return attempt()
        except duckdb.Error as error:
            open_here = isinstance(error, duckdb.ResourceInUseException | duckdb.ConnectionException)
            if not open_here and not re.search(r"\block\b", str(error), re.IGNORECASE):
                raise unusable(db, error) from error
            where = "open in this program" if open_here else f"locked by another process{_lock_holder(str(error))}"
            if time.monotonic() > deadline:
                raise InputError(db, None, f"is {where}; close it there, or try again") from error
            if not announced:
                announced = True
                announce(f"{db}: is {where}; waiting for at most {deadline - time.monotonic():.0f} s")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 1.0)


def limit_memory(con: duckdb.DuckDBPyConnection, memory_mb: int) -> None:
    """Limit the database's memory to `memory_mb` (10⁶ bytes); it spills the rest to disk.

    Without a limit the memory that an analysis takes would grow with the size of the run.
    """
    con.execute(f"set memory_limit = '{memory_mb}MB'")


def new_cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Open another cursor to the same database, without a progress bar."""
    cursor = con.cursor()
    _hide_progress_bar(cursor)
    return cursor


def _hide_progress_bar(con: duckdb.DuckDBPyConnection) -> None:
    # DuckDB would print its progress bar to standard output.
    con.execute("set enable_progress_bar = false")


def _lock_holder(message: str) -> str:
    found = re.search(r"PID (\d+)", message)
    return f" (PID {found[1]})" if found else ""


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run the block as one transaction; an exception or interrupt rolls it back and is raised again."""
    con.begin()
    try:
        yield
    except BaseException:
        con.rollback()
        raise
    con.commit()


_STATEMENTS: dict[str, tuple[duckdb.Statement, ...]] = {}


def statements(con: duckdb.DuckDBPyConnection, script: str) -> tuple[duckdb.Statement, ...]:
    """Return the statements of a script that this program is made with; any connection can execute them, many times.

    They are kept, because an analysis of a small run would take 7 % longer if it parsed the same scripts again.
    """
    if script not in _STATEMENTS:
        _STATEMENTS[script] = tuple(con.extract_statements(script))
    return _STATEMENTS[script]


def execute_script(con: duckdb.DuckDBPyConnection, script: str, **parameters: object) -> None:
    """Execute each statement of a script, and bind the `parameters` that it refers to as `$name`."""
    for statement, bound in bound_statements(con, script, parameters):
        con.execute(statement, bound)


def bound_statements(
    con: duckdb.DuckDBPyConnection, script: str, parameters: Mapping[str, object]
) -> Iterator[tuple[duckdb.Statement, dict[str, object] | None]]:
    """Yield each statement of a script with those of the parameters that it refers to; None if it refers to none."""
    for statement in statements(con, script):
        bound = {name: value for name, value in parameters.items() if name in statement.named_parameters}
        yield statement, bound or None


def insert_rows(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Insert rows into a table in one statement; columns not named are null. Without rows nothing is executed."""
    values = list(zip(*rows, strict=True))
    if not values:
        return
    data = pa.table({name: list(column) for name, column in zip(columns, values, strict=True)})
    execute_with_data(con, f"insert into {table} by name select * from data", data)


def execute_with_data(
    con: duckdb.DuckDBPyConnection,
    statement: str | duckdb.Statement,
    data: pa.Table | None,  # noqa: ARG001  the statement reads it by its name
    parameters: Sequence[object] | Mapping[str, object] | None = None,
) -> None:
    """Execute a statement that selects from the Arrow table `data` under that name.

    DuckDB finds the table among the local variables of this function. A registered table would stay in memory until
    the transaction ends, and with it every batch of a long file.
    """
    con.execute(statement, parameters)


TABLES = (
    "file", "set_aside_line", "set_aside_rest", "tick", "venue_tick", "clock_step", "venue", "log_event", "anchor",
    "session", "counter", "rx_stat", "figure", "episode", "finding", "analysis", "run",
)  # fmt: skip
"""Tables with one run's rows. `run` is last: rows without a row in `run` are not a run."""


def remove(con: duckdb.DuckDBPyConnection, run: str) -> int:
    """Delete all runs with the label `run`, or else the one run whose id starts with it; return their number.

    Raises `UsageError` for an empty `run`, and where the ids of several runs start with it.
    """
    keys = (
        con.execute("select run_key from run where label in (?, ?)", [run, recorded_label(run)]).fetchall()
        if run
        else []
    )
    keys = keys or _keys_by_id(con, run, or_none=True)
    if keys:
        with transaction(con):
            for table in TABLES:
                con.executemany(f"delete from {table} where run_key = ?", keys)
    return len(keys)


def relabel(con: duckdb.DuckDBPyConnection, run: str, label: str) -> None:
    """Set the label of the run whose id starts with `run`. Raises `UsageError` where that is not exactly one run."""
    ((key,),) = _keys_by_id(con, run)
    con.execute("update run set label = ? where run_key = ?", [recorded_label(label), key])


def stored_label(db: str, run: str) -> str | None:
    """Return the label of a run that the store `db` holds; None if it has none."""
    with connect(db, read_only=True) as con:
        ((label,),) = con.execute("select label from run where run = ?", [run]).fetchall()
    return None if label is None else str(label)


def _keys_by_id(con: duckdb.DuckDBPyConnection, run: str, or_none: bool = False) -> list[tuple[int]]:
    """Return the key of the one run whose id starts with `run`; an empty list if `or_none` and there is no such run.

    Raises `UsageError` in all other cases.
    """
    found = con.execute("select run_key from run where starts_with(run, ?)", [run]).fetchall()
    if not run:
        raise UsageError("'': an empty name names no run; `toolkit runs` lists them")
    if len(found) > 1 or not (found or or_none):
        raise UsageError(f"{run}: {len(found)} runs have an id that starts with it; `toolkit runs` lists them")
    return found
