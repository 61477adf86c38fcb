"""Assignment of times to the lines of the run's logs, from clocks, line order, timers and venue time stamps."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise

import duckdb
import msgspec

from toolkit.db.memory import execute_with_memory
from toolkit.db.store import insert_rows, sql
from toolkit.files.log_offsets import LogOffsets, log_offsets
from toolkit.files.rotation import WholeLog
from toolkit.files.run_file import RunFile, adjoins, continues
from toolkit.model.recorded import arrivals
from toolkit.model.runs import Session
from toolkit.model.vocabulary import Role
from toolkit.streams.small_files import short_lines
from toolkit.timeline.book_gaps import book_gap_anchors
from toolkit.timeline.bounds import Timeline
from toolkit.timeline.clock_evidence import (
    FAMILIES,
    STAMPED_FAMILIES,
    ClockEvidence,
    ClockSource,
    ElapsedSpan,
    TimeAnchor,
    TimedRecord,
)
from toolkit.timeline.clock_segments import segment_ranges

BEFORE_MS, AFTER_MS = 3_600_000, 86_400_000
"""Largest distance of a venue's stamp before the first and after the last telemetry record; others are ignored."""
_BATCH_ROWS = 50_000


def assign_times(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile], sessions: Iterable[Session]
) -> None:
    """Assign times to the rows of `log_event`; write the anchors to the table `anchor`.

    Lines and ticks must be in the store. Raises `InputError` for an invalid file of arrival times.
    """
    _load_arrivals(con, sources)
    logs = _logs(sources, adjoins)
    _load_parts(con, "log_part", _logs(sources, continues))
    _load_parts(con, "adjoining_part", logs)
    if not logs:
        return
    con.execute("create or replace temp table stepped_now (file_no integer, line bigint, at_ms bigint)")
    if con.execute("select exists (from clock_step where run_key = ?)", [run_key]).fetchall() == [(True,)]:
        _take_out_steps(con, run_key)
    con.execute("create or replace temp table stamp_resolution (file_no integer, error_ms bigint)")
    insert_rows(con, "stamp_resolution", ("file_no", "error_ms"), [(s.file_no, s.stamp_ms // 2) for s in sources])
    # A stamp of whole seconds is from the beginning of its second.
    execute_with_memory(con, sql("timeline/widen_stamps"), run_key=run_key)
    execute_with_memory(con, sql("timeline/clocked_lines"), run_key=run_key)
    timed = _files_with_times(con, run_key)
    for parts in logs:
        # Without any line that has a time, the others cannot be given one.
        if any(part.file_no in timed for part in parts):
            _assign_log_times(con, run_key, parts, sessions)
    if con.execute("select count(*) from line_bound").fetchall() != [(0,)]:
        execute_with_memory(con, sql("timeline/assign_times"), run_key=run_key)


def _take_out_steps(con: duckdb.DuckDBPyConnection, run_key: int) -> None:
    execute_with_memory(con, sql("timeline/clock_segments"), run_key=run_key)
    segments = con.execute(
        "select number, from_ms, to_ms from clock_segment where from_ms is not null and to_ms is not null"
    ).fetchall()
    insert_rows(con, "clock_range", ("from_ms", "low", "high"), segment_ranges(segments))
    execute_with_memory(con, sql("timeline/take_out_steps"), run_key=run_key)


def _files_with_times(con: duckdb.DuckDBPyConnection, run_key: int) -> set[int]:
    """Return the numbers of the files of which any line has a time or holds a time stamp."""
    evidence = con.execute(
        "select file_no from clocked_line union select file_no from log_event"
        " where run_key = $run_key and list_contains($families, family)",
        {"run_key": run_key, "families": list(STAMPED_FAMILIES)},
    )
    return {file_no for (file_no,) in evidence.fetchall()}


def _load_arrivals(con: duckdb.DuckDBPyConnection, sources: Sequence[RunFile]) -> None:
    con.execute("create or replace temp table arrival (file_no integer, byte bigint, at_ms bigint, error_ms bigint)")
    for source in sources:
        if source.role is not Role.EVENTS:
            continue
        with source.open() as stream, io.BufferedReader(stream) as lines:
            if arrivals.SCHEMA.encode() not in lines.peek().split(b"\n", 1)[0]:
                continue
            log, rows = arrivals.read(short_lines(lines, source.name), source.name)
            whole, last = log_offsets(sources, log), 0
            while whole is not None and (batch := list(islice(rows, _BATCH_ROWS))):
                located = [(*whole.locate(row.byte), row.at_ms, row.error_ms) for row in batch]
                insert_rows(con, "arrival", ("file_no", "byte", "at_ms", "error_ms"), located)
                last = batch[-1].byte
            # The log may have grown since it was read, and its arrival times with it.
            whole = log_offsets(sources, log)
            if whole is None or not whole.covers(last):
                con.execute("delete from arrival")
            else:
                _begin_next_parts(con, whole)


def _begin_next_parts(con: duckdb.DuckDBPyConnection, log: LogOffsets) -> None:
    """Add an arrival at the beginning of each next part: that of the last bytes of the part before."""
    for before, after in pairwise(log.files):
        con.execute(
            "insert into arrival select ?, 0, at_ms, error_ms from arrival where file_no = ? and not exists"
            " (select 1 from arrival where file_no = ? and byte = 0) order by byte desc, at_ms desc limit 1",
            [after, before, after],
        )


def _logs(sources: Sequence[RunFile], is_next: Callable[[RunFile, RunFile], bool]) -> list[list[RunFile]]:
    """Return the run's logs, each as the list of its parts; `is_next` decides if a file is the next part."""
    logs: list[list[RunFile]] = []
    for source in sources:
        if source.role is not Role.LOG:
            continue
        if logs and is_next(source, logs[-1][-1]):
            logs[-1].append(source)
        else:
            logs.append([source])
    return logs


def _load_parts(con: duckdb.DuckDBPyConnection, table: str, logs: Iterable[Sequence[RunFile]]) -> None:
    """Load the parts of rotated logs into a table: a line is older than all lines of later parts."""
    con.execute(f"create or replace table {table} (file_no integer, log_no integer)")
    rows = [(part.file_no, parts[0].file_no) for parts in logs for part in parts]
    insert_rows(con, table, ("file_no", "log_no"), rows)


def _assign_log_times(
    con: duckdb.DuckDBPyConnection, run_key: int, parts: Sequence[RunFile], sessions: Iterable[Session]
) -> None:
    whole = WholeLog(tuple(part.file_no for part in parts))
    anchors, spans = _evidence(con, run_key, whole)
    first, last = con.execute("select min(at_ms), max(at_ms) from tick where run_key = ?", [run_key]).fetchall()[0]

    def of_this_run(anchor: TimeAnchor) -> bool:
        if anchor.source is not ClockSource.VENUE or first is None:
            return True
        return bool(first - BEFORE_MS <= anchor.low_ms and anchor.high_ms <= last + AFTER_MS)

    timeline = Timeline(filter(of_this_run, anchors), spans)
    if from_book := list(book_gap_anchors(con, run_key, whole, timeline, sessions)):
        anchors += from_book
        timeline = Timeline(filter(of_this_run, anchors), spans)
    bounds = ((*whole.ref(each.line), each.low_ms, each.high_ms) for each in timeline.bounds())
    insert_rows(con, "line_bound", ("file_no", "line", "low_ms", "high_ms"), bounds)
    used = set(timeline.used)
    rows = [(run_key, *whole.ref(a.line), a.low_ms, a.high_ms, int(a.source), a in used) for a in anchors]
    insert_rows(con, "anchor", ("run_key", "file_no", "line", "low_ms", "high_ms", "witness", "used"), rows)


def _evidence(
    con: duckdb.DuckDBPyConnection, run_key: int, whole: WholeLog
) -> tuple[list[TimeAnchor], list[ElapsedSpan]]:
    edges = con.execute(
        "select file_no, line, low_ms, high_ms from clocked_line where list_contains(?, file_no) and (begins or ends)",
        [list(whole.files)],
    ).fetchall()
    anchors, spans = (
        [TimeAnchor(whole.line(file_no, line), *bounds) for file_no, line, *bounds in edges],
        list[ElapsedSpan](),
    )
    for each in _record_evidence(con, run_key, whole):
        anchors.append(each) if isinstance(each, TimeAnchor) else spans.append(each)
    return anchors, spans


def _record_evidence(
    con: duckdb.DuckDBPyConnection, run_key: int, whole: WholeLog
) -> Iterator[TimeAnchor | ElapsedSpan]:
    evidence = ClockEvidence()
    for file_no in whole.files:
        parameters = {"run_key": run_key, "file_no": file_no, "families": list(FAMILIES)}
        records = con.execute(sql("timeline/time_evidence_lines"), parameters)
        while rows := records.fetchmany(_BATCH_ROWS):
            for line, life, family, venue, fields in rows:
                decoded = msgspec.json.decode(fields, type=dict[str, str])
                yield from evidence.add(TimedRecord(whole.line(file_no, line), life, family, venue, decoded))
