"""The command `toolkit` with a timer in its event loop, which records how late the loop calls it.

`python -m tests.attacks.timed_loop FILE smoke …` runs `toolkit smoke …` and writes a line of JSON for each call of the
timer: the wall clock in s, and the delay in ms. A delay is the time for which the loop served something else.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

EVERY_S = 0.005


class _TimedLoops(asyncio.DefaultEventLoopPolicy):
    """Makes event loops with such a timer."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        loop = super().new_event_loop()

        def call(due_s: float) -> None:
            self._stream.write(f"[{time.time():.3f}, {max(0.0, loop.time() - due_s) * 1_000:.1f}]\n")
            next_s = loop.time() + EVERY_S
            loop.call_at(next_s, call, next_s)

        loop.call_soon(call, loop.time())
        return loop


def delays(path: Path, first_s: float, last_s: float) -> Sequence[float]:
    """Return the delays (ms) that were recorded between two times of the wall clock (s)."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [delay_ms for at_s, delay_ms in rows if first_s <= at_s <= last_s]


if __name__ == "__main__":
    from toolkit.__main__ import main

    file = sys.argv.pop(1)
    with Path(file).open("w", encoding="utf-8") as opened:
        asyncio.set_event_loop_policy(_TimedLoops(opened))
        main()
