"""Counters of one connector over a whole run; they survive its sockets."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from connectors.session.events import Note
from connectors.venues.spec import Value

ALWAYS_LOGGED, LOGGED_EVERY = 3, 100
"""A frequent event is noted the first three times and then every hundredth time; its note carries the count."""

MINUTE_MS = 60_000


class SessionCounters:
    """Counts by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str) -> int:
        """Count one occurrence; return the new count."""
        self.counts[name] += 1
        return self.counts[name]

    def add_and_note(self, kind: str, **fields: Value | float) -> Iterator[Note]:
        """Count one occurrence and yield its note if this count is logged."""
        count = self.add(kind)
        if is_logged(count):
            yield Note(kind, {**fields, "count": count})


def is_logged(count: int) -> bool:
    """Return True if the occurrence with this count is logged."""
    return count <= ALWAYS_LOGGED or count % LOGGED_EVERY == 0


class MinuteRateLimit:
    """The times of the last occurrences, against a limit per minute."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[int] = deque(maxlen=limit + 1)

    def add_exceeds(self, now_ms: int) -> bool:
        """Add one occurrence; return True if more than `limit` fell within the last minute."""
        self._times.append(now_ms)
        return len(self._times) > self._limit and now_ms - self._times[0] < MINUTE_MS
