"""Times for the lines of the run's logs: clocks first, then order, timers and the venues' own stamps between them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import PurePath

import duckdb
import msgspec

from toolkit.ingest.source import Source
from toolkit.runlog import arrivals
from toolkit.runlog.clocks import FAMILIES, Anchor, Clocks, Record, Span
from toolkit.store import execute_script, insert_rows, sql
from toolkit.timeline import Timeline
from toolkit.vocabulary import Role

BEFORE_MS, AFTER_MS = 3_600_000, 86_400_000
"""A venue's stamp farther than this before the first telemetry record, or after the last, is no time of this run."""
_ROWS_AT_ONCE = 50_000


def place_lines(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[Source]) -> None:
    """Give `log_event` its times; what was held for an anchor stands in the table `anchor`.

    Lines and ticks must be in the store. Raises `InputError` where a file of arrivals is none.
    """
    _load_arrivals(con, sources)
    execute_script(con, sql("timeline/clocked_lines"), run_key=run_key)
    span = con.execute("select min(at_ms), max(at_ms) from tick where run_key = ?", [run_key]).fetchall()[0]
    for source in sources:
        if source.role is Role.LOG:
            _place_file(con, run_key, source.file_no, span)
    execute_script(con, sql("timeline/place_lines"), run_key=run_key)


def _load_arrivals(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    con.execute("create or replace temp table arrival (file_no integer, byte bigint, at_ms bigint, error_ms bigint)")
    logs = {PurePath(source.name).name: source.file_no for source in sources if source.role is Role.LOG}
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


def _place_file(
    con: duckdb.DuckDBPyConnection, run_key: int, file_no: int, span: tuple[int | None, int | None]
) -> None:
    edges = con.execute(
        "select line, low_ms, high_ms from clocked_line where file_no = ? and (begins or ends)", [file_no]
    ).fetchall()
    anchors, spans = [Anchor(*edge) for edge in edges], list[Span]()
    for each in _told(con, run_key, file_no):
        anchors.append(each) if isinstance(each, Anchor) else spans.append(each)
    timeline = Timeline((each for each in anchors if _of_this_run(each, span)), spans)
    bounds = ((file_no, each.line, each.low_ms, each.high_ms) for each in timeline.bounds())
    insert_rows(con, "line_bound", ("file_no", "line", "low_ms", "high_ms"), bounds)
    used = set(timeline.used)
    rows = [(run_key, file_no, a.line, a.low_ms, a.high_ms, a.local, a in used) for a in anchors]
    insert_rows(con, "anchor", ("run_key", "file_no", "line", "low_ms", "high_ms", "local", "used"), rows)


def _told(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int) -> Iterator[Anchor | Span]:
    parameters = {"run_key": run_key, "file_no": file_no, "families": list(FAMILIES)}
    found = con.execute(sql("timeline/telling_lines"), parameters)
    clocks = Clocks()
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        for line, life, family, venue, fields in rows:
            yield from clocks.see(Record(line, life, family, venue, msgspec.json.decode(fields, type=dict[str, str])))


def _of_this_run(anchor: Anchor, span: tuple[int | None, int | None]) -> bool:
    first, last = span
    if anchor.local or first is None or last is None:
        return True
    return first - BEFORE_MS <= anchor.low_ms and anchor.high_ms <= last + AFTER_MS
