"""State machine of a side feed: a stream of trades or funding rates that has a socket of its own beside the book's.

    IDLE --Started--> CONNECTING --Opened--> OPEN --first reason to end--> WAITING --wait is over--> CONNECTING
    any state --Stop--> STOPPED

It takes the same events and answers with the same actions as `connectors.session.connector`, and has its own backoff,
pings and counts. Its notes have kinds of their own, so that the log has the loss of a side feed without a
reconnect of the book's feed. Trades may be rare, so that only silence of the whole socket ends it, pings included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.session.backoff import Backoff
from connectors.session.connector import ConnectorState
from connectors.session.counters import SessionCounters
from connectors.session.decoding import decode, parse, snippet
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    Note,
    Opened,
    Publish,
    Received,
    Send,
    SendFailed,
    SessionEvent,
    SocketClosed,
    Started,
    Stop,
    TimePassed,
)
from connectors.session.keepalive import PingTimer
from connectors.session.rest_polls import SNIPPET
from connectors.venues.frames import Funding, Heartbeat, Ignored, Refusal, Trade
from connectors.venues.spec import PingKind, SideFeed, Target, Venue, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

SILENCE_MS = 60_000
"""Silence of the whole socket that ends it: four pings of a venue that sends one every 15 s."""


class SideConnector:
    """Follows one side feed for a whole run; `uniform` draws a random number in [0, 1)."""

    def __init__(
        self, venue: Venue, target: Target, limits: VenueLimits, feed: SideFeed, uniform: Callable[[], float]
    ) -> None:
        self.venue = venue
        self.target = target
        self.feed = feed
        self.state = ConnectorState.IDLE
        self.counters = SessionCounters()
        self._limits = limits
        self._uniform = uniform
        self._backoff = Backoff()
        self._endpoint = 0
        self._url = ""
        self._pings = PingTimer(0, venue.keep_alive, limits, self.counters)
        self._opened_ms = self._heard_ms = self._now_ms = self._wait_ends_ms = 0
        self._misses = 0

    @property
    def live(self) -> bool:
        """True while the socket is open."""
        return self.state is ConnectorState.OPEN

    @property
    def due_ms(self) -> int | None:
        """The latest time of the next step; None while the machine waits only for the answer to an action."""
        match self.state:
            case ConnectorState.WAITING:
                return self._wait_ends_ms
            case ConnectorState.OPEN:
                times = (self._heard_ms + SILENCE_MS, self._pings.due_ms(self._now_ms), self._session_ends_ms)
                return min(time for time in times if time is not None)
            case _:
                return None

    @property
    def _session_ends_ms(self) -> int | None:
        return self._opened_ms + self._limits.session_ms if self._limits.session_ms else None

    def step(self, now_ms: int, event: SessionEvent) -> list[Action]:
        """Handle one event; return the actions to carry out, in order."""
        self._now_ms = now_ms
        return list(self._step(now_ms, event))

    def _step(self, now_ms: int, event: SessionEvent) -> Iterator[Action]:
        match self.state, event:
            case ConnectorState.STOPPED, _:
                return
            case _, Stop(reason, restart=False):
                self.state = ConnectorState.STOPPED
                yield Close(reason)
            case _, Stop(reason, restart=True):
                yield from self._ended(now_ms, Close(reason or ReconnectReason.UNKNOWN, "restarted from outside"))
            case ConnectorState.IDLE, Started():
                yield from self._connect()
            case ConnectorState.CONNECTING, Opened():
                self.state = ConnectorState.OPEN
                self._opened_ms = self._heard_ms = now_ms
                self._misses = 0
                self._pings = PingTimer(now_ms, self.venue.keep_alive, self._limits, self.counters)
                yield Note("side_open", {"topic": self.feed.topic.key, "url": self._url})
                if self.feed.topic.subscribe is not None:
                    yield Send(self.feed.topic.subscribe)
            case ConnectorState.CONNECTING, ConnectFailed(detail, timeout, status, retry_after_ms):
                reason = ReconnectReason.CONNECT_TIMEOUT if timeout else ReconnectReason.CONNECT_ERROR
                yield from self._ended(now_ms, Close(reason, detail, status=status), retry_after_ms)
            case ConnectorState.OPEN, _:
                for action in self._open(now_ms, event):
                    if isinstance(action, Close):
                        yield from self._ended(now_ms, action)
                        return
                    # The counts of pings in a log are those of the book's socket.
                    if not (isinstance(action, Note) and action.kind.startswith("ping_")):
                        yield action
            case ConnectorState.WAITING, _ if now_ms >= self._wait_ends_ms:
                yield from self._connect()

    def _connect(self) -> Iterator[Action]:
        self.state = ConnectorState.CONNECTING
        base = self.target.ws_urls[self._endpoint % len(self.target.ws_urls)]
        self._url = self.feed.socket_url(base, self.target)
        yield Connect(self._url, self.venue.headers, self._limits.connect_ms)

    # --- the open socket ----------------------------------------------------------------------------------------------

    def _open(self, now_ms: int, event: SessionEvent) -> Iterator[Action]:
        match event:
            case Received():
                self._heard_ms = now_ms
                yield from self._received(event)
            case ControlReceived(control):
                self._heard_ms = now_ms
                if control is Control.PONG:
                    self._pings.pong(PingKind.CONTROL)
            case SocketClosed(None, detail):
                yield Close(ReconnectReason.STREAM_ENDED, detail)
            case SocketClosed(code, detail):
                yield Close(ReconnectReason.SERVER_CLOSE, detail, code=code)
            case SendFailed(detail, ping):
                yield Close(ReconnectReason.PING_SEND_FAIL if ping else ReconnectReason.STREAM_ENDED, detail)
        idle = isinstance(event, TimePassed)
        if idle and now_ms >= self._heard_ms + SILENCE_MS:
            yield Close(ReconnectReason.READ_TIMEOUT, f"nothing for {SILENCE_MS // 1_000}s")
        if self._session_ends_ms is not None and now_ms >= self._session_ends_ms:
            yield Close(ReconnectReason.SESSION_TIMEOUT, f"{self._limits.session_ms // 1_000}s")
        yield from self._pings.timers(now_ms, judged_until_ms=now_ms if idle else None)

    def _received(self, received: Received) -> Iterator[Action]:
        try:
            frames = decode(self.venue, self.target, received, parse(self.venue, received))
        except (ValueError, RecursionError) as error:
            yield from self._miss(received, str(error))
            return
        for frame in frames:
            match frame:
                case Trade() | Funding() if frame.topic == self.feed.topic.key:
                    self._misses = 0
                    yield Publish(frame)
                case Heartbeat(pong, reply):
                    if pong:
                        self._pings.pong(PingKind.JSON)
                    if reply is not None:
                        yield Send(reply)
                case Refusal(text):
                    yield Close(ReconnectReason.SUBSCRIBE_ERROR, text[:SNIPPET])
                case Ignored():
                    pass
                case other:
                    yield from self._miss(received, getattr(other, "why", type(other).__name__))

    def _miss(self, received: Received, why: str) -> Iterator[Action]:
        self._misses += 1
        fields = {"topic": self.feed.topic.key, "why": why[:SNIPPET], "snippet": snippet(received)}
        yield from self.counters.add_and_note("side_miss", **fields)
        if self._misses >= self._limits.decode_misses:
            yield Close(ReconnectReason.DECODE_FAIL_LOOP, f"{self._misses} frames in a row that cannot be read")

    def _ended(self, now_ms: int, close: Close, retry_after_ms: int | None = None) -> Iterator[Action]:
        """End an attempt or a socket: note the loss and begin the wait before the next attempt."""
        lasted_ms = now_ms - self._opened_ms if self.live else 0
        self.state = ConnectorState.WAITING
        self._endpoint += 1
        self._backoff = self._backoff.ended(lasted_ms, self._limits.healthy_ms)
        wait_ms = self._backoff.wait_ms(self._uniform(), retry_after_ms)
        self._wait_ends_ms = now_ms + wait_ms
        reason = (close.reason or ReconnectReason.UNKNOWN).value
        yield Note(
            "side_lost",
            {
                "topic": self.feed.topic.key,
                "reason": reason,
                "count": self.counters.add(f"side_lost.{reason}"),
                "detail": close.detail,
                "lasted_ms": lasted_ms,
                "wait_ms": wait_ms,
                "url": self._url,
            },
        )
        yield close
