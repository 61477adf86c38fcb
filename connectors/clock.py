"""The one clock of a run: a monotonic time for decisions and the wall time that goes with it."""

from __future__ import annotations

import time


class Clock:
    """Time since the clock was made, and the wall time of then plus that: whoever sets the host's clock, it goes on."""

    def __init__(self) -> None:
        self._began_ns = time.monotonic_ns()
        self._began_unix_us = time.time_ns() // 1_000

    def now_us(self) -> int:
        """Microseconds since the begin."""
        return (time.monotonic_ns() - self._began_ns) // 1_000

    def now_ms(self) -> int:
        """Milliseconds since the begin, as the pure machines count."""
        return self.now_us() // 1_000

    def unix_us(self) -> int:
        """Epoch microseconds."""
        return self._began_unix_us + self.now_us()

    def unix_ms(self) -> int:
        """Epoch milliseconds."""
        return self.unix_us() // 1_000


class VirtualClock(Clock):
    """A clock that stands until it is put forward; its wall time begins at `began_unix_ms`."""

    def __init__(self, began_unix_ms: int) -> None:
        self._began_unix_us = began_unix_ms * 1_000
        self._now_us = 0

    def advance_to(self, now_ms: int) -> None:
        """Put it forward to this time since the begin; it never goes back."""
        self._now_us = max(self._now_us, now_ms * 1_000)

    def now_us(self) -> int:
        """Microseconds since the begin."""
        return self._now_us
