"""The connector of one venue as a pure machine: from the operator's start to the operator's stop.

    IDLE --Started--> the next attempt
    the next attempt: look the market up if its id is not known (LOOKUP), then connect (CONNECTING)
    CONNECTING --Opened--> OPEN --the first reason to end--> WAITING --the wait is over--> the next attempt
    any --Stop--> STOPPED

`step(now_ms, given)` answers with what to do, in order; `due_ms` is when to step at the latest, with `Passed` if
nothing is waiting to be read. Time is monotonic milliseconds; nothing here reads a clock or draws a random number.

- After `Connect` exactly one `Opened` or `ConnectFailed` is due. `Fetch` is answered by `Fetched` or `FetchFailed`.
- `Close` ends a connection or an attempt, also one that is dead already. Nothing more is taken from it.
- Each end waits as `connectors.backoff` says and takes the next endpoint after `ROTATE_AFTER` ends in a row that came
  before the healthy time. A refused subscription makes a looked-up market id doubtful: it is looked up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

from connectors.session.backoff import Backoff
from connectors.session.counters import SessionCounters
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Note,
    Opened,
    SessionEvent,
    Started,
    Stop,
)
from connectors.session.rest_polls import FundingPoll, RestFailure, decode_response
from connectors.session.session import SocketSession
from connectors.text import duration
from connectors.venues.spec import RestSpec, Target, Value, Venue, VenueLimits
from toolkit.model.vocabulary import ReconnectReason

ROTATE_AFTER = 3


class ConnectorState(StrEnum):
    """Where a connector is."""

    IDLE = "idle"
    LOOKUP = "lookup"
    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"
    STOPPED = "stopped"


class Connector:
    """Follows one market on one venue for a whole run; `uniform` draws from [0, 1)."""

    def __init__(self, venue: Venue, target: Target, limits: VenueLimits, uniform: Callable[[], float]) -> None:
        self.venue = venue
        self.target = target
        self.limits = limits
        self.state = ConnectorState.IDLE
        self.counters = SessionCounters()
        self._asked_instrument = target.instrument
        self._uniform = uniform
        self._talk: SocketSession | None = None
        self._backoff = Backoff()
        self._failures = 0
        self._endpoint = 0
        self._url = ""
        self._tickets = 0
        self._lookup_ticket = 0
        self._until_ms = 0
        self._funding = FundingPoll(venue, limits.funding_ms, self.counters, self._ask)

    @property
    def live(self) -> bool:
        """Whether the socket is open and the book whole."""
        return self._talk is not None and self._talk.live

    @property
    def due_ms(self) -> int | None:
        """When to step at the latest; None if only an answer can bring it on."""
        times = [self._until_ms] if self.state is ConnectorState.WAITING else []
        if self._talk is not None:
            times.append(self._talk.due_ms)
        if self._funding.due_ms is not None and self.state is not ConnectorState.STOPPED:
            times.append(self._funding.due_ms)
        return min(times, default=None)

    def step(self, now_ms: int, given: SessionEvent) -> list[Action]:
        """Take one input at this time; give what to do, in order."""
        return list(self._step(now_ms, given))

    def _step(self, now_ms: int, given: SessionEvent) -> Iterator[Action]:
        match self.state, given:
            case ConnectorState.STOPPED, _:
                return
            case _, Stop(reason, restart):
                yield from self._stop(now_ms, reason, restart=restart)
                return
            case _, (Fetched() | FetchFailed()) as answer if self._funding.waits_for(answer.ticket):
                yield from self._funding.answered(now_ms, answer, self.target)
            case ConnectorState.IDLE, Started():
                yield from self._attempt()
            case ConnectorState.LOOKUP, (Fetched() | FetchFailed()) as answer if answer.ticket == self._lookup_ticket:
                yield from self._looked_up(now_ms, answer)
            case ConnectorState.CONNECTING, Opened():
                yield from self._opened(now_ms)
            case ConnectorState.CONNECTING, ConnectFailed(detail, timeout, status, retry_after_ms):
                reason = ReconnectReason.CONNECT_TIMEOUT if timeout else ReconnectReason.CONNECT_ERROR
                close = Close(reason, duration(self.limits.connect_ms) if timeout else detail, status=status)
                yield from self._ended(now_ms, close, retry_after_ms)
            case ConnectorState.OPEN, _ if self._talk is not None:
                yield from self._hear(now_ms, self._talk.step(now_ms, given))
            case ConnectorState.WAITING, _ if now_ms >= self._until_ms:
                yield from self._attempt()
        yield from self._funding.timers(now_ms)

    # --- attempts -----------------------------------------------------------------------------------------------------

    def _attempt(self) -> Iterator[Action]:
        if self._backoff.attempts >= ROTATE_AFTER:
            yield from self._rotate()
        if self.venue.lookup is not None and not self.target.instrument:
            self.state = ConnectorState.LOOKUP
            fetch = self._ask(FetchPurpose.LOOKUP, self.venue.lookup)
            self._lookup_ticket = fetch.ticket
            yield Note("resolving", {"market": self.target.market, "url": fetch.url})
            yield fetch
        else:
            yield from self._connect()

    def _connect(self) -> Iterator[Action]:
        self.state = ConnectorState.CONNECTING
        self._url = self.venue.socket_url(self._of(self.target.ws_urls), self.target)
        connect_ms = self.limits.connect_ms
        yield Note("connecting", {**self.target.options, "url": self._url, "connect_timeout_ms": connect_ms})
        yield Connect(self._url, self.venue.headers, connect_ms)

    def _opened(self, now_ms: int) -> Iterator[Action]:
        self.state = ConnectorState.OPEN
        self._talk = SocketSession(
            now_ms, self.venue, self.target, self.limits, self._url, self.counters, self._ask, self._uniform
        )
        self._funding.begin(now_ms)
        yield Note("connected", {"url": self._url})
        yield from self._hear(now_ms, self._talk.begin())

    def _hear(self, now_ms: int, actions: Iterator[Action]) -> Iterator[Action]:
        """What the conversation wants, up to its last word."""
        for action in actions:
            if isinstance(action, Close):
                yield from self._ended(now_ms, action)
                return
            yield action

    def _rotate(self) -> Iterator[Action]:
        self._endpoint += 1
        if max(len(self.target.ws_urls), len(self.target.rest_urls)) > 1:
            ws, rest = self._of(self.target.ws_urls), self._of(self.target.rest_urls)
            yield Note("rotated", {"ws": ws, "rest": rest, "index": self._endpoint})

    def _of(self, urls: tuple[str, ...]) -> str:
        return urls[self._endpoint % len(urls)]

    def _ask(self, purpose: FetchPurpose, rest: RestSpec[Any]) -> Fetch:
        self._tickets += 1
        call = rest.call(self.target)
        timeout_ms = self.limits.book_check_ms if purpose is FetchPurpose.BOOK_CHECK else self.limits.snapshot_ms
        return Fetch(self._tickets, purpose, self._of(self.target.rest_urls) + call.path, call, timeout_ms)

    def _looked_up(self, now_ms: int, answer: Fetched | FetchFailed) -> Iterator[Action]:
        if self.venue.lookup is None:
            return
        found = decode_response(self.venue.lookup, self.target, answer)
        if isinstance(found, RestFailure):
            close = Close(ReconnectReason.CONNECT_ERROR, found.why, status=found.status)
            yield from self._ended(now_ms, close, found.retry_after_ms, stage="lookup")
            return
        self.target = replace(self.target, instrument=found)
        url = self._of(self.target.rest_urls)
        yield Note("lookup", {"market": self.target.market, "instrument": found, "url": url})
        yield from self._connect()

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _ended(
        self, now_ms: int, close: Close, retry_after_ms: int | None = None, stage: str = "socket"
    ) -> Iterator[Action]:
        """An attempt or a session is over: say why, wait, begin anew."""
        lasted_ms = 0 if self._talk is None else now_ms - self._talk.opened_ms
        connected = self._talk is not None
        self.state, self._talk = ConnectorState.WAITING, None
        self._failures += 1
        yield self._end_note(close, stage, connected, lasted_ms)
        if lasted_ms >= self.limits.healthy_ms:
            yield Note("healthy_reset", {"lasted_ms": lasted_ms, "failures": self._failures})
            self._failures = 0
        self._backoff = self._backoff.ended(lasted_ms, self.limits.healthy_ms)
        wait_ms = self._backoff.wait_ms(self._uniform(), retry_after_ms)
        self._until_ms = now_ms + wait_ms
        looks_up = self.venue.lookup is not None and not self._asked_instrument
        if close.reason is ReconnectReason.SUBSCRIBE_ERROR and looks_up:
            self.target = replace(self.target, instrument="")
        yield Note("waiting", {"wait_ms": wait_ms, "attempts": self._backoff.attempts})
        yield close

    def _end_note(self, close: Close, stage: str, connected: bool, lasted_ms: int) -> Note:
        reason = (close.reason or ReconnectReason.UNKNOWN).value
        count = self.counters.add(f"{'reconnect' if stage == 'socket' else stage}.{reason}")
        known: dict[str, Value] = {"reason": reason, "count": count, "stage": stage, "connected": connected}
        more: dict[str, Value] = {
            "detail": close.detail,
            "silence": close.silence and close.silence.value,
            "topic": close.topic,
            "code": close.code,
            "status": close.status,
        }
        spent: dict[str, Value] = {"failures": self._failures, "lasted_ms": lasted_ms, "url": self._url}
        return Note("reconnect", known | {name: value for name, value in more.items() if value is not None} | spent)

    def _stop(self, now_ms: int, reason: ReconnectReason | None, *, restart: bool) -> Iterator[Action]:
        """A restart concerns an open socket: the rest begins anew by itself, unless our own code broke."""
        if restart:
            if self.state is ConnectorState.OPEN or reason is ReconnectReason.TASK_PANIC:
                yield from self._ended(now_ms, Close(reason or ReconnectReason.UNKNOWN, "restarted from outside"))
            return
        held = self.state in (ConnectorState.OPEN, ConnectorState.CONNECTING)
        self.state, self._talk = ConnectorState.STOPPED, None
        yield Note("stopped", {} if reason is None else {"reason": reason.value})
        if held:
            yield Close(reason)
