"""`toolkit smoke -- CMD…`: supervise a producer of a run, record it, and judge what it left."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import DEFAULT_DB, DbOption, QuietOption
from toolkit.cli.output import emit, note
from toolkit.cli.progress import progress_line
from toolkit.errors import Exit, ToolkitError, UsageError
from toolkit.units import duration

if TYPE_CHECKING:
    from toolkit.smoke.meta import RunMeta
    from toolkit.smoke.supervise import Plan
    from toolkit.vocabulary import GateVerdict

GATE = "frontier"
"""The gate that a run is held against at its end."""


def smoke(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- CMD…", help="The producer; {out} in it stands for the run directory."),
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", help="How long it runs, counted from its first telemetry.")
    ] = 10,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run directory; runs/<time> if not given.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="paraphina", help="Whose environment to set for the producer.")
    ] = None,
    label: Annotated[str | None, typer.Option("--label", help="A name for the run in the store.")] = None,
    build_minutes: Annotated[
        float, typer.Option("--build-minutes", help="How long it may take to its first telemetry.")
    ] = 60,
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", help="How long it may take to stop before it is killed.")
    ] = 10,
    db: DbOption = DEFAULT_DB,
    quiet: QuietOption = False,
) -> int:
    """Run a shadow producer for some minutes, leave a run directory, and end with its analysis and gate.

    Ends with 130 when interrupted, 5 when the run was blocked or died, 1 when the gate fails, 4 when it cannot tell.
    """
    from toolkit.host.facts import now_ms
    from toolkit.smoke.policy import Limits
    from toolkit.smoke.rundir import default_out
    from toolkit.smoke.supervise import Plan

    if not command:
        raise UsageError("no command: write it after `--`, as in `toolkit smoke --minutes 10 -- CMD…`")
    limits = Limits(
        run_ms=_ms("--minutes", minutes, 60_000),
        build_ms=_ms("--build-minutes", build_minutes, 60_000),
        grace_ms=_ms("--grace", grace, 1_000),
    )
    plan = Plan(tuple(command), out or default_out(now_ms()), limits, profile, label)
    return _concluded(plan.out, _run(plan, quiet), db)


def _ms(option: str, value: float, unit_ms: int) -> float:
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{option} {value:g}: a time is more than 0")
    return value * unit_ms


def _run(plan: Plan, quiet: bool) -> RunMeta:
    import os

    from toolkit.smoke.supervise import supervise
    from toolkit.smoke.verdict import sentence

    if not quiet:
        note(f"recording into {plan.out}; Ctrl-C stops the run and keeps it")
    with progress_line(quiet) as line:
        run = supervise(plan, dict(os.environ), lambda running, ms: line(_progress(plan, running, ms)))
    if not quiet:
        note(sentence(run))
    return run


def _progress(plan: Plan, running: bool, elapsed_ms: float) -> str:
    if running:
        return f"running {duration(elapsed_ms)} of {duration(plan.limits.run_ms)}"
    return f"waiting for the first telemetry, {duration(elapsed_ms)}"


def _concluded(out: Path, run: RunMeta, db: str) -> int:
    """Print what happened and what the gate says of it, and give the exit code."""
    from toolkit.smoke.verdict import exit_code
    from toolkit.vocabulary import GateVerdict

    try:
        verdict = _judged(out, run, db)
    except ToolkitError as error:
        # What befell the run is said even where its files give nothing, or the store cannot be had.
        verdict, code = GateVerdict.INCONCLUSIVE, exit_code(run, GateVerdict.INCONCLUSIVE)
        if code is Exit.INCONCLUSIVE:
            raise
        note(str(error))
    emit(f"run directory: {out}")
    return exit_code(run, verdict)


def _judged(out: Path, run: RunMeta, db: str) -> GateVerdict:
    from toolkit.analysis import Options, analyze
    from toolkit.cli.gate import text
    from toolkit.evidence.report import summary
    from toolkit.gate import evaluate
    from toolkit.gates import load
    from toolkit.metrics import catalogue

    analysis = analyze([str(out)], db, Options(run.label, run.requested_ms))
    emit(summary(analysis, run.label or out.name, "text"))
    gate = load(GATE, catalogue())
    result = evaluate(gate.rules, analysis, None, gate.name, gate.never_seen)
    emit(f"\n{text(result, analysis)}\n")
    return result.verdict
