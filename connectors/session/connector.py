"""State machine of one venue's connector, from the operator's start to the operator's stop.

    IDLE --Started--> next attempt
    next attempt: look up the market id if it is unknown (LOOKUP), then connect (CONNECTING)
    CONNECTING --Opened--> OPEN --first reason to end--> WAITING --wait is over--> next attempt
    any state --Stop--> STOPPED

`step(now_ms, event)` returns the actions to carry out, in order; `now_ms` is the time at which the event arrived.
`due_ms` is the latest time of the next step, with `TimePassed` if no event is waiting to be read. Time is monotonic
milliseconds. The machine reads no clock and draws no random number.

- After `Connect` exactly one `Opened` or `ConnectFailed` is expected. `Fetched` or `FetchFailed` answers a `Fetch`.
- `Close` ends a connection or an attempt, also one that has ended already. Later events of it must not be passed in.
- After each end the connector waits by `connectors.session.backoff`. After `ROTATE_AFTER` ends in a row before the
  healthy time it moves to the next endpoint. After a refused subscription a market id that was looked up is looked up
  again.
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
    Received,
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
STALL_MS = 30_000
"""Delay of the next attempt from which the connector's task counts as stuck."""


class ConnectorState(StrEnum):
    """The state of a connector."""

    IDLE = "idle"
    LOOKUP = "lookup"
    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"
    STOPPED = "stopped"


