"""The connections and requests of a tape, taken out of its rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

import msgspec

from connectors.recording.tape import FrameKind, TapeEntry

UNANSWERED_PING_MS = 2_000
"""A recorded ping without a pong for this time counts as unanswered."""

_ATTEMPT_FAILED = {FrameKind.REFUSED, FrameKind.UNANSWERED}
_OF_THE_SOCKET = {
    FrameKind.SENT,
    FrameKind.RECEIVED,
    FrameKind.PING_SENT,
    FrameKind.PING,
    FrameKind.PONG,
    FrameKind.CLOSE,
    FrameKind.LEAVE,
}


@dataclass
class Attempt:
    """One recorded connection attempt: what came of it, and the events of its socket.

    `call` is the part of its URL behind the base, None if the tape does not state it; `feed` is the side feed that it
    belongs to, None for the socket of the book. `failed` is the entry that ended
    an attempt without a socket. `opened_ms` is the tape time at which the socket opened.
    """

    call: str | None
    opened_ms: int
    feed: str | None = None
    failed: TapeEntry | None = None
    events: list[TapeEntry] = field(default_factory=list)

    @property
    def begins_with_client(self) -> bool:
        """True if the client sent a frame before the first frame of the venue."""
        first = next((each.kind for each in self.events if each.kind in (FrameKind.SENT, FrameKind.RECEIVED)), None)
        return first is FrameKind.SENT

    def answers_ping(self, at_ms: float) -> bool:
        """Return whether the venue answered pings at a tape time."""
        return not any(begin_ms <= at_ms < end_ms for begin_ms, end_ms in self._unanswered)

    @cached_property
    def _unanswered(self) -> tuple[tuple[int, float], ...]:
        return tuple(self._find_unanswered())

    def _find_unanswered(self) -> Iterator[tuple[int, float]]:
        """Yield the times in which no ping was answered, each from a ping to the next pong."""
        waits_since_ms: int | None = None
        for event in self.events:
            if event.kind is FrameKind.PING_SENT and waits_since_ms is None:
                waits_since_ms = event.at_ms
            elif event.kind is FrameKind.PONG and waits_since_ms is not None:
                if event.at_ms - waits_since_ms > UNANSWERED_PING_MS:
                    yield waits_since_ms, event.at_ms
                waits_since_ms = None
        if waits_since_ms is not None and self.events[-1].at_ms - waits_since_ms > UNANSWERED_PING_MS:
            yield waits_since_ms, math.inf


def attempts(entries: Iterable[TapeEntry]) -> list[Attempt]:
    """Return the connection attempts of a tape in their order.

    A tape without rows of connections is one socket that was open from its first row on.
    """
    found: list[Attempt] = []
    latest: dict[str | None, Attempt] = {}
    for entry in entries:
        current = latest.get(entry.feed)
        if entry.kind is FrameKind.CONNECT or (current is None and entry.kind in _OF_THE_SOCKET):
            current = latest[entry.feed] = Attempt(entry.call, entry.at_ms, entry.feed)
            found.append(current)
        if current is None:
            continue
        if entry.kind is FrameKind.OPEN:
            current.opened_ms = entry.at_ms
        elif entry.kind in _ATTEMPT_FAILED:
            current.failed = entry
        elif entry.kind in _OF_THE_SOCKET:
            current.events.append(entry)
    # An attempt that the end of the recording cut off has neither a socket nor a failure.
    return [each for each in found if each.failed is not None or each.events]


class RecordedAnswers:
    """The recorded answers to requests.

    A request is answered by the first answer of its path, and of its body, that was not given yet and came at most
    `SLACK_MS` earlier on the tape; without one, by the last of them.
    """

    SLACK_MS = 1_000

    def __init__(self, entries: Iterable[TapeEntry]) -> None:
        self._answers: dict[object, list[TapeEntry]] = {}
        self._given: set[int] = set()
        for entry in entries:
            if entry.kind in (FrameKind.REST, FrameKind.FAILED) and entry.call is not None:
                self._answers.setdefault(_path_and_query(entry.call), []).append(entry)

    def find(self, call: str, body: bytes, tape_ms: float) -> TapeEntry | None:
        """Return the answer to a request at a tape time; None if the tape holds none."""
        recorded = self._answers.get(_path_and_query(call), ())
        same_body = [each for each in recorded if _same_body(each.body, body)]
        return self._in_time(same_body, tape_ms) if same_body else None

    def _in_time(self, answers: Sequence[TapeEntry], tape_ms: float) -> TapeEntry:
        coming = (each for each in answers if each.at_ms >= tape_ms - self.SLACK_MS and id(each) not in self._given)
        answer = next(coming, answers[-1])
        self._given.add(id(answer))
        return answer


def _path_and_query(call: str) -> object:
    try:
        parts = urlsplit(call)
        return parts.path, tuple(parse_qsl(parts.query))
    except ValueError:
        return call


def _same_body(recorded: str | None, body: bytes) -> bool:
    """Return whether two request bodies are equal as JSON; a tape without bodies of requests states none."""
    return recorded is None or without_id(recorded) == without_id(body)


def without_id(data: str | bytes) -> object:
    """Return a message as an object that equals those of messages which differ only in their id or in their form."""
    try:
        message = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return data if isinstance(data, bytes) else data.encode()
    return {name: value for name, value in message.items() if name != "id"} if isinstance(message, dict) else message
