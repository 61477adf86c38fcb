"""Writer of socket sessions and of their incidents as episodes, with the times of their lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice

import duckdb

from toolkit.db.store import execute_script, insert_rows, sql
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.model.closes import close_label
from toolkit.model.runs import Episode, Session
from toolkit.model.vocabulary import MAX_EPISODES, ReconnectReason, Stage
from toolkit.runlog.ending_lines import Ref
from toolkit.sessions.machine import SessionIncident

_SESSION_COLUMNS = {
    "life": "integer", "venue": "varchar", "session": "integer", "file_no": "integer", "began_line": "bigint",
    "ended_file_no": "integer", "ended_line": "bigint", "silent": "boolean", "reason": "varchar",
    "reached": "varchar", "detail": "varchar", "lines": "bigint[]", "beginning_lost": "boolean",
    "audited": "boolean", "close_code": "integer", "close_reason": "varchar", "first_book_file_no": "integer",
    "first_book_line": "bigint",
}  # fmt: skip
_EPISODE_COLUMNS = {
    "venue": "varchar", "kind": "varchar", "class": "varchar", "reason": "varchar", "lines": "varchar",
    "from_file_no": "integer", "from_line": "bigint", "to_file_no": "integer", "to_line": "bigint",
    "else_file_no": "integer", "else_line": "bigint",
}  # fmt: skip
"""An episode begins at the time of one line and ends at that of another, or of a third where that has no time."""
_BATCH_ROWS = 20_000
_NO_LINE = (None, None)


def write_sessions(con: duckdb.DuckDBPyConnection, run_key: int, run: LoadedRun) -> None:
    """Write the run's sessions to `session` and their incidents to `episode`, with the times of their lines.

    Episodes are the reconnects, resyncs, kept timeouts and failed look-ups. The class of a reconnect after a close by
    the venue is `venue closed: ` and the reason that the venue gave. The lines in `log_event` must have their
    times. The rows are joined with them in the database, which holds any number of sessions in bounded memory; `run`
    holds none afterwards.
    """
    _create(con, "socket_session", _SESSION_COLUMNS)
    _create(con, "socket_episode", _EPISODE_COLUMNS)
    before: dict[tuple[int, str], Session] = {}
    sessions = run.log.sessions.drain()
    while batch := list(islice(sessions, _BATCH_ROWS)):
        insert_rows(con, "socket_session", tuple(_SESSION_COLUMNS), map(_session_row, batch))
        insert_rows(con, "socket_episode", tuple(_EPISODE_COLUMNS), _reconnects(run, batch, before))
    incidents = run.log.incidents.drain()
    while incident_rows := [_incident_row(run, each) for each in islice(incidents, _BATCH_ROWS)]:
        insert_rows(con, "socket_episode", tuple(_EPISODE_COLUMNS), incident_rows)
    execute_script(con, sql("timeline/session_times"), run_key=run_key)


def _create(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> None:
    con.execute(f"create or replace temp table {table} ({', '.join(map(' '.join, columns.items()))})")


def _incident_row(run: LoadedRun, incident: SessionIncident) -> tuple[object, ...]:
    first, lines = incident.refs[0], _lines_json(run, incident.refs)
    return incident.venue, incident.kind, None, incident.reason, lines, *first, *first, *_NO_LINE


def _session_row(session: Session) -> tuple[object, ...]:
    s, silent = session, session.ended is not None and not session.lines
    return (
        s.life, s.venue, s.session, s.file_no, s.began_line, *(s.ended or _NO_LINE), silent, s.reason, str(s.reached),
        s.detail, [line for _, line in s.lines], s.beginning_lost, s.audited, s.close_code, s.close_reason,
        *(s.first_book or _NO_LINE),
    )  # fmt: skip


def _reconnects(
    run: LoadedRun, sessions: Iterable[Session], before: dict[tuple[int, str], Session]
) -> Iterator[tuple[object, ...]]:
    """Yield the rows of reconnects; `before` holds the last session of each life and venue, from call to call."""
    for session in sessions:
        if session.reached == Stage.CONNECTING:
            continue
        last = before.get((session.life, session.venue))
        if last is not None:
            began = session.file_no, session.began_line
            lines = _lines_json(run, [*((int(number), line) for number, line in last.lines), began])
            ended = (last.ended if last.lines else None) or _NO_LINE
            book = session.first_book or _NO_LINE
            yield session.venue, "reconnect", _class(last), last.reason, lines, *ended, *book, *began
        before[session.life, session.venue] = session


def _class(ended: Session) -> str | None:
    """Return the class of a reconnect: by whose close and with which words; None where the venue closed nothing."""
    if ended.close_reason is None and ended.reason != ReconnectReason.SERVER_CLOSE:
        return None
    stated = ended.close_reason or close_label(ended.close_code, ended.close_reason)
    return f"venue closed: {stated}"


def _lines_json(run: LoadedRun, refs: Iterable[Ref]) -> str:
    return f"[{', '.join([f'[{_name_json(run.names[file_no])}, {line}]' for file_no, line in refs])}]"


@cache
def _name_json(name: str) -> str:
    return json.dumps(name)


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
