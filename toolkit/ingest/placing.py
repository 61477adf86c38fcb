"""Times for the lines of the run's logs: clocks first, then order, timers and the venues' own stamps between them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import islice

import duckdb
import msgspec

from toolkit.ingest.book_gaps import seen_in_the_book
from toolkit.ingest.events import plain
from toolkit.ingest.source import Source, continues
from toolkit.records import Session
from toolkit.runlog import arrivals
from toolkit.runlog.clocks import FAMILIES, STAMPED_FAMILIES, Anchor, Clocks, Record, Span, Witness
from toolkit.store import execute_script, insert_rows, sql
from toolkit.timeline import Timeline
from toolkit.vocabulary import Role

BEFORE_MS, AFTER_MS = 3_600_000, 86_400_000
"""A venue's stamp farther than this before the first telemetry record, or after the last, is no time of this run."""
_ROWS_AT_ONCE = 50_000


def place_lines(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[Source], sessions: Sequence[Session]
) -> None:
    """Give `log_event` its times; what was held for an anchor stands in the table `anchor`.

    Lines and ticks must be in the store. Raises `InputError` where a file of arrivals is none.
    """
    _load_arrivals(con, sources)
    _load_parts(con, sources)
    execute_script(con, sql("timeline/clocked_lines"), run_key=run_key)
    for source in sources:
        if source.role is Role.LOG and _any_clock(con, run_key, source.file_no):
            _place_file(con, run_key, source.file_no, sessions)
    if con.execute("select count(*) from line_bound").fetchall() != [(0,)]:
        execute_script(con, sql("timeline/place_lines"), run_key=run_key)


def _any_clock(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> bool:
    """Whether any line of the log tells a time; without one there is nothing to place the others by."""
    found = con.execute(
        "select 1 from clocked_line where file_no = $file_no union all select 1 from log_event"
        " where run_key = $run_key and file_no = $file_no and list_contains($families, family) limit 1",
        {"run_key": run_key, "file_no": file_no, "families": list(STAMPED_FAMILIES)},
    )
    return bool(found.fetchall())


def _load_arrivals(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    con.execute("create or replace temp table arrival (file_no integer, byte bigint, at_ms bigint, error_ms bigint)")
    logs = {plain(source.name): source.file_no for source in sources if source.role is Role.LOG}
    for source in sources:
        if source.role is not Role.EVENTS:
            continue
        with source.open() as stream, io.BufferedReader(stream) as lines:
            if arrivals.SCHEMA.encode() not in lines.peek().split(b"\n", 1)[0]:
                continue
            log, rows = arrivals.read(lines, source.name)
            while log in logs and (some := list(islice(rows, _ROWS_AT_ONCE))):
                listed = [(logs[log], row.byte, row.at_ms, row.error_ms) for row in some]
                insert_rows(con, "arrival", ("file_no", "byte", "at_ms", "error_ms"), listed)


def _load_parts(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    """Which files are parts of one rotated log: a line is older than all lines of the parts after its own."""
    con.execute("create or replace temp table log_part (file_no integer, log_no integer)")
    logs = [source for source in sources if source.role is Role.LOG]
    number, rows = 0, list[tuple[int, int]]()
    for before, source in zip([None, *logs], logs, strict=False):
        number = number if continues(source, before) else source.file_no
        rows.append((source.file_no, number))
    insert_rows(con, "log_part", ("file_no", "log_no"), rows)


def _place_file(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int, sessions: Sequence[Session]) -> None:
    anchors, spans = _evidence(con, run_key, file_no)
    first, last = con.execute("select min(at_ms), max(at_ms) from tick where run_key = ?", [run_key]).fetchall()[0]

    def of_this_run(anchor: Anchor) -> bool:
        if anchor.witness is not Witness.VENUE or first is None:
            return True
        return bool(first - BEFORE_MS <= anchor.low_ms and anchor.high_ms <= last + AFTER_MS)

    rough = Timeline(filter(of_this_run, anchors), spans)
    anchors += seen_in_the_book(con, run_key, file_no, rough, sessions)
    timeline = Timeline(filter(of_this_run, anchors), spans)
    bounds = ((file_no, each.line, each.low_ms, each.high_ms) for each in timeline.bounds())
    insert_rows(con, "line_bound", ("file_no", "line", "low_ms", "high_ms"), bounds)
    used = set(timeline.used)
    rows = [(run_key, file_no, a.line, a.low_ms, a.high_ms, int(a.witness), a in used) for a in anchors]
    insert_rows(con, "anchor", ("run_key", "file_no", "line", "low_ms", "high_ms", "witness", "used"), rows)


def _evidence(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> tuple[list[Anchor], list[Span]]:
    edges = con.execute(
        "select line, low_ms, high_ms from clocked_line where file_no = ? and (begins or ends)", [file_no]
    ).fetchall()
    anchors, spans = [Anchor(*edge) for edge in edges], list[Span]()
    for each in _told(con, run_key, file_no):
        anchors.append(each) if isinstance(each, Anchor) else spans.append(each)
    return anchors, spans


def _told(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> Iterator[Anchor | Span]:
    parameters = {"run_key": run_key, "file_no": file_no, "families": list(FAMILIES)}
    found = con.execute(sql("timeline/telling_lines"), parameters)
    clocks = Clocks()
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        for line, life, family, venue, fields in rows:
            yield from clocks.see(Record(line, life, family, venue, msgspec.json.decode(fields, type=dict[str, str])))
