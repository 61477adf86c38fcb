"""Reader of our own connectors' `events.jsonl`: exact times of log lines, and counters that the log samples."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import duckdb
import msgspec
import pyarrow as pa

from toolkit.files.ledger import LedgerBuilder
from toolkit.files.log_offsets import LogOffsets, log_offsets
from toolkit.files.run_file import RunFile
from toolkit.ingest.batch_writer import PendingRows, TableWriter
from toolkit.ingest.unparsed_files import unparsed_ledger
from toolkit.model.recorded import arrivals
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.set_aside import SetAsideLines
from toolkit.model.vocabulary import MAX_VENUES, CounterKind, Role, SetAside
from toolkit.runlog.bulk.columns import COUNTER_SCHEMA
from toolkit.runlog.grammar import throttles
from toolkit.streams.blocks import Block, blocks, of_few_lines
from toolkit.streams.small_files import short_lines

SCHEMA = b'"toolkit.event/'
_COUNT_LIMIT = 1 << 53
_PRESSURE_COUNTERS = tuple(name for name in throttles() if name.startswith("mp_"))
_MONITOR_COUNTERS = tuple(
    f"rest_{name}_count" for name in ("check", "attempt", "success", "fail", "inject", "suppressed")
)


class _Header(msgspec.Struct):
    """The first line: the name of the log whose bytes the events refer to."""

    schema: str
    log: str


class _Event(msgspec.Struct):
    """One event: `at_us` since the epoch; `log` is the byte offset of its lines in the log, if it wrote any."""

    at_us: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    kind: str
    venue: str | None = None
    fields: Mapping[str, Any] = {}
    log: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)] | None = None


_TIMES = pa.schema([("file_no", pa.int32()), ("byte", pa.int64()), ("at_ms", pa.int64())])


@dataclass
class _EventFile:
    """Reader of the events of one file into rows of `event_time` and `counter`.

    `last_byte` is the largest offset in the log that an event names. `complete` says that the file records the end of
    the run, and that every line of it is valid.
    """

    file_no: int
    times: PendingRows
    counters: PendingRows
    venues: set[str]
    """Venues that the run names so far."""
    _seen: set[str | None] = field(default_factory=set)
    """Venues of the file's events so far."""
    log: str | None = None
    last_byte: int = 0
    stopped: bool = False
    complete: bool = False

    def add(self, event: _Event, line: int) -> None:
        """Add an event. Raises `ValidationError` for a count that is none, and for a venue beyond the run's limit."""
        readings = list(_readings(event))
        # A counter starts at 0. Without this reading, one that never rose would be unknown.
        if event.venue not in self._seen:
            if event.venue is not None and event.venue not in self.venues:
                if len(self.venues) >= MAX_VENUES:
                    raise msgspec.ValidationError(f"more than {MAX_VENUES} venues")
                self.venues.add(event.venue)
            self._seen.add(event.venue)
            names = _PRESSURE_COUNTERS if event.venue is None else (f"{event.venue}_ping_sent_count",)
            readings = [*((event.venue, name, 0) for name in names), *readings]
        if event.log is not None:
            self.times.add((self.file_no, event.log, event.at_us // 1_000))
            self.last_byte = max(self.last_byte, event.log)
        for venue, name, value in readings:
            self.counters.add((self.file_no, line, 0, venue, name, float(value), CounterKind.THROTTLED.value))
        self.stopped = self.stopped or event.kind == "stopped"


def _readings(event: _Event) -> Iterator[tuple[str | None, str, int]]:
    """Yield the venue, name and value of each counter that an event reports."""
    match event.kind, event.fields:
        case "ping_sent", {"count": int(count)}:
            yield event.venue, f"{event.venue}_ping_sent_count", _valid_count(count)
        case "rest_monitor", counts:
            for name in _MONITOR_COUNTERS:
                if isinstance(counts.get(name), int):
                    yield event.venue, name, _valid_count(counts[name])
        case "pressure", {"name": str(name), "total": int(total)} if name in _PRESSURE_COUNTERS:
            yield None, name, _valid_count(total)


def _valid_count(count: int) -> int:
    if not 0 <= count < _COUNT_LIMIT:
        raise msgspec.ValidationError(f"{count} is not a count")
    return count


def load(
    con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile], venues: Collection[str] = ()
) -> list[FileLedger]:
    """Read the files of the role `events`: exact times into the table `event_time`, counters into `counter`.

    `venues` are those that the run names already.

    Counters are exact if the file is complete and records the end of the run. Otherwise they are lower bounds, like
    those of a log. The lines of arrival files are only counted. A file whose offsets lie outside its log gets a ledger
    row `other_log`, and its times are not used. Raises `InputError` for an unreadable file.
    """
    con.execute("create or replace temp table event_time (run_key integer, file_no integer, byte bigint, at_ms bigint)")
    ledgers, named = [], set(venues)
    for source in sources:
        if source.role is Role.EVENTS:
            events, ledger = _read(con, run_key, source, named)
            log, last_byte = _last_arrival(source) if events is None else (events.log, events.last_byte)
            offsets = log_offsets(sources, log) if log else None
            if log and last_byte and (offsets is None or not offsets.covers(last_byte)):
                offsets, ledger = None, replace(ledger, where=(*ledger.where, _OF_OTHER_LOG))
            ledgers.append(ledger)
            if events is not None:
                _place_times(con, source.file_no, offsets)
                if events.complete:
                    exact = "update counter set kind = ? where run_key = ? and file_no = ?"
                    con.execute(exact, [CounterKind.CUMULATIVE.value, run_key, source.file_no])
    return ledgers


_OF_OTHER_LOG = SetAsideLine(1, 0, SetAside.OTHER_LOG)


def _last_arrival(source: RunFile) -> tuple[str | None, int]:
    """Return the log named by a file of arrivals, and the byte of its last arrival; None and 0 for any other file."""
    with source.open() as stream, io.BufferedReader(stream) as lines:
        if arrivals.SCHEMA.encode() not in lines.peek().split(b"\n", 1)[0]:
            return None, 0
        log, rows = arrivals.read(short_lines(lines, source.name), source.name)
        last = deque(rows, 1)
    return log or None, last[0].byte if last else 0


def _read(
    con: duckdb.DuckDBPyConnection, run_key: int, source: RunFile, venues: set[str]
) -> tuple[_EventFile | None, FileLedger]:
    """Read a file; None in place of its contents if its header does not name the schema of events.

    The venues of its events are added to `venues`.
    """
    ledger = LedgerBuilder()
    with source.open() as stream, TableWriter(con, run_key) as writer:
        counters = PendingRows(writer, "counter", COUNTER_SCHEMA)
        events = _EventFile(source.file_no, PendingRows(writer, "event_time", _TIMES), counters, venues)
        for block in of_few_lines(blocks(stream)):
            lines = [b""] if block.skipped else block.data.split(b"\n")[: None if block.torn else -1]
            if block.first_line == 1 and not block.skipped and SCHEMA not in lines[0]:
                return None, unparsed_ledger(source)
            ledger.lines += len(lines)
            _add_lines(events, block, lines, ledger.where)
        ledger.used = ledger.lines - ledger.where.counts.total()
        ledger.record_end(stream)
        events.times.flush()
        events.counters.flush()
    row = ledger.ledger(source)
    events.complete = events.stopped and not row.where
    return events, row


def _add_lines(events: _EventFile, block: Block, lines: Sequence[bytes], set_aside: SetAsideLines) -> None:
    """Add the events of a block's lines, and set aside the lines that hold none."""
    byte, blank, last_blank = block.first_byte, 0, None
    reason = SetAside.TOO_LONG if block.skipped else SetAside.TORN_TAIL if block.torn else SetAside.MALFORMED
    for number, line in enumerate(lines, block.first_line):
        if not line and not set_aside.is_listed(reason):
            blank, last_blank = blank + 1, (number, byte)
        else:
            try:
                if number == 1:
                    events.log = msgspec.json.decode(line, type=_Header).log
                else:
                    events.add(msgspec.json.decode(line, type=_Event), number)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                set_aside.add(SetAsideLine(number, byte, reason))
        byte += len(line) + 1
    if last_blank is not None:
        set_aside.add(SetAsideLine(*last_blank, reason), blank)


def _place_times(con: duckdb.DuckDBPyConnection, file_no: int, offsets: LogOffsets | None) -> None:
    """Give the times of a file of events the file and offset of their lines; without offsets, delete them."""
    parts = zip(offsets.files, offsets.starts, strict=True) if offsets is not None else ()
    for part, start in reversed(list(parts)):
        moved = "update event_time set file_no = ?, byte = byte - ? where file_no = ? and byte >= ?"
        con.execute(moved, [part, start, file_no, start])
    con.execute("delete from event_time where file_no = ?", [file_no])
