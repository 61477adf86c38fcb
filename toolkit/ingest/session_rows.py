"""Writer of socket sessions and of their incidents as episodes, with the times of their lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import duckdb

from toolkit.db.store import insert_rows
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.ingest.log_lines.reader import LogLoad
from toolkit.model.closes import close_label
from toolkit.model.runs import Episode, Session
from toolkit.model.vocabulary import MAX_EPISODES, ReconnectReason, Stage
from toolkit.runlog.ending_lines import Ref

Times = Mapping[Ref, tuple[int, int]]
"""The time of each line (epoch ms), and its error (ms)."""

_SESSION_COLUMNS = (
    "run_key", "life", "venue", "session", "file_no", "began_line", "ended_file_no", "ended_line", "silent",
    "reason", "reached", "began_ms", "began_error_ms", "first_book_ms", "first_book_error_ms", "ended_ms",
    "ended_error_ms", "detail", "lines", "beginning_lost", "audited", "close_code", "close_reason",
)  # fmt: skip
_EPISODE_COLUMNS = ("run_key", "venue", "kind", "from_ms", "to_ms", "class", "reason", "flags", "lines")


def write_sessions(con: duckdb.DuckDBPyConnection, run_key: int, run: LoadedRun) -> None:
    """Add times to the run's sessions, and write them to `session` and their incidents to `episode`.

    Episodes are the reconnects, resyncs, kept timeouts and failed look-ups. The class of a reconnect after a close by
    the venue is `venue closed: ` and the reason that the venue gave. The lines in `log_event` must have their
    times. The sessions of `run` are replaced by those with times.
    """
    log = run.log
    times = _times(con, run_key, _line_refs(log))
    ordered = sorted(log.sessions, key=lambda each: (each.life, each.venue, each.session))
    log.sessions = [_with_times(each, times) for each in ordered]
    insert_rows(con, "session", _SESSION_COLUMNS, (_session_row(run_key, each) for each in log.sessions))
    incidents: list[tuple[object, ...]] = [
        (run_key, each.venue, each.kind, *2 * times.get(each.refs[0], _NO_TIME)[:1], None, each.reason, [],
         _lines_json(run, each.refs))
        for each in log.incidents
    ]  # fmt: skip
    insert_rows(con, "episode", _EPISODE_COLUMNS, [*_reconnects(run_key, run), *incidents])


_NO_TIME = (None, None)


def _line_refs(log: LogLoad) -> Iterator[Ref]:
    for session in log.sessions:
        yield session.file_no, session.began_line
        yield from (ref for ref in (session.first_book, session.ended) if ref is not None)
    for incident in log.incidents:
        yield incident.refs[0]


def _times(con: duckdb.DuckDBPyConnection, run_key: int, refs: Iterable[Ref]) -> Times:
    con.execute("create or replace temp table requested_line (file_no integer, line bigint)")
    insert_rows(con, "requested_line", ("file_no", "line"), set(refs))
    rows = con.execute(
        "select file_no, line, any_value(at_ms), any_value(at_error_ms) from log_event semi join requested_line"
        " using (file_no, line) where run_key = ? and at_ms is not null group by file_no, line",
        [run_key],
    ).fetchall()
    return {(file_no, line): (at_ms, error_ms) for file_no, line, at_ms, error_ms in rows}


def _with_times(session: Session, times: Times) -> Session:
    began = times.get((session.file_no, session.began_line), _NO_TIME)
    first_book = times.get(session.first_book, _NO_TIME) if session.first_book else _NO_TIME
    # A silent end is known only by the next connecting line, whose time is not the end's.
    ended = times.get(session.ended, _NO_TIME) if session.ended and session.lines else _NO_TIME
    return replace(
        session,
        began_ms=began[0],
        began_error_ms=began[1],
        first_book_ms=first_book[0],
        first_book_error_ms=first_book[1],
        ended_ms=ended[0],
        ended_error_ms=ended[1],
    )


def _session_row(run_key: int, session: Session) -> tuple[object, ...]:
    s, silent = session, session.ended is not None and not session.lines
    ended_file_no, ended_line = session.ended or (None, None)
    return (
        run_key, s.life, s.venue, s.session, s.file_no, s.began_line, ended_file_no, ended_line, silent, s.reason,
        str(s.reached), s.began_ms, s.began_error_ms, s.first_book_ms, s.first_book_error_ms, s.ended_ms,
        s.ended_error_ms, s.detail, [line for _, line in s.lines], s.beginning_lost, s.audited, s.close_code,
        s.close_reason,
    )  # fmt: skip


def _reconnects(run_key: int, run: LoadedRun) -> Iterator[tuple[object, ...]]:
    before: dict[tuple[int, str], Session] = {}
    for session in run.log.sessions:
        if session.reached == Stage.CONNECTING:
            continue
        last = before.get((session.life, session.venue))
        if last is not None:
            refs = [*((int(number), line) for number, line in last.lines), (session.file_no, session.began_line)]
            to_ms = session.first_book_ms or session.began_ms
            lines = _lines_json(run, refs)
            yield run_key, session.venue, "reconnect", last.ended_ms, to_ms, _class(last), last.reason, [], lines
        before[session.life, session.venue] = session


def _class(ended: Session) -> str | None:
    """Return the class of a reconnect: by whose close and with which words; None where the venue closed nothing."""
    if ended.close_reason is None and ended.reason != ReconnectReason.SERVER_CLOSE:
        return None
    stated = ended.close_reason or close_label(ended.close_code, ended.close_reason)
    return f"venue closed: {stated}"


def _lines_json(run: LoadedRun, refs: Iterable[Ref]) -> str:
    return json.dumps([run.file_and_line(ref) for ref in refs])


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
