"""Backoff before the next connection attempt: doubling, capped, with full jitter.

Only a session that lasted the healthy time resets it. An accepted connection alone does not, so that a venue that
accepts and closes at once is tried less and less often.
"""

from __future__ import annotations

from dataclasses import dataclass

BASE_MS = 1_000
LEAST_MS = 100
CAPS_MS = ((10, 30_000), (20, 60_000))
LAST_CAP_MS = 120_000
"""Up to 10 failed attempts in a row a wait stays below 30 s, up to 20 below 60 s, then below 120 s."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The number of attempts in a row that ended before the healthy time."""

    attempts: int = 0

    def ended(self, lasted_ms: int, healthy_ms: int) -> Backoff:
        """Return the state after a session that ended `lasted_ms` after its socket opened (0 if it never opened)."""
        return Backoff(1 if lasted_ms >= healthy_ms else self.attempts + 1)

    @property
    def ceiling_ms(self) -> int:
        """The upper limit of the next wait, in ms."""
        cap = next((ms for attempts, ms in CAPS_MS if self.attempts <= attempts), LAST_CAP_MS)
        return int(min(cap, BASE_MS << min(max(self.attempts - 1, 0), 20)))

    def wait_ms(self, uniform: float, retry_after_ms: int | None = None) -> int:
        """Return the wait before the next attempt, in ms.

        `uniform` is a random number in [0, 1). The wait is never shorter than the venue's Retry-After.
        """
        drawn = LEAST_MS + int(uniform * (self.ceiling_ms - LEAST_MS))
        return max(drawn, retry_after_ms or 0)
