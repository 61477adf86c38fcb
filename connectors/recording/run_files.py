"""Writers of the files of a run: its log with the time of each line, its events and its telemetry.

A line is with the operating system when its call returns, telemetry a moment later. A process that is killed loses at
most the line it was writing. So lines and events are written in the caller's thread: a call takes 0.05 ms, and took at
most 12 ms while another process wrote 160 MB/s to the same disk.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from connectors.clock import Clock
from connectors.recording.growth import NoteLimit
from connectors.recording.log_lines import AUDIT, left_out_line, panic_line, render
from connectors.session.events import Note
from connectors.venues.spec import Venue
from toolkit.model.recorded import arrivals

LOG, EVENTS = "run.log", "events.jsonl"
EVENTS_SCHEMA = "toolkit.event/1"
MAX_ROW_TEXT = 1_000
TIME_ERROR_MS = 1
"""Largest error of a recorded line time."""


class RunLog:
    """Writer of `run.log` and of a second file with the time of each line.

    `digest` (SHA-256), `bytes` and `lines` describe what was written to the log. Raises `FileExistsError` if a file
    exists.
    """

    def __init__(self, directory: Path) -> None:
        self._log = (directory / LOG).open("xb", buffering=0)
        self._times = (directory / arrivals.FILE_NAME).open("xb", buffering=0)
        self._times.write(arrivals.header(LOG))
        self.digest = hashlib.sha256()
        self.bytes = self.lines = 0

    def write(self, lines: Iterable[str], at_unix_ms: int) -> None:
        """Append lines with the time `at_unix_ms`; line breaks inside a text become spaces."""
        data = "".join(f"{' '.join(text.splitlines())}\n" for text in lines).encode("utf-8", "backslashreplace")
        if not data:
            return
        # The time is written first: if the process is killed in between, a time without its bytes is harmless.
        self._times.write(arrivals.line(arrivals.Arrival(self.bytes, at_unix_ms, TIME_ERROR_MS)))
        self._log.write(data)
        self.digest.update(data)
        self.bytes += len(data)
        self.lines += data.count(b"\n")

    def close(self) -> None:
        """Close both files."""
        self._log.close()
        self._times.close()


class Journal:
    """Writer of events: each becomes a row of `events.jsonl` and, if its kind has log lines, lines of `run.log`.

    A row has `at_us` (microseconds since the epoch), `venue` (None: the run itself), `kind`, `fields`, and `log`: the
    byte offset of the first log line, if there is one. Audit lines are written only if `audit` is True.

    Notes of one kind that come faster than `connectors.recording.growth` allows are left out, except the newest, which
    follows later with the number of those left out (`left_out`). Texts are cut to `MAX_ROW_TEXT` characters.
    """

    def __init__(self, directory: Path, clock: Clock, venues: Mapping[str, Venue], *, audit: bool) -> None:
        self.log = RunLog(directory)
        self._events = (directory / EVENTS).open("xb", buffering=0)
        self._clock = clock
        self._venues = venues
        self._audit = audit
        self._limit = NoteLimit()
        self._write_row({"schema": EVENTS_SCHEMA, "log": LOG})

    def record_note(self, venue: str, note: Note) -> None:
        """Write a note of a connector, now or later."""
        if self._limit.admit(venue, note, self._clock.unix_us()):
            self._write_note(venue, note)

    def write_held(self) -> None:
        """Write the notes whose turn has come; call this a few times a second."""
        for held in self._limit.due(self._clock.unix_us()):
            self._write_note(held.venue, held.note, held.left_out)

    def _write_note(self, venue: str, note: Note, left_out: int = 0) -> None:
        fields = {key: each[:MAX_ROW_TEXT] if isinstance(each, str) else each for key, each in note.fields.items()}
        if note.kind == "panic":
            lines = [panic_line(venue, int(note.fields["count"] or 0), str(note.fields["detail"]))]
        else:
            lines = [text for text, _ in render(self._venues[venue], note)]
        if left_out:
            fields["left_out"] = left_out
            lines += [left_out_line(venue, note.kind, left_out)] if lines else []
        self._write_event(venue, note.kind, fields, lines)

    def record(self, kind: str, lines: Iterable[str] = (), venue: str | None = None, **fields: Any) -> None:
        """Write an event of the run itself, or of `venue`, with its log lines."""
        self._write_event(venue, kind, fields, list(lines))

    def _write_event(self, venue: str | None, kind: str, fields: Mapping[str, Any], lines: list[str]) -> None:
        lines = [text for text in lines if self._audit or not text.startswith(AUDIT)]
        at_us = self._clock.unix_us()
        row = {"at_us": at_us, "venue": venue, "kind": kind, "fields": fields}
        self._write_row(row | {"log": self.log.bytes} if lines else row)
        self.log.write(lines, at_us // 1_000)

    def _write_row(self, row: Mapping[str, Any]) -> None:
        self._events.write(msgspec.json.encode(row) + b"\n")

    def close(self) -> None:
        """Write the notes that are held, then close the files."""
        for held in self._limit.rest():
            self._write_note(held.venue, held.note, held.left_out)
        self.log.close()
        self._events.close()


class TelemetryWriter:
    """Writer of telemetry records in a thread of its own, so that a slow disk delays no tick.

    The queue of the thread holds `capacity` records. If it is full, a record is dropped and counted in `dropped`. After
    a write error nothing more is written; `on_failure` is called once with the reason, in the writer's thread.
    """

    def __init__(self, path: Path, capacity: int, on_failure: Callable[[str], None], *, append: bool = False) -> None:
        self._file: BinaryIO = path.open("ab" if append else "wb", buffering=0)
        self._queue: queue.Queue[bytes | None] = queue.Queue(capacity)
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
        self.capacity = capacity
        self.dropped = 0
        self._thread.start()

    def write(self, record: bytes) -> bool:
        """Enqueue a record without waiting; return False if it was dropped."""
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def close(self) -> None:
        """Write the queued records, then end the thread and close the file."""
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _run(self) -> None:
        failed = False
        while (record := self._queue.get()) is not None:
            if failed:
                continue
            try:
                self._write_fully(record)
            except OSError as error:
                failed = True
                self._on_failure(error.strerror or str(error))

    def _write_fully(self, record: bytes) -> None:
        while record:
            record = record[self._file.write(record) or 0 :]


class SyncTelemetryWriter:
    """Telemetry writer that writes in the caller's thread, for virtual time; it drops no record."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self.capacity = self.dropped = 0

    def write(self, record: bytes) -> bool:
        """Write a record; return True."""
        self._file.write(record)
        return True

    def close(self) -> None:
        """Flush and close the file."""
        self._file.close()
