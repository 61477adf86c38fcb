"""What is counted over a whole run of one connector; sockets come and go, the counts go on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from connectors.session.events import Note
from connectors.venues.spec import Value

ALWAYS_LOGGED, LOGGED_EVERY = 3, 100
"""A frequent happening is told the first three times and then each hundredth; its note carries the count."""

MINUTE_MS = 60_000


class SessionCounters:
    """Counts by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, name: str) -> int:
        """One more; the new count."""
        self.counts[name] += 1
        return self.counts[name]

    def tell(self, kind: str, **fields: Value | float) -> Iterator[Note]:
        """Count a happening of this kind; give its note if it is one of those that are told."""
        count = self.add(kind)
        if is_logged(count):
            yield Note(kind, {**fields, "count": count})


def is_logged(count: int) -> bool:
    """Whether the happening with this number is told."""
    return count <= ALWAYS_LOGGED or count % LOGGED_EVERY == 0


class MinuteRateLimit:
    """How often something happened within the last minute, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: deque[int] = deque(maxlen=limit + 1)

    def over(self, now_ms: int) -> bool:
        """Count one more; say whether there are more than the limit now."""
        self._times.append(now_ms)
        return len(self._times) > self._limit and now_ms - self._times[0] < MINUTE_MS
