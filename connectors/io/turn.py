"""Share of one driver in the event loop.

After `TURN_US` of work a driver leaves the loop to the other tasks. A message that took longer than a turn is followed
by a pause of the same length, so that a venue of long messages has at most half of the loop.
"""

from __future__ import annotations

import asyncio

from connectors.clock import Clock

TURN_US = 2_000
"""Microseconds of work, waiting excluded, after which other tasks run."""


class Turn:
    """The present turn of a driver in the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends_us = 0

    def begin(self) -> None:
        """Begin a turn, after a wait."""
        self._ends_us = self._clock.now_us() + TURN_US

    async def share(self) -> None:
        """Let other tasks run if the turn is over."""
        if self._clock.now_us() >= self._ends_us:
            await asyncio.sleep(0)
            self.begin()

    async def rest_after(self, work_us: int) -> None:
        """Pause after a message that took this processor time, if that was longer than a turn."""
        if work_us > TURN_US:
            await asyncio.sleep(work_us / 1_000_000)
            self.begin()
