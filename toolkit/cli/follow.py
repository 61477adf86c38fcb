"""`analyze --follow`: look at a run again and again while it grows, and keep it in the store once it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit.cli.common import pending_interrupts
from toolkit.cli.output import note
from toolkit.model.errors import ExitCode
from toolkit.model.vocabulary import Ended

if TYPE_CHECKING:
    from toolkit.model.runs import RunAnalysis

EVERY_S = 2.0
_UNTOLD = (Ended.STILL_RUNNING, Ended.UNKNOWN, Ended.TIMEOUT)
"""Ends that no line of a file tells: one of them is the end only where nothing more is written."""
IDLE_SHARE = 4
"""Waits that many times as long as a look took, so that a long run's looks take a fifth of one processor at most."""


def follow(look: Callable[[str], RunAnalysis], show: Callable[[RunAnalysis], None], db: str) -> int:
    """Show the run `look` by look until it has ended, or until Ctrl-C; the last look goes into the store `db`.

    Gives the exit code. A run has ended when its files say so, or when they did not grow between two looks and its
    newest record is older than ten seconds.
    """
    code, before = ExitCode.OK, -1
    try:
        while True:
            began = time.monotonic()
            analysis = look(":memory:")
            octets = sum(each.bytes for each in analysis.ledger)
            if analysis.run.ended not in _UNTOLD or (
                analysis.run.ended is not Ended.STILL_RUNNING and octets == before
            ):
                break
            before = octets
            show(analysis)
            time.sleep(max(EVERY_S, IDLE_SHARE * (time.monotonic() - began)))
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
        pending_interrupts.clear()
        note(f"interrupted; what was written of the run so far is kept in {db}")
    show(look(db))
    return code
