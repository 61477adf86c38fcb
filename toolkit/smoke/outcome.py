"""What is said of a supervised run as a whole: one sentence, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.model.errors import ExitCode
from toolkit.model.run_meta import RunMeta
from toolkit.model.units import duration
from toolkit.model.vocabulary import GateVerdict
from toolkit.smoke.stop_policy import StoppedBy

_CODES = {GateVerdict.FAIL: ExitCode.FAILED, GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE}


def died(run: RunMeta) -> bool:
    """Whether the run was blocked before any telemetry, or the program ended badly before its time."""
    badly = run.signal is not None or run.exit_code != 0
    return run.first_telemetry_ms is None or (run.stopped_by == StoppedBy.ITSELF and badly)


def exit_code(run: RunMeta, gate: GateVerdict) -> ExitCode:
    """The first that applies: interrupted, blocked or died, gate failed, inconclusive, done."""
    if run.stopped_by == StoppedBy.INTERRUPT:
        return ExitCode.INTERRUPTED
    return ExitCode.RUN_BLOCKED if died(run) else _CODES.get(gate, ExitCode.OK)


def worst_exit_code(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of several runs, in the same order; none begins after one that was interrupted."""
    seen = set()
    for code in codes:
        seen.add(code)
        if code is ExitCode.INTERRUPTED:
            break
    order = (ExitCode.INTERRUPTED, ExitCode.RUN_BLOCKED, ExitCode.FAILED, ExitCode.INCONCLUSIVE)
    return next((code for code in order if code in seen), ExitCode.OK)


def sentence(run: RunMeta) -> str:
    """How the run went: what it took to begin, how long it ran, what ended it."""
    return f"{_began(run)}; {_ended(run)}{', firmly: it did not stop when asked' if run.killed else ''}"


def _began(run: RunMeta) -> str:
    last_ms = run.stopped_ms or run.started_ms
    if run.first_telemetry_ms is None or run.build_ms is None:
        return f"wrote no telemetry in {duration(last_ms - run.started_ms)}"
    ran = duration(max(0, last_ms - run.first_telemetry_ms))
    return f"first telemetry after {duration(run.build_ms)}, then ran {ran} of {duration(run.requested_ms or 0)}"


def _ended(run: RunMeta) -> str:
    match run.stopped_by:
        case StoppedBy.TIME:
            return "stopped when the time was over"
        case StoppedBy.INTERRUPT:
            return "stopped by an interrupt"
        case StoppedBy.BUILD_LIMIT:
            return f"stopped at the limit of {duration(run.build_limit_ms or 0)} for the build"
        case StoppedBy.ITSELF if run.signal:
            return f"ended by {run.signal}"
        case StoppedBy.ITSELF:
            return f"ended by itself with exit code {run.exit_code}"
        case _:
            return "its end is not known"
