"""How long to wait before the next attempt: doubling, capped, with full jitter, and reset only by a healthy session.

An accepted connection proves nothing: every end before the healthy time makes the next wait longer, so that a venue
that accepts and closes at once is left alone more and more.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE_MS = 1_000
LEAST_MS = 100
CAPS_MS = ((10, 30_000), (20, 60_000))
LAST_CAP_MS = 120_000
"""Up to 10 attempts in a row a wait stays below 30 s, up to 20 below 60 s, then below 120 s."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Attempts that ended before they were healthy, in a row."""

    attempts: int = 0

    def ended(self, lasted_ms: int, healthy_ms: int) -> Backoff:
        """The state after a session of `lasted_ms` since its connection opened (0 if it never did)."""
        return Backoff(1 if lasted_ms >= healthy_ms else self.attempts + 1)

    @property
    def ceiling_ms(self) -> int:
        """The longest wait that may be drawn now."""
        cap = next((ms for attempts, ms in CAPS_MS if self.attempts <= attempts), LAST_CAP_MS)
        return int(min(cap, BASE_MS << min(max(self.attempts - 1, 0), 20)))

    def wait_ms(self, uniform: float, retry_after_ms: int | None = None) -> int:
        """The wait before the next attempt; `uniform` is drawn in [0, 1), a venue's Retry-After is the least wait."""
        drawn = LEAST_MS + int(uniform * (self.ceiling_ms - LEAST_MS))
        return max(drawn, retry_after_ms or 0)