class Connector:
    """Follows one market on one venue for a whole run; `uniform` draws a random number in [0, 1)."""

    def __init__(self, venue: Venue, target: Target, limits: VenueLimits, uniform: Callable[[], float]) -> None:
        self.venue = venue
        self.target = target
        self.limits = limits
        self.state = ConnectorState.IDLE
        self.counters = SessionCounters()
        self._configured_instrument = target.instrument
        self._uniform = uniform
        self._session: SocketSession | None = None
        self._backoff = Backoff()
        self._failures = 0
        self._endpoint = 0
        self._url = ""
        self._tickets = 0
        self._lookup_ticket = 0
        self._wait_ends_ms = 0
        self._funding = FundingPoll(venue, limits.funding_ms, self.counters, self._fetch)

    @property
    def live(self) -> bool:
        """True while the socket is open and the book complete."""
        return self._session is not None and self._session.live

    @property
    def proven_quiet_ms(self) -> int | None:
        """The last time at which the present session proved the market quiet; None if it did not."""
        return None if self._session is None else self._session.proven_quiet_ms

    def waits_for_attempt(self, now_ms: int) -> bool:
        """Return True if a restart would change nothing: not begun, stopped, or in a wait of the backoff."""
        waits = self.state is ConnectorState.WAITING and now_ms < self._wait_ends_ms + STALL_MS
        return waits or self.state in (ConnectorState.IDLE, ConnectorState.STOPPED)

    def book_request(self) -> Fetch | None:
        """Make a REST request for the venue's book, whose response the caller handles.

        It is None where the venue has no REST book, or its market id is not known yet.
        """
        if self.venue.snapshot is None or not self.target.instrument:
            return None
        return self._fetch(FetchPurpose.MONITOR, self.venue.snapshot)

    @property
    def due_ms(self) -> int | None:
        """The latest time of the next step; None while the machine waits only for the answer to an action."""
        times = [self._wait_ends_ms] if self.state is ConnectorState.WAITING else []
        if self._session is not None:
            times.append(self._session.due_ms)
        if self._funding.due_ms is not None and self.state is not ConnectorState.STOPPED:
            times.append(self._funding.due_ms)
        return min(times, default=None)

    def step(self, now_ms: int, event: SessionEvent) -> list[Action]:
        """Handle one event; return the actions to carry out, in order."""
        funding_ms, session = self._funding.due_ms, self._session
        if session is not None and isinstance(event, Received) and (funding_ms is None or now_ms < funding_ms):
            publish = session.usual_step(now_ms, event)
            if publish is not None:
                return [publish]
        return list(self._step(now_ms, event))

    def _step(self, now_ms: int, event: SessionEvent) -> Iterator[Action]:
        match self.state, event:
            case ConnectorState.OPEN, Received() if self._session is not None:
                yield from self._until_close(now_ms, self._session.step(now_ms, event))
            case ConnectorState.STOPPED, _:
                return
            case _, Stop(reason, restart):
                yield from self._restart(now_ms, reason) if restart else self._stop(reason)
                return
            case _, (Fetched() | FetchFailed()) as response if self._funding.waits_for(response.ticket):
                yield from self._funding.answered(now_ms, response, self.target)
            case ConnectorState.IDLE, Started():
                yield from self._attempt()
            case ConnectorState.LOOKUP, (Fetched() | FetchFailed()) as response if (
                response.ticket == self._lookup_ticket
            ):
                yield from self._looked_up(now_ms, response)
            case ConnectorState.CONNECTING, Opened(peer):
                yield from self._opened(now_ms, peer)
            case ConnectorState.CONNECTING, ConnectFailed(detail, timeout, status, retry_after_ms):
                reason = ReconnectReason.CONNECT_TIMEOUT if timeout else ReconnectReason.CONNECT_ERROR
                close = Close(reason, duration(self.limits.connect_ms) if timeout else detail, status=status)
                yield from self._ended(now_ms, close, retry_after_ms)
            case ConnectorState.OPEN, _ if self._session is not None:
                yield from self._until_close(now_ms, self._session.step(now_ms, event))
            case ConnectorState.WAITING, _ if now_ms >= self._wait_ends_ms:
                yield from self._attempt()
        if self._funding.due_ms is not None:
            yield from self._funding.timers(now_ms)

    # --- attempts -----------------------------------------------------------------------------------------------------

    def _attempt(self) -> Iterator[Action]:
        if self._backoff.attempts >= ROTATE_AFTER:
            yield from self._rotate()
        if self.venue.lookup is not None and not self.target.instrument:
            self.state = ConnectorState.LOOKUP
            fetch = self._fetch(FetchPurpose.LOOKUP, self.venue.lookup)
            self._lookup_ticket = fetch.ticket
            yield Note("resolving", {"market": self.target.market, "url": fetch.url})
            yield fetch
        else:
            yield from self._connect()

    def _connect(self) -> Iterator[Action]:
        self.state = ConnectorState.CONNECTING
        self._url = self.venue.socket_url(self._current(self.target.ws_urls), self.target)
        connect_ms = self.limits.connect_ms
        yield Note("connecting", {**self.target.options, "url": self._url, "connect_timeout_ms": connect_ms})
        yield Connect(self._url, self.venue.headers, connect_ms)

    def _opened(self, now_ms: int, peer: str) -> Iterator[Action]:
        self.state = ConnectorState.OPEN
        self._session = SocketSession(
            now_ms, self.venue, self.target, self.limits, self._url, self.counters, self._fetch, self._uniform
        )
        self._funding.begin(now_ms)
        yield Note("connected", {"url": self._url} | ({"peer": peer} if peer else {}))
        yield from self._until_close(now_ms, self._session.begin())

    def _until_close(self, now_ms: int, actions: Iterator[Action]) -> Iterator[Action]:
        """Pass on the session's actions up to its first `Close`, which ends the session."""
        for action in actions:
            if isinstance(action, Close):
                yield from self._ended(now_ms, action)
                return
            yield action

    def _rotate(self) -> Iterator[Action]:
        self._endpoint += 1
        if max(len(self.target.ws_urls), len(self.target.rest_urls)) > 1:
            ws, rest = self._current(self.target.ws_urls), self._current(self.target.rest_urls)
            yield Note("rotated", {"ws": ws, "rest": rest, "index": self._endpoint})

    def _current(self, urls: tuple[str, ...]) -> str:
        return urls[self._endpoint % len(urls)]

    def _fetch(self, purpose: FetchPurpose, rest: RestSpec[Any]) -> Fetch:
        self._tickets += 1
        call = rest.call(self.target)
        timeout_ms = self.limits.book_check_ms if purpose is FetchPurpose.BOOK_CHECK else self.limits.snapshot_ms
        return Fetch(self._tickets, purpose, self._current(self.target.rest_urls) + call.path, call, timeout_ms)

    def _looked_up(self, now_ms: int, response: Fetched | FetchFailed) -> Iterator[Action]:
        if self.venue.lookup is None:
            return
        found = decode_response(self.venue.lookup, self.target, response)
        if isinstance(found, RestFailure):
            close = Close(ReconnectReason.CONNECT_ERROR, found.why, status=found.status)
            yield from self._ended(now_ms, close, found.retry_after_ms, stage="lookup")
            return
        self.target = replace(self.target, instrument=found)
        url = self._current(self.target.rest_urls)
        yield Note("lookup", {"market": self.target.market, "instrument": found, "url": url})
        yield from self._connect()

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _ended(
        self, now_ms: int, close: Close, retry_after_ms: int | None = None, stage: str = "socket"
    ) -> Iterator[Action]:
        """End an attempt or a session: note its reason and begin the wait before the next attempt."""
        lasted_ms = 0 if self._session is None else now_ms - self._session.opened_ms
        connected = self._session is not None
        self.state, self._session = ConnectorState.WAITING, None
        self._failures += 1
        yield self._reconnect_note(close, stage, connected, lasted_ms)
        if lasted_ms >= self.limits.healthy_ms:
            yield Note("healthy_reset", {"lasted_ms": lasted_ms, "failures": self._failures})
            self._failures = 0
        self._backoff = self._backoff.ended(lasted_ms, self.limits.healthy_ms)
        wait_ms = self._backoff.wait_ms(self._uniform(), retry_after_ms)
        self._wait_ends_ms = now_ms + wait_ms
        looks_up = self.venue.lookup is not None and not self._configured_instrument
        if close.reason is ReconnectReason.SUBSCRIBE_ERROR and looks_up:
            self.target = replace(self.target, instrument="")
        yield Note("waiting", {"wait_ms": wait_ms, "attempts": self._backoff.attempts})
        yield close

    def _reconnect_note(self, close: Close, stage: str, connected: bool, lasted_ms: int) -> Note:
        reason = (close.reason or ReconnectReason.UNKNOWN).value
        count = self.counters.add(f"{'reconnect' if stage == 'socket' else stage}.{reason}")
        always: dict[str, Value] = {"reason": reason, "count": count, "stage": stage, "connected": connected}
        optional: dict[str, Value] = {
            "detail": close.detail,
            "silence": close.silence and close.silence.value,
            "topic": close.topic,
            "code": close.code,
            "status": close.status,
        }
        known = {name: value for name, value in optional.items() if value is not None}
        context: dict[str, Value] = {"failures": self._failures, "lasted_ms": lasted_ms, "url": self._url}
        return Note("reconnect", always | known | context)

    def _restart(self, now_ms: int, reason: ReconnectReason | None) -> Iterator[Action]:
        """End the session or attempt under way, so that the next attempt follows.

        In other states an attempt will follow, so nothing is done, unless our own code failed.
        """
        under_way = self.state in (ConnectorState.OPEN, ConnectorState.CONNECTING, ConnectorState.LOOKUP)
        if under_way or reason is ReconnectReason.TASK_PANIC:
            yield from self._ended(now_ms, Close(reason or ReconnectReason.UNKNOWN, "restarted from outside"))

    def _stop(self, reason: ReconnectReason | None) -> Iterator[Action]:
        connected = self.state in (ConnectorState.OPEN, ConnectorState.CONNECTING)
        self.state, self._session = ConnectorState.STOPPED, None
        yield Note("stopped", {} if reason is None else {"reason": reason.value})
        if connected:
            yield Close(reason)
