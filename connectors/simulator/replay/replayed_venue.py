"""A venue that replays a tape, as a state machine without I/O with the interface of `connectors.simulator.exchange`.

The recorded connection attempts are replayed in their order, each with the client's next attempt: a refused one is
refused again, and on a socket the recorded frames come at their times since its opening, or since the client's first
frame where the recorded client spoke first. After the last row the socket stays open, silent but for pongs.

Time is `now_ms`, milliseconds since the start of the server. Tape time advances `speed` times as fast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors.recording.tape import FrameKind, TapeEntry
from connectors.session.events import Control
from connectors.simulator.messages import (
    Accepted,
    CloseConnection,
    Content,
    ExchangeAction,
    HttpResponse,
    Refused,
    Request,
    SendControl,
    SendData,
    Unanswered,
)
from connectors.simulator.protocols.base import VenueProtocol
from connectors.simulator.replay.attempts import Attempt, RecordedAnswers, attempts, without_id
from connectors.simulator.replay.tape_files import Tape
from connectors.text import printable
from connectors.venues.spec import Target

IDLE_MS = 3_600_000
"""Time until the next event where none is scheduled."""
SHOWN_CHARS = 120
SHOWN_MISSES = 5
MAX_MISSES = 100
"""Distinct requests kept of those that the tape does not hold."""


@dataclass(slots=True)
class Playback:
    """One open socket: the attempt that it replays, and the index of the next event.

    `began_ms` is the server time of the attempt's opening; None while the client's first frame is awaited.
    """

    attempt: Attempt
    began_ms: int | None
    next_event: int = 0


class ReplayedVenue:
    """The venue of one tape. `misses` counts what clients asked and the tape does not hold, by a short description.

    `connections`, `frames` and `answers` count what was served. `ws_path` and `rest_path` are the paths of the served
    base URLs.
    """

    compresses = False
    """True if new connections may compress messages."""

    def __init__(self, tape: Tape, protocol: VenueProtocol, speed: float = 1.0) -> None:
        self.tape = tape
        self.misses: Counter[str] = Counter()
        self.connections = self.frames = self.answers = 0
        self._protocol = protocol
        self._speed = speed
        self._ws_path, self._rest_path = (
            urlsplit(str(setting.default).split(",")[0]).path.rstrip("/")
            for setting in (tape.venue.ws, tape.venue.rest)
        )
        self.attempts = attempts(tape.entries)
        self._left = list(self.attempts)
        self._answers = RecordedAnswers(tape.entries)
        sent = [each.data for each in tape.entries if each.kind is FrameKind.SENT]
        self._sent_by_client = [without_id(data) for data in dict.fromkeys([*sent, tape.venue.keep_alive.payload])]
        self._open: dict[str, Playback] = {}
        header = tape.header
        target = Target((), (), header.market, header.instrument or header.market, header.options)
        # A tape holds the socket of the book; side feeds have sockets of their own.
        self._side_calls = {feed.socket_url("", target) for feed in tape.venue.side_feeds(target)}
        # The server time of a tape time, from which the tape time of a request follows.
        self._anchor: tuple[int, int] | None = None

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def due_ms(self) -> int:
        """Time of the next event, in ms."""
        times = [due_ms for playback in self._open.values() if (due_ms := self._due_ms(playback)) is not None]
        return min(times, default=IDLE_MS if self._anchor is None else self._anchor[0] + IDLE_MS)

    def advance(self, now_ms: int) -> list[ExchangeAction]:
        """Return the actions due until `now_ms`."""
        return [action for conn_id in list(self._open) for action in self._advance(now_ms, conn_id)]

    def _due_ms(self, playback: Playback) -> int | None:
        attempt = playback.attempt
        if playback.began_ms is None or playback.next_event >= len(attempt.events):
            return None
        return playback.began_ms + int((attempt.events[playback.next_event].at_ms - attempt.opened_ms) / self._speed)

    def _advance(self, now_ms: int, conn_id: str) -> Iterator[ExchangeAction]:
        playback = self._open[conn_id]
        while (due_ms := self._due_ms(playback)) is not None and due_ms <= now_ms:
            event = playback.attempt.events[playback.next_event]
            playback.next_event += 1
            match event.kind:
                case FrameKind.RECEIVED:
                    self.frames += 1
                    yield SendData(conn_id, event.data, Content.DATA)
                case FrameKind.PING:
                    yield SendControl(conn_id, Control.PING)
                case FrameKind.CLOSE:
                    del self._open[conn_id]
                    yield _close(conn_id, event)
                    return

    def _tape_ms(self, now_ms: int) -> float:
        """Return the tape time of a request; the first contact of a client is the start of the tape."""
        self._anchor = self._anchor or (now_ms, 0)
        return self._anchor[1] + (now_ms - self._anchor[0]) * self._speed

    # --- client events ------------------------------------------------------------------------------------------------

    def connect(
        self, now_ms: int, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[Accepted | HttpResponse | Refused | Unanswered, list[ExchangeAction]]:
        """Handle a WebSocket handshake for a URL path (with its query); names of `headers` are in lower case."""
        call = path.removeprefix(self._ws_path)
        known = (call, None) if call not in self._side_calls else (call,)
        attempt = next((each for each in self._left if each.call in known), None)
        if attempt is None:
            self._miss(f"socket {path[:SHOWN_CHARS]}")
            request = Request("GET", urlsplit(path).path, headers=headers or {})
            return self._protocol.unknown_path(request), self.advance(now_ms)
        self._left.remove(attempt)
        if attempt.feed is None:
            self._anchor = (now_ms, attempt.opened_ms)
        if attempt.failed is not None:
            return _failed_handshake(attempt.failed), self.advance(now_ms)
        self.connections += 1
        conn_id = f"{self.tape.venue.name[:2]}{self.connections}"
        self._open[conn_id] = Playback(attempt, None if attempt.begins_with_client else now_ms)
        return Accepted(conn_id), self.advance(now_ms)

    def receive(self, now_ms: int, conn_id: str, data: str | bytes) -> list[ExchangeAction]:
        """Handle a data frame of a client; the first one that is on the tape begins the replay of the socket."""
        if (playback := self._open.get(conn_id)) is None:
            return self.advance(now_ms)
        if without_id(data) not in self._sent_by_client:
            text = data if isinstance(data, str) else repr(data)
            self._miss(f"frame {text[:SHOWN_CHARS]}")
            refusal = self._protocol.subscription_error(text[:SHOWN_CHARS])
            return [SendData(conn_id, refusal, Content.REFUSAL), *self.advance(now_ms)]
        if playback.began_ms is None:
            sent_ms = next(each.at_ms for each in playback.attempt.events if each.kind is FrameKind.SENT)
            playback.began_ms = now_ms - int((sent_ms - playback.attempt.opened_ms) / self._speed)
            if playback.attempt.feed is None:
                self._anchor = (playback.began_ms, playback.attempt.opened_ms)
        return self.advance(now_ms)

    def receive_control(
        self, now_ms: int, conn_id: str, control: Control, payload: bytes = b""
    ) -> list[ExchangeAction]:
        """Handle a control frame of a client; a ping is answered where the venue answered pings."""
        actions = self.advance(now_ms)
        playback = self._open.get(conn_id)
        if control is Control.PING and playback is not None and playback.attempt.answers_ping(self._tape_ms(now_ms)):
            actions.append(SendControl(conn_id, Control.PONG, payload))
        return actions

    def client_left(self, now_ms: int, conn_id: str, _code: int | None = None) -> list[ExchangeAction]:
        """Handle the end of a connection by the client."""
        self._open.pop(conn_id, None)
        return self.advance(now_ms)

    def drop_client(self, _now_ms: int, conn_id: str, _code: int | None = None) -> None:
        """Drop a client that broke the protocol or does not read."""
        self._open.pop(conn_id, None)

    def request(self, now_ms: int, request: Request) -> tuple[HttpResponse | Refused, list[ExchangeAction]]:
        """Handle a REST request."""
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        call = request.path.removeprefix(self._rest_path) + (f"?{query}" if query else "")
        answer = self._answers.find(call, request.body, self._tape_ms(now_ms))
        if answer is None:
            body = request.body[:SHOWN_CHARS].decode("utf-8", "replace")
            self._miss(f"{request.method} {call[:SHOWN_CHARS]} {body}".rstrip())
            return self._protocol.unknown_path(request), self.advance(now_ms)
        self.answers += 1
        return _response(answer), self.advance(now_ms)

    # --- sentences for the user ---------------------------------------------------------------------------------------

    def recorded_sentence(self) -> str:
        """Return one sentence: what the tape holds, how long it lasts, and where it comes from."""
        tape, torn = self.tape, ", without its incomplete last line" if self.tape.torn else ""
        frames = _count(sum(each.kind is FrameKind.RECEIVED for each in tape.entries), "frame")
        tried, lasts_s = _count(len(self.attempts), "connection attempt"), tape.lasts_ms / 1_000
        text = f"{frames} and {tried} in {lasts_s:g} s, recorded from {printable(tape.header.source)}"
        if places := sum(each.kind is FrameKind.LEFT_OUT for each in tape.entries):
            text += f"; frames came too fast to be recorded at {_count(places, 'place')}, where the replay has gaps"
        return f"{tape.venue.name}: {tape.path}{torn}: {text}"

    def served_sentence(self) -> str:
        """Return one sentence: what was served, and what clients asked that the tape does not hold."""
        tried = f"{len(self.attempts) - len(self._left)} of {_count(len(self.attempts), 'connection attempt')}"
        served = f"{tried}, {_count(self.frames, 'frame')}, {_count(self.answers, 'answer')} to requests"
        if not self.misses:
            return f"{self.tape.venue.name}: {served}; nothing was asked that the tape does not hold"
        shown = ", ".join(f"{printable(what)} ({count})" for what, count in self.misses.most_common(SHOWN_MISSES))
        more = f" and {len(self.misses) - SHOWN_MISSES} more" if len(self.misses) > SHOWN_MISSES else ""
        asked = f"{_count(self.misses.total(), 'time')} for what the tape does not hold: {shown}{more}"
        return f"{self.tape.venue.name}: {served}; asked {asked}"

    def _miss(self, description: str) -> None:
        if description in self.misses or len(self.misses) < MAX_MISSES:
            self.misses[description] += 1
        else:
            self.misses["others"] += 1


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _close(conn_id: str, event: TapeEntry) -> CloseConnection:
    reason = event.data if isinstance(event.data, str) else ""
    if event.code is None:
        return CloseConnection(conn_id, reset="reset" in reason.lower())
    return CloseConnection(conn_id, event.code, reason)


def _failed_handshake(failed: TapeEntry) -> HttpResponse | Refused | Unanswered:
    if failed.kind is FrameKind.UNANSWERED:
        return Unanswered()
    return Refused() if failed.code is None else _response(failed)


def _response(answer: TapeEntry) -> HttpResponse | Refused:
    """Return the recorded answer; a request that got none ends with its connection."""
    if answer.kind is not FrameKind.REST and answer.code is None:
        return Refused()
    body = answer.data.encode() if isinstance(answer.data, str) else answer.data
    wait_ms = answer.retry_after_ms
    headers = () if wait_ms is None else (("Retry-After", str(-(-wait_ms // 1_000))),)
    if answer.kind is FrameKind.REST:
        return HttpResponse(200, body, headers)
    return HttpResponse(answer.code or 500, b"{}", headers)
