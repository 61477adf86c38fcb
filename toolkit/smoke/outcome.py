"""The outcome of a run made by `toolkit smoke`: one sentence and an exit code."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.model.errors import ExitCode
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.units import duration
from toolkit.model.vocabulary import GateVerdict
from toolkit.smoke.stop_policy import StoppedBy

_CODES = {GateVerdict.FAIL: ExitCode.FAILED, GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE}


def died(run: RunMeta) -> bool:
    """Return whether the run wrote no telemetry, its record has no end, or the program failed before it was to stop."""
    failed = run.signal is not None or run.exit_code != 0
    unfinished = run.first_telemetry_ms is None or run.stopped_by is None
    return unfinished or (run.stopped_by == StoppedBy.ITSELF and failed)


def exit_code(run: RunMeta, gate: GateVerdict) -> ExitCode:
    """Return the exit code of a run and its gate.

    The first that applies: interrupted (130), blocked or died (5), gate FAIL (1), gate INCONCLUSIVE (4), OK (0).
    """
    if run.stopped_by == StoppedBy.INTERRUPT:
        return ExitCode.INTERRUPTED
    return ExitCode.RUN_BLOCKED if died(run) else _CODES.get(gate, ExitCode.OK)


def worst_exit_code(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code of several runs, in the order of precedence of `exit_code`.

    `codes` is consumed lazily: after an interrupted run, no further run is started.
    """
    seen = set()
    for code in codes:
        seen.add(code)
        if code is ExitCode.INTERRUPTED:
            break
    order = (ExitCode.INTERRUPTED, ExitCode.RUN_BLOCKED, ExitCode.FAILED, ExitCode.INCONCLUSIVE)
    return next((code for code in order if code in seen), ExitCode.OK)


def outcome_sentence(run: RunMeta) -> str:
    """Return one sentence: the time to the first telemetry, the time the run lasted, and what ended it."""
    forced = ", by SIGKILL: it did not stop when asked" if run.killed else ""
    return f"{_duration_clause(run)}; {_end_clause(run)}{forced}"


def _duration_clause(run: RunMeta) -> str:
    last_ms = run.stopped_ms or run.started_ms
    if run.first_telemetry_ms is None or run.build_ms is None:
        return f"wrote no telemetry in {duration(last_ms - run.started_ms)}"
    ran = duration(max(0, last_ms - run.first_telemetry_ms))
    return f"first telemetry after {duration(run.build_ms)}, then ran {ran} of {duration(run.requested_ms or 0)}"


def _end_clause(run: RunMeta) -> str:
    match run.stopped_by:
        case StoppedBy.TIME:
            return "stopped at the requested time"
        case StoppedBy.INTERRUPT:
            return "stopped by an interrupt"
        case StoppedBy.BUILD_LIMIT:
            return f"stopped at the build limit of {duration(run.build_limit_ms or 0)}"
        case StoppedBy.ITSELF if run.signal:
            return f"ended by {run.signal}"
        case StoppedBy.ITSELF:
            return f"ended by itself with exit code {run.exit_code}"
        case _:
            return "how it ended is not known"
