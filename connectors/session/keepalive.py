"""Keep-alive pings of a session: sent at an interval, each to be answered in time."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.session.counters import SessionCounters
from connectors.session.events import Action, Close, Note, Ping, Send
from connectors.venues.spec import KeepAlive, PingKind, VenueLimits
from toolkit.model.vocabulary import ReconnectReason


class PingTimer:
    """Sends pings every `ping_interval_ms` (0: never), the first one interval after the socket opened."""

    def __init__(self, now_ms: int, keep_alive: KeepAlive, limits: VenueLimits, counters: SessionCounters) -> None:
        self._keep_alive = keep_alive
        self._interval_ms = limits.ping_interval_ms
        self._pong_ms = limits.pong_ms
        self._counters = counters
        self._next_ms = now_ms + self._interval_ms if self._interval_ms else None
        self._pong_due_ms: int | None = None

    def due_ms(self, now_ms: int) -> int | None:
        """Return the time of the next call of `timers`, None without one.

        A pong that is overdue already sets no time: `timers` checks it at every step.
        """
        pong_due_ms = self._pong_due_ms if self._pong_due_ms is not None and self._pong_due_ms > now_ms else None
        return min((time for time in (self._next_ms, pong_due_ms) if time is not None), default=None)

    def pong(self, kind: PingKind) -> None:
        """Take a pong: one of the venue's ping kind answers every ping sent so far."""
        if kind is self._keep_alive.kind:
            self._pong_due_ms = None

    def extend_limit(self, until_ms: int) -> None:
        """Give a pong that is awaited time until `until_ms` at least."""
        if self._pong_due_ms is not None:
            self._pong_due_ms = max(self._pong_due_ms, until_ms)

    def timers(self, now_ms: int, *, judged_until_ms: int | None) -> Iterator[Action]:
        """Send a ping if one is due; end the session for a pong that was due by `judged_until_ms` (None: for none)."""
        if judged_until_ms is not None and self._pong_due_ms is not None and judged_until_ms >= self._pong_due_ms:
            yield Close(ReconnectReason.PING_TIMEOUT, f"no pong within {self._pong_ms}ms")
        if self._next_ms is None or now_ms < self._next_ms:
            return
        self._next_ms = now_ms + self._interval_ms
        if self._pong_due_ms is None:
            self._pong_due_ms = now_ms + self._pong_ms
        payload = self._keep_alive.payload
        yield Ping(payload) if self._keep_alive.kind is PingKind.CONTROL else Send(payload, ping=True)
        count = self._counters.add("ping_sent")
        yield Note("ping_sent", {"count": count, "interval_ms": self._interval_ms})

    def send_failed(self, detail: str) -> Iterator[Action]:
        """End the session: a ping could not be written."""
        yield Note("ping_send_fail", {"count": self._counters.add("ping_send_fail"), "detail": detail})
        yield Close(ReconnectReason.PING_SEND_FAIL, detail)
