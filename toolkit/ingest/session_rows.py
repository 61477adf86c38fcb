"""Writer of socket sessions and of their incidents as episodes, with the times of their lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

import duckdb
import pyarrow as pa
from msgspec.structs import astuple

from toolkit.db.memory import WHILE_INSERTING_MB, execute_with_memory, memory_limit
from toolkit.db.store import execute_with_data, sql
from toolkit.ingest.batch_writer import BATCH_ROWS, ROWS_OF_TABLE, table_of
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.model.closes import close_label
from toolkit.model.runs import Episode, Session
from toolkit.model.vocabulary import MAX_EPISODES, ReconnectReason
from toolkit.streams.parallel import gc_paused

_PLACE = pa.struct([("file_no", pa.int32()), ("line", pa.int64())])
_SESSIONS = pa.schema(
    {
        "life": pa.int32(), "venue": pa.string(), "session": pa.int32(), "file_no": pa.int32(),
        "began_line": pa.int64(), "ended_line": pa.int64(), "reason": pa.string(), "reached": pa.string(),
        "lines": pa.list_(pa.struct([("file_no", pa.string()), ("line", pa.int64())])), "detail": pa.string(),
        "ended": _PLACE, "first_book": _PLACE, "beginning_lost": pa.bool_(), "audited": pa.bool_(),
        "close_code": pa.int32(), "close_reason": pa.string(), "closed_with": pa.string(),
    }
)  # fmt: skip
"""The fields of a session in their order, and the words or code with which its venue closed it."""
_INCIDENTS = pa.schema(
    {"kind": pa.string(), "life": pa.int32(), "venue": pa.string(), "reason": pa.string(), "refs": pa.list_(_PLACE)}
)
"""The fields of an incident in their order."""


def write_sessions(con: duckdb.DuckDBPyConnection, run_key: int, run: LoadedRun) -> None:
    """Write the run's sessions to `session` and their incidents to `episode`, with the times of their lines.

    Episodes are the reconnects, resyncs, kept timeouts and failed look-ups. The class of a reconnect after a close by
    the venue is `venue closed: ` and the reason that the venue gave. The lines in `log_event` must have their
    times. The rows are joined with them in the database, which holds any number of sessions in bounded memory; `run`
    holds none afterwards.
    """
    sessions = ((*astuple(each), _closed_with(each)) for each in run.log.sessions.drain())
    with memory_limit(con, WHILE_INSERTING_MB):
        _write(con, "socket_session", _SESSIONS, sessions)
        _write(con, "socket_incident", _INCIDENTS, map(astuple, run.log.incidents.drain()))
    names = [json.dumps(name) for name in run.names]
    execute_with_memory(con, sql("timeline/session_times"), run_key=run_key, names=names)


def _write(con: duckdb.DuckDBPyConnection, table: str, schema: pa.Schema, rows: Iterator[tuple[object, ...]]) -> None:
    """Write rows to a new temporary table."""
    execute_with_data(con, f"create or replace temp table {table} as from data", schema.empty_table())
    with gc_paused():
        while tables := list(islice(_tables(rows, schema), BATCH_ROWS // ROWS_OF_TABLE)):
            execute_with_data(con, f"insert into {table} from data", pa.concat_tables(tables).combine_chunks())


def _tables(rows: Iterator[tuple[object, ...]], schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield tables of some thousand rows each, which take less memory than the rows."""
    while some := list(islice(rows, ROWS_OF_TABLE)):
        yield table_of(some, schema)


def _closed_with(session: Session) -> str | None:
    """Return the reason, or else the code, that a venue gave when it closed the socket; None if it did not close it."""
    if session.close_reason is None and session.reason != ReconnectReason.SERVER_CLOSE:
        return None
    return session.close_reason or close_label(session.close_code, session.close_reason)


def episodes(con: duckdb.DuckDBPyConnection) -> tuple[Episode, ...]:
    """Return the first `MAX_EPISODES` episodes of the run in order of time; those without a time come last."""
    result = con.execute(
        "select venue, kind, from_ms, to_ms, class as cls, reason, lines, flags, from_tick, to_tick from run_episodes"
        " order by from_ms nulls last, venue, kind, to_ms, lines limit ?",
        [MAX_EPISODES],
    )
    names = [column[0] for column in result.description or []]
    rows = (dict(zip(names, row, strict=True)) for row in result.fetchall())
    return tuple(Episode(**{**row, "lines": _refs(row["lines"]), "flags": tuple(row["flags"])}) for row in rows)


def further_episodes(con: duckdb.DuckDBPyConnection) -> int:
    """Return the number of episodes beyond those that `episodes` returns."""
    (count,) = con.execute("select count(*) from run_episodes").fetchall()[0]
    return max(int(count) - MAX_EPISODES, 0)


def _refs(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((file, line) for file, line in json.loads(text))
