"""Times for the lines of the run's logs: clocks first, then order, timers and the venues' own stamps between them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

import duckdb
import msgspec

from toolkit.db.store import execute_script, insert_rows, sql
from toolkit.files.log_offsets import LogOffsets, log_offsets
from toolkit.files.rotation import WholeLog
from toolkit.files.run_file import RunFile, adjoins, continues
from toolkit.model import arrivals
from toolkit.model.runs import Session
from toolkit.model.vocabulary import Role
from toolkit.timeline.book_gaps import seen_in_the_book
from toolkit.timeline.bounds import Timeline
from toolkit.timeline.clock_evidence import FAMILIES, STAMPED_FAMILIES, Anchor, Clocks, Record, Span, Witness

BEFORE_MS, AFTER_MS = 3_600_000, 86_400_000
"""A venue's stamp farther than this before the first telemetry record, or after the last, is no time of this run."""
_ROWS_AT_ONCE = 50_000


def place_lines(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile], sessions: Sequence[Session]
) -> None:
    """Give `log_event` its times; what was held for an anchor stands in the table `anchor`.

    Lines and ticks must be in the store. Raises `InputError` where a file of arrivals is none.
    """
    _load_arrivals(con, sources)
    _load_parts(con, sources)
    if not (logs := _logs(sources, adjoins)):
        return
    execute_script(con, sql("timeline/clocked_lines"), run_key=run_key)
    for parts in logs:
        # Without a line that tells a time there is nothing to place the others by.
        if any(_any_clock(con, run_key, part.file_no) for part in parts):
            _place_log(con, run_key, parts, sessions)
    if con.execute("select count(*) from line_bound").fetchall() != [(0,)]:
        execute_script(con, sql("timeline/assign_times"), run_key=run_key)


def _any_clock(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> bool:
    """Whether any line of the file tells a time."""
    found = con.execute(
        "select 1 from clocked_line where file_no = $file_no union all select 1 from log_event"
        " where run_key = $run_key and file_no = $file_no and list_contains($families, family) limit 1",
        {"run_key": run_key, "file_no": file_no, "families": list(STAMPED_FAMILIES)},
    )
    return bool(found.fetchall())


def _load_arrivals(con: duckdb.DuckDBPyConnection, sources: Sequence[RunFile]) -> None:
    con.execute("create or replace temp table arrival (file_no integer, byte bigint, at_ms bigint, error_ms bigint)")
    for source in sources:
        if source.role is not Role.EVENTS:
            continue
        with source.open() as stream, io.BufferedReader(stream) as lines:
            if arrivals.SCHEMA.encode() not in lines.peek().split(b"\n", 1)[0]:
                continue
            log, rows = arrivals.read(lines, source.name)
            whole, last = log_offsets(sources, log), 0
            while whole is not None and (some := list(islice(rows, _ROWS_AT_ONCE))):
                listed = [(*whole.locate(row.byte), row.at_ms, row.error_ms) for row in some]
                insert_rows(con, "arrival", ("file_no", "byte", "at_ms", "error_ms"), listed)
                last = some[-1].byte
            # The log may have grown with its times since it was read.
            whole = log_offsets(sources, log)
            if whole is None or not whole.covers(last):
                con.execute("delete from arrival")
            else:
                _go_on(con, whole)


def _go_on(con: duckdb.DuckDBPyConnection, log: LogOffsets) -> None:
    """What arrived with the last bytes of a part began the part after it."""
    for before, after in pairwise(log.files):
        con.execute(
            "insert into arrival select ?, 0, at_ms, error_ms from arrival where file_no = ? and not exists"
            " (select 1 from arrival where file_no = ? and byte = 0) order by byte desc, at_ms desc limit 1",
            [after, before, after],
        )


def _logs(sources: Sequence[RunFile], goes_on: Callable[[RunFile, RunFile], bool]) -> list[list[RunFile]]:
    """The logs, each with those of its parts that go on from one another."""
    logs: list[list[RunFile]] = []
    for source in sources:
        if source.role is not Role.LOG:
            continue
        if logs and goes_on(source, logs[-1][-1]):
            logs[-1].append(source)
        else:
            logs.append([source])
    return logs


def _load_parts(con: duckdb.DuckDBPyConnection, sources: Sequence[RunFile]) -> None:
    """Which files are parts of one rotated log: a line is older than all lines of the parts after its own."""
    con.execute("create or replace table log_part (file_no integer, log_no integer)")
    rows = [(part.file_no, parts[0].file_no) for parts in _logs(sources, continues) for part in parts]
    insert_rows(con, "log_part", ("file_no", "log_no"), rows)


def _place_log(
    con: duckdb.DuckDBPyConnection, run_key: int, parts: Sequence[RunFile], sessions: Sequence[Session]
) -> None:
    whole = WholeLog(tuple(part.file_no for part in parts))
    anchors, spans = _evidence(con, run_key, whole)
    first, last = con.execute("select min(at_ms), max(at_ms) from tick where run_key = ?", [run_key]).fetchall()[0]

    def of_this_run(anchor: Anchor) -> bool:
        if anchor.witness is not Witness.VENUE or first is None:
            return True
        return bool(first - BEFORE_MS <= anchor.low_ms and anchor.high_ms <= last + AFTER_MS)

    rough = Timeline(filter(of_this_run, anchors), spans)
    anchors += seen_in_the_book(con, run_key, whole, rough, sessions)
    timeline = Timeline(filter(of_this_run, anchors), spans)
    bounds = ((*whole.ref(each.line), each.low_ms, each.high_ms) for each in timeline.bounds())
    insert_rows(con, "line_bound", ("file_no", "line", "low_ms", "high_ms"), bounds)
    used = set(timeline.used)
    rows = [(run_key, *whole.ref(a.line), a.low_ms, a.high_ms, int(a.witness), a in used) for a in anchors]
    insert_rows(con, "anchor", ("run_key", "file_no", "line", "low_ms", "high_ms", "witness", "used"), rows)


def _evidence(con: duckdb.DuckDBPyConnection, run_key: int, whole: WholeLog) -> tuple[list[Anchor], list[Span]]:
    edges = con.execute(
        "select file_no, line, low_ms, high_ms from clocked_line where list_contains(?, file_no) and (begins or ends)",
        [list(whole.files)],
    ).fetchall()
    anchors, spans = [Anchor(whole.line(file_no, line), *bounds) for file_no, line, *bounds in edges], list[Span]()
    for each in _told(con, run_key, whole):
        anchors.append(each) if isinstance(each, Anchor) else spans.append(each)
    return anchors, spans


def _told(con: duckdb.DuckDBPyConnection, run_key: int, whole: WholeLog) -> Iterator[Anchor | Span]:
    clocks = Clocks()
    for file_no in whole.files:
        parameters = {"run_key": run_key, "file_no": file_no, "families": list(FAMILIES)}
        found = con.execute(sql("timeline/time_evidence_lines"), parameters)
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            for line, life, family, venue, fields in rows:
                decoded = msgspec.json.decode(fields, type=dict[str, str])
                yield from clocks.see(Record(whole.line(file_no, line), life, family, venue, decoded))
