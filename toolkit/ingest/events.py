"""Reader of our own connectors' `events.jsonl`: exact times of log lines, and counters that the log samples."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import duckdb
import msgspec

from toolkit.db.store import insert_rows
from toolkit.files.ledger import LedgerBuilder
from toolkit.files.log_offsets import LogOffsets, log_offsets
from toolkit.files.run_file import RunFile
from toolkit.ingest.unparsed_files import unparsed_ledger
from toolkit.model.recorded import arrivals
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import CounterKind, Role, SetAside
from toolkit.runlog.grammar import throttles
from toolkit.streams.blocks import Block, blocks
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


@dataclass
class _EventFile:
    """The contents of one file.

    `times` holds byte offsets in the log and when those bytes were written (epoch ms); `readings` holds the line,
    venue, name and value of each counter reading. `complete` says that the file records the end of the run, and that
    every line of it is valid.
    """

    log: str | None = None
    times: list[tuple[int, int]] = field(default_factory=list)
    readings: list[tuple[int, str | None, str, int]] = field(default_factory=list)
    venues_seen: set[str | None] = field(default_factory=set)
    stopped: bool = False
    complete: bool = False

    def add(self, event: _Event, line: int) -> None:
        if event.log is not None:
            self.times.append((event.log, event.at_us // 1_000))
        # A counter starts at 0. Without this reading, one that never rose would be unknown.
        if event.venue not in self.venues_seen:
            self.venues_seen.add(event.venue)
            names = _PRESSURE_COUNTERS if event.venue is None else (f"{event.venue}_ping_sent_count",)
            self.readings += [(line, event.venue, name, 0) for name in names]
        self.stopped = self.stopped or event.kind == "stopped"
        match event.kind, event.fields:
            case "ping_sent", {"count": int(count)}:
                self.readings.append((line, event.venue, f"{event.venue}_ping_sent_count", _valid_count(count)))
            case "rest_monitor", counts:
                self.readings += [
                    (line, event.venue, name, _valid_count(counts[name]))
                    for name in _MONITOR_COUNTERS
                    if isinstance(counts.get(name), int)
                ]
            case "pressure", {"name": str(name), "total": int(total)} if name in _PRESSURE_COUNTERS:
                self.readings.append((line, None, name, _valid_count(total)))


def _valid_count(count: int) -> int:
    if not 0 <= count < _COUNT_LIMIT:
        raise msgspec.ValidationError(f"{count} is not a count")
    return count


def load(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile]) -> list[FileLedger]:
    """Read the files of the role `events`: exact times into the table `event_time`, counters into `counter`.

    Counters are exact if the file is complete and records the end of the run. Otherwise they are lower bounds, like
    those of a log. The lines of arrival files are only counted. A file whose offsets lie outside its log gets a ledger
    row `other_log`, and its times are not used. Raises `InputError` for an unreadable file.
    """
    con.execute("create or replace temp table event_time (file_no integer, byte bigint, at_ms bigint)")
    ledgers = []
    for source in sources:
        if source.role is Role.EVENTS:
            events, ledger = _read(source)
            if events is None:
                log, last_byte = _last_arrival(source)
            else:
                log, last_byte = events.log, max(events.times)[0] if events.times else 0
            offsets = log_offsets(sources, log) if log else None
            if log and last_byte and (offsets is None or not offsets.covers(last_byte)):
                offsets, ledger = None, replace(ledger, where=(*ledger.where, _OF_OTHER_LOG))
            ledgers.append(ledger)
            if events is not None:
                _write(con, run_key, source.file_no, offsets, events)
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


def _read(source: RunFile) -> tuple[_EventFile | None, FileLedger]:
    """Read a file; None in place of its contents if its header does not name the schema of events."""
    events, ledger = _EventFile(), LedgerBuilder()
    with source.open() as stream:
        for block in blocks(stream):
            lines = [b""] if block.skipped else block.data.split(b"\n")[: None if block.torn else -1]
            if block.first_line == 1 and not block.skipped and SCHEMA not in lines[0]:
                return None, unparsed_ledger(source)
            ledger.lines += len(lines)
            for place in _add_lines(events, block, lines):
                ledger.where.add(place)
        ledger.used = ledger.lines - ledger.where.counts.total()
        ledger.record_end(stream)
    row = ledger.ledger(source)
    events.complete = events.stopped and not row.where
    return events, row


def _add_lines(events: _EventFile, block: Block, lines: Sequence[bytes]) -> Iterator[SetAsideLine]:
    """Add the events of a block's lines; yield the ledger rows of the lines that hold none."""
    byte = block.first_byte
    for number, line in enumerate(lines, block.first_line):
        try:
            if number == 1:
                events.log = msgspec.json.decode(line, type=_Header).log
            else:
                events.add(msgspec.json.decode(line, type=_Event), number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            reason = SetAside.TORN_TAIL if block.torn else SetAside.MALFORMED
            yield SetAsideLine(number, byte, SetAside.TOO_LONG if block.skipped else reason)
        byte += len(line) + 1


def _write(
    con: duckdb.DuckDBPyConnection, run_key: int, file_no: int, offsets: LogOffsets | None, events: _EventFile
) -> None:
    if offsets is not None:
        rows = ((*offsets.locate(byte), at_ms) for byte, at_ms in events.times)
        insert_rows(con, "event_time", ("file_no", "byte", "at_ms"), rows)
    columns = ("run_key", "file_no", "line", "life", "venue", "name", "value", "kind")
    kind = str(CounterKind.CUMULATIVE if events.complete else CounterKind.THROTTLED)
    readings = (
        (run_key, file_no, line, 0, venue, name, float(value), kind) for line, venue, name, value in events.readings
    )
    insert_rows(con, "counter", columns, readings)
