"""`toolkit analyze --follow`: repeat the analysis while a run grows, and store the last one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit.cli.common import pending_interrupts
from toolkit.cli.output import note
from toolkit.model.errors import ExitCode
from toolkit.model.vocabulary import DiagnosisCode, Ended

if TYPE_CHECKING:
    from toolkit.model.runs import RunAnalysis, RunInfo

POLL_S = 2.0
_UNCONFIRMED_ENDS = (Ended.STILL_RUNNING, Ended.UNKNOWN, Ended.TIMEOUT)
"""Ends that no log line states; they count as the end only if the files have stopped growing."""
_UNCONFIRMED_CAUSES = (DiagnosisCode.BUILD_LOCK, DiagnosisCode.NO_PROGRAM_LINE)
"""Causes that a run shows while its build waits, or before its first line."""
IDLE_RATIO = 4
"""Waiting time per analysis time, so that the analyses of a long run use at most a fifth of one processor."""


def follow(analyze_into: Callable[[str], RunAnalysis], show: Callable[[RunAnalysis], None], db: str) -> int:
    """Analyse and show the run repeatedly until it has ended or Ctrl-C; return the exit code (0 or 130).

    `analyze_into` analyses the run into a store; only the last analysis goes into `db`. A run has ended if its files
    say so, or if they did not grow between two analyses and the newest record is older than ten seconds.
    """
    code, bytes_before = ExitCode.OK, -1
    try:
        while True:
            began = time.monotonic()
            analysis = analyze_into(":memory:")
            bytes_now = sum(each.bytes for each in analysis.ledger)
            if not _is_unconfirmed(analysis.run) or (
                analysis.run.ended is not Ended.STILL_RUNNING and bytes_now == bytes_before
            ):
                break
            bytes_before = bytes_now
            show(analysis)
            time.sleep(max(POLL_S, IDLE_RATIO * (time.monotonic() - began)))
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
        pending_interrupts.clear()
        note(f"interrupted; the run as written so far is stored in {db}")
    show(analyze_into(db))
    return code


def _is_unconfirmed(run: RunInfo) -> bool:
    return run.ended in _UNCONFIRMED_ENDS or (run.diagnosis is not None and run.diagnosis.code in _UNCONFIRMED_CAUSES)
