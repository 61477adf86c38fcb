"""Our pings: sent at regular times, each answered in time or the session ends."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.session.counters import SessionCounters
from connectors.session.events import Action, Close, Note, Ping, Send
from connectors.venues.spec import KeepAlive, PingKind, VenueLimits
from toolkit.model.vocabulary import ReconnectReason


class PingTimer:
    """Pings one session every `ping_interval_ms` (0: never), the first time after one interval."""

    def __init__(self, now_ms: int, keep_alive: KeepAlive, limits: VenueLimits, counters: SessionCounters) -> None:
        self._keep_alive = keep_alive
        self._interval_ms = limits.ping_interval_ms
        self._pong_ms = limits.pong_ms
        self._counters = counters
        self._next_ms = now_ms + self._interval_ms if self._interval_ms else None
        self._owed_ms: int | None = None

    def due_ms(self, now_ms: int) -> int | None:
        """When `timers` has something to say; a pong that is overdue already is asked for at every step."""
        owed = self._owed_ms if self._owed_ms is not None and self._owed_ms > now_ms else None
        return min((time for time in (self._next_ms, owed) if time is not None), default=None)

    def pong(self, kind: PingKind) -> None:
        """An answer of this kind came."""
        if kind is self._keep_alive.kind:
            self._owed_ms = None

    def timers(self, now_ms: int, *, judge: bool) -> Iterator[Action]:
        """Ping when it is time; where a missing pong may be judged now, end the session for it."""
        if judge and self._owed_ms is not None and now_ms >= self._owed_ms:
            yield Close(ReconnectReason.PING_TIMEOUT, f"no pong within {self._pong_ms}ms")
        if self._next_ms is None or now_ms < self._next_ms:
            return
        self._next_ms = now_ms + self._interval_ms
        if self._owed_ms is None:
            self._owed_ms = now_ms + self._pong_ms
        payload = self._keep_alive.payload
        yield Ping(payload) if self._keep_alive.kind is PingKind.CONTROL else Send(payload, ping=True)
        count = self._counters.add("ping_sent")
        yield Note("ping_sent", {"count": count, "interval_ms": self._interval_ms})

    def failed(self, detail: str) -> Iterator[Action]:
        """A ping could not be written."""
        yield Note("ping_send_fail", {"count": self._counters.add("ping_send_fail"), "detail": detail})
        yield Close(ReconnectReason.PING_SEND_FAIL, detail)
