"""The files a run leaves: its log with the time of each line, its events, its telemetry, its statistics, its frames.

Each line is with the operating system when its call returns, telemetry a moment later, so that a process killed at any
point loses at most the line it was writing.
"""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

from connectors.clock import Clock
from connectors.recording.log_lines import AUDIT, panic_line, render
from connectors.recording.tape import FrameKind, TapeEntry, TapeHeader, entry_line, tape_lines
from connectors.session.events import Note
from connectors.venues.spec import Venue
from toolkit.model import arrivals

LOG, EVENTS, FRAMES = "run.log", "events.jsonl", "frames"
EVENTS_SCHEMA = "toolkit.event/1"
EXACT_MS = 1


class RunLog:
    """`run.log` and, beside it, when each line was written; `digest` and the sums are of the log."""

    def __init__(self, directory: Path) -> None:
        self._log = (directory / LOG).open("xb", buffering=0)
        self._times = (directory / arrivals.FILE_NAME).open("xb", buffering=0)
        self._times.write(arrivals.header(LOG))
        self.digest = hashlib.sha256()
        self.bytes = self.lines = 0

    def write(self, lines: Iterable[str], at_unix_ms: int) -> None:
        """Add lines, told at this moment; each is one line whatever it holds."""
        piece = "".join(f"{' '.join(text.splitlines())}\n" for text in lines).encode("utf-8", "backslashreplace")
        if not piece:
            return
        # The time goes first: killed in between, a time without its bytes misleads nobody.
        self._times.write(arrivals.line(arrivals.Arrival(self.bytes, at_unix_ms, EXACT_MS)))
        self._log.write(piece)
        self.digest.update(piece)
        self.bytes += len(piece)
        self.lines += piece.count(b"\n")

    def close(self) -> None:
        """Close both files."""
        self._log.close()
        self._times.close()


class Journal:
    """Writes every note into `events.jsonl`, with its exact time, and into the log in the log's words.

    A row has `at_us` (epoch), `venue` (None: the run itself), `kind`, `fields`, and, where the log tells it too, `log`:
    the byte at which its lines begin. Audit lines are written only where `audit` is on.
    """

    def __init__(self, directory: Path, clock: Clock, venues: Mapping[str, Venue], *, audit: bool) -> None:
        self.log = RunLog(directory)
        self._events = (directory / EVENTS).open("xb", buffering=0)
        self._clock = clock
        self._venues = venues
        self._audit = audit
        self._row({"schema": EVENTS_SCHEMA, "log": LOG})

    def record_note(self, venue: str, note: Note) -> None:
        """What a connector noted."""
        if note.kind == "panic":
            fields = note.fields
            said = [panic_line(venue, int(fields["count"] or 0), str(fields["detail"]))]
        else:
            said = [text for text, _ in render(self._venues[venue], note)]
        self._put(venue, note.kind, note.fields, said)

    def record(self, kind: str, lines: Iterable[str] = (), venue: str | None = None, **fields: Any) -> None:
        """What the run itself has to say."""
        self._put(venue, kind, fields, list(lines))

    def _put(self, venue: str | None, kind: str, fields: Mapping[str, Any], said: list[str]) -> None:
        said = [text for text in said if self._audit or not text.startswith(AUDIT)]
        at_us = self._clock.unix_us()
        row = {"at_us": at_us, "venue": venue, "kind": kind, "fields": fields}
        self._row(row | {"log": self.log.bytes} if said else row)
        self.log.write(said, at_us // 1_000)

    def _row(self, row: Mapping[str, Any]) -> None:
        self._events.write(msgspec.json.encode(row) + b"\n")

    def close(self) -> None:
        """Close the files."""
        self.log.close()
        self._events.close()


class TelemetryWriter:
    """Writes records in a thread of its own, so that a slow disk delays no tick; `capacity` records may wait.

    A record that finds the queue full is dropped and counted. After a write error nothing more is written, and `failed`
    is called with the reason, in that thread.
    """

    def __init__(self, path: Path, capacity: int, failed: Callable[[str], None], *, append: bool = False) -> None:
        self._file: BinaryIO = path.open("ab" if append else "wb", buffering=0)
        self._queue: queue.Queue[bytes | None] = queue.Queue(capacity)
        self._failed = failed
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self.capacity = capacity
        self.dropped = 0
        self._thread.start()

    def write(self, record: bytes) -> bool:
        """Hand over a record; False if it was dropped."""
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def close(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        broken = False
        while (record := self._queue.get()) is not None:
            if broken:
                continue
            try:
                self._write(record)
            except OSError as error:
                broken = True
                self._failed(error.strerror or str(error))

    def _write(self, record: bytes) -> None:
        while record:
            record = record[self._file.write(record) or 0 :]


class SyncTelemetryWriter:
    """Writes each record before `put` returns: for a clock that stands while a file is written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self.capacity = self.dropped = 0

    def write(self, record: bytes) -> bool:
        """Take a record; none is ever dropped."""
        self._file.write(record)
        return True

    def close(self) -> None:
        """Write what is left."""
        self._file.close()


class TapeWriter:
    """One venue's frames as they cross the wire, as a tape."""

    def __init__(self, directory: Path, header: TapeHeader, clock: Clock) -> None:
        directory.mkdir(exist_ok=True)
        self._file = (directory / f"{header.venue}.tape.jsonl").open("x", encoding="utf-8", buffering=1)
        self._file.writelines(f"{each}\n" for each in tape_lines(header, ()))
        self._clock = clock
        self._began_ms = clock.now_ms()

    def sent(self, text: str) -> None:
        """A text frame left."""
        self._put(FrameKind.SENT, text)

    def received(self, data: str | bytes) -> None:
        """A data frame came."""
        self._put(FrameKind.RECEIVED, data)

    def fetched(self, call: str, body: bytes) -> None:
        """A REST body came."""
        self._put(FrameKind.REST, body, call)

    def _put(self, way: FrameKind, data: str | bytes, call: str | None = None) -> None:
        if isinstance(data, bytes):
            with contextlib.suppress(UnicodeDecodeError):
                data = data.decode()
        self._file.write(entry_line(TapeEntry(self._clock.now_ms() - self._began_ms, way, data, call)) + "\n")

    def __enter__(self) -> Self:
        """Give the tape."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()
