"""Recorder of what one connector exchanges with its venue: a tape of frames, connections and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from connectors.clock import Clock
from connectors.recording.growth import TAPE_AT_ONCE, TAPE_PER_S, TokenBucket
from connectors.recording.tape import FrameKind, TapeEntry, TapeHeader, entry_line, tape_lines
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    Fetch,
    Fetched,
    FetchFailed,
    Opened,
    Ping,
    Received,
    Send,
    SessionEvent,
    SocketClosed,
)

FRAMES = "frames"
"""Directory of the tapes in a run directory."""
SUFFIX = ".tape.jsonl"
ROW_BYTES = 40
"""Length of a row without its data."""
_SENT_BY_VENUE = {FrameKind.RECEIVED, FrameKind.REST, FrameKind.PING, FrameKind.PONG}


class TapeWriter:
    """Writer of a tape of one venue in `directory`; a context manager that closes the file.

    `base_urls` are the socket's base URLs. What comes from the venue faster than `connectors.recording.growth` allows
    is left out, and a row says how much. Raises `FileExistsError` if the tape exists.
    """

    def __init__(self, directory: Path, header: TapeHeader, clock: Clock, base_urls: Iterable[str] = ()) -> None:
        directory.mkdir(exist_ok=True)
        self._file = (directory / f"{header.venue}{SUFFIX}").open("x", encoding="utf-8", buffering=1)
        self._file.writelines(f"{each}\n" for each in tape_lines(header, ()))
        self._clock = clock
        self._start_ms = clock.now_ms()
        self._base_urls = tuple(base_urls)
        self._limit = TokenBucket(TAPE_AT_ONCE, TAPE_PER_S)
        self._left_out = 0

    def recorder(self, feed: str | None = None) -> SocketRecorder:
        """Return the recorder of the socket of the book, or of a side feed."""
        return SocketRecorder(self._write_entry, self._base_urls, feed)

    def _write_entry(self, entry: TapeEntry) -> None:
        allowed = self._limit.take(len(entry.data) + ROW_BYTES, self._clock.now_us())
        if not allowed and entry.kind in _SENT_BY_VENUE:
            self._left_out += 1
            return
        if self._left_out:
            left_out, self._left_out = self._left_out, 0
            self._write_line(TapeEntry(0, FrameKind.LEFT_OUT, f"{left_out} rows that came too fast"))
        self._write_line(entry)

    def _write_line(self, entry: TapeEntry) -> None:
        self._file.write(entry_line(replace(entry, at_ms=self._clock.now_ms() - self._start_ms)) + "\n")

    def __enter__(self) -> Self:
        """Return the recorder."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Say how many rows were left out last, and close the file."""
        if self._left_out:
            self._write_line(TapeEntry(0, FrameKind.LEFT_OUT, f"{self._left_out} rows that came too fast"))
        self._file.close()


class SocketRecorder:
    """Recorder of one machine: it takes every event and action, and keeps those that the venue takes part in.

    `write` gets each entry, without its time. `feed` names the side feed of the machine.
    """

    def __init__(self, write: Callable[[TapeEntry], None], base_urls: tuple[str, ...], feed: str | None) -> None:
        self._write_entry = write
        self._base_urls = base_urls
        self._feed = feed
        self._requests: dict[int, Fetch] = {}
        self._open = False

    def record_event(self, event: SessionEvent) -> None:
        """Write an event that the venue caused."""
        match event:
            case Opened():
                self._open = True
                self._write(FrameKind.OPEN)
            case ConnectFailed(detail, timeout, status, retry_after_ms):
                kind = FrameKind.UNANSWERED if timeout else FrameKind.REFUSED
                self._write(kind, detail, code=status, retry_after_ms=retry_after_ms)
            case Received(data, binary):
                self._write(FrameKind.RECEIVED, data if binary else frame_data(data))
            case ControlReceived(control):
                self._write(FrameKind.PING if control is Control.PING else FrameKind.PONG)
            case SocketClosed(code, detail):
                self._open = False
                self._write(FrameKind.CLOSE, detail, code=code)
            case Fetched(ticket, body):
                self._write_answer(ticket, TapeEntry(0, FrameKind.REST, frame_data(body)))
            case FetchFailed(ticket, detail, status, retry_after_ms):
                failed = TapeEntry(0, FrameKind.FAILED, detail, code=status, retry_after_ms=retry_after_ms)
                self._write_answer(ticket, failed)

    def record_action(self, action: Action) -> None:
        """Write an action that reaches the venue."""
        match action:
            case Connect(url):
                self._write(FrameKind.CONNECT, call=self._call(url))
            case Send(text) if self._open:
                self._write(FrameKind.SENT, text)
            case Ping() if self._open:
                self._write(FrameKind.PING_SENT)
            case Fetch(ticket):
                self._requests[ticket] = action
            case Close(reason) if self._open:
                self._open = False
                self._write(FrameKind.LEAVE, reason or "")

    def _call(self, url: str) -> str:
        """Return the part of a URL behind its base URL; a URL without a known base is cut behind its host."""
        if (base := next((each for each in self._base_urls if url.startswith(each)), None)) is not None:
            return url.removeprefix(base)
        parts = urlsplit(url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _write(
        self,
        kind: FrameKind,
        data: str | bytes = "",
        *,
        call: str | None = None,
        code: int | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        self._write_entry(TapeEntry(0, kind, data, call, code=code, retry_after_ms=retry_after_ms, feed=self._feed))

    def _write_answer(self, ticket: int, answer: TapeEntry) -> None:
        if (request := self._requests.pop(ticket, None)) is not None:
            self._write_entry(replace(answer, call=request.call.path, body=request.call.body))


def frame_data(data: str | bytes) -> str | bytes:
    """Return a frame as text, or as bytes if it is binary: not UTF-8, or with a NUL, which no JSON text contains."""
    if isinstance(data, str) or b"\0" in data:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
