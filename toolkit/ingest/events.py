"""Our own connectors' events (`events.jsonl`): the exact times of log lines, and counts that the log prints in part."""

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
from toolkit.model import arrivals
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import CounterKind, Role, SetAside
from toolkit.runlog.grammar import throttles
from toolkit.streams.blocks import Block, blocks

SCHEMA = b'"toolkit.event/'
_MOST = 1 << 53
_PRESSURES = tuple(name for name in throttles() if name.startswith("mp_"))


class _Header(msgspec.Struct):
    """The first line: the name of the log whose bytes the events speak of."""

    schema: str
    log: str


class _Event(msgspec.Struct):
    """One event: `at_us` since the epoch; `log` is the byte at which its lines begin in the log, if it has any."""

    at_us: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    kind: str
    venue: str | None = None
    fields: Mapping[str, Any] = {}
    log: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)] | None = None


@dataclass
class _File:
    """What one file tells: when the bytes of its log were written (ms), and its counters' readings by line.

    `whole`: it tells the end of the run, and no line of it is lost.
    """

    log: str | None = None
    times: list[tuple[int, int]] = field(default_factory=list)
    readings: list[tuple[int, str | None, str, int]] = field(default_factory=list)
    begun: set[str | None] = field(default_factory=set)
    stopped: bool = False
    whole: bool = False

    def take(self, event: _Event, line: int) -> None:
        if event.log is not None:
            self.times.append((event.log, event.at_us // 1_000))
        # A count begins at 0: that it never rose is as exact as its last reading.
        if event.venue not in self.begun:
            self.begun.add(event.venue)
            names = _PRESSURES if event.venue is None else (f"{event.venue}_ping_sent_count",)
            self.readings += [(line, event.venue, name, 0) for name in names]
        self.stopped = self.stopped or event.kind == "stopped"
        match event.kind, event.fields:
            case "ping_sent", {"count": int(count)}:
                self.readings.append((line, event.venue, f"{event.venue}_ping_sent_count", _counted(count)))
            case "pressure", {"name": str(name), "total": int(total)} if name in _PRESSURES:
                self.readings.append((line, None, name, _counted(total)))


def _counted(count: int) -> int:
    if not 0 <= count < _MOST:
        raise msgspec.ValidationError(f"{count} is no count")
    return count


def load(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[RunFile]) -> list[FileLedger]:
    """Read the files of the role `events`: exact times into the table `event_time`, counters into `counter`.

    Counts are exact where the file is whole and tells the end of the run; else they are at least the last reading, as
    in a log. Arrivals are only counted.
    Raises `InputError` for an unreadable file.
    """
    con.execute("create or replace temp table event_time (file_no integer, byte bigint, at_ms bigint)")
    ledgers = []
    for source in sources:
        if source.role is Role.EVENTS:
            read, ledger = _read(source)
            log, last = (read.log, max(read.times)[0] if read.times else 0) if read else _last_arrival(source)
            whole = log_offsets(sources, log) if log else None
            if log and last and (whole is None or not whole.covers(last)):
                whole, ledger = None, replace(ledger, where=(*ledger.where, _OF_ANOTHER_LOG))
            ledgers.append(ledger)
            if read is not None:
                _write(con, run_key, source.file_no, whole, read)
    return ledgers


_OF_ANOTHER_LOG = SetAsideLine(1, 0, SetAside.OTHER_LOG)


def _last_arrival(source: RunFile) -> tuple[str | None, int]:
    """The log that a file of arrivals names, and the byte of the last one; no log where it is no such file."""
    with source.open() as stream, io.BufferedReader(stream) as lines:
        if arrivals.SCHEMA.encode() not in lines.peek().split(b"\n", 1)[0]:
            return None, 0
        log, rows = arrivals.read(lines, source.name)
        last = deque(rows, 1)
    return log or None, last[0].byte if last else 0


def _read(source: RunFile) -> tuple[_File | None, FileLedger]:
    file, account = _File(), LedgerBuilder()
    with source.open() as stream:
        for block in blocks(stream):
            pieces = [b""] if block.skipped else block.data.split(b"\n")[: None if block.torn else -1]
            if block.first_line == 1 and SCHEMA not in pieces[0]:
                return None, unparsed_ledger(source)
            account.lines += len(pieces)
            account.where += _take(file, block, pieces)
        account.used = account.lines - len(account.where)
        account.record_end(stream)
    ledger = account.ledger(source)
    file.whole = file.stopped and not ledger.where
    return file, ledger


def _take(file: _File, block: Block, pieces: Sequence[bytes]) -> Iterator[SetAsideLine]:
    """Read the lines of a block; give those that hold no event."""
    byte = block.first_byte
    for number, piece in enumerate(pieces, block.first_line):
        try:
            if number == 1:
                file.log = msgspec.json.decode(piece, type=_Header).log
            else:
                file.take(msgspec.json.decode(piece, type=_Event), number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            why = SetAside.TORN_TAIL if block.torn else SetAside.MALFORMED
            yield SetAsideLine(number, byte, SetAside.TOO_LONG if block.skipped else why)
        byte += len(piece) + 1


def _write(con: duckdb.DuckDBPyConnection, run_key: int, file_no: int, log: LogOffsets | None, file: _File) -> None:
    if log is not None:
        rows = ((*log.locate(byte), at_ms) for byte, at_ms in file.times)
        insert_rows(con, "event_time", ("file_no", "byte", "at_ms"), rows)
    columns = ("run_key", "file_no", "line", "life", "venue", "name", "value", "kind")
    kind = str(CounterKind.CUMULATIVE if file.whole else CounterKind.THROTTLED)
    readings = ((run_key, file_no, line, 0, venue, name, float(n), kind) for line, venue, name, n in file.readings)
    insert_rows(con, "counter", columns, readings)
