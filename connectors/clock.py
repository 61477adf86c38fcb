"""The clock of a run: a monotonic time for decisions and the wall time that belongs to it."""

from __future__ import annotations

import time


class Clock:
    """Time since the millisecond in which the clock was made, and the wall time of that moment plus it.

    The wall time is read once, so a later change of the host's clock has no effect. Both times begin with a whole
    millisecond, so that they differ by the same number of milliseconds at any moment.
    """

    def __init__(self) -> None:
        self._began_unix_ms, rest_ns = divmod(time.time_ns(), 1_000_000)
        self._began_ns = time.monotonic_ns() - rest_ns

    def now_us(self) -> int:
        """Return the microseconds since the start."""
        return (time.monotonic_ns() - self._began_ns) // 1_000

    def now_ms(self) -> int:
        """Return the milliseconds since the start, the time of the session machines."""
        return self.now_us() // 1_000

    def now_and_unix_ms(self) -> tuple[int, int]:
        """Return `now_ms` and `unix_ms` of the same moment."""
        now_ms = self.now_us() // 1_000
        return now_ms, self._began_unix_ms + now_ms

    def unix_us(self) -> int:
        """Return the wall time in microseconds since 1970."""
        return self._began_unix_ms * 1_000 + self.now_us()

    def unix_ms(self) -> int:
        """Return the wall time in milliseconds since 1970."""
        return self._began_unix_ms + self.now_ms()


class VirtualClock(Clock):
    """A clock that stands still until it is advanced; its wall time begins at `began_unix_ms`."""

    def __init__(self, began_unix_ms: int) -> None:
        self._began_unix_ms = began_unix_ms
        self._now_us = 0

    def advance_to(self, now_ms: int) -> None:
        """Advance the clock to `now_ms` since the start; an earlier time changes nothing."""
        self._now_us = max(self._now_us, now_ms * 1_000)

    def now_us(self) -> int:
        """Return the microseconds since the start."""
        return self._now_us
