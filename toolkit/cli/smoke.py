"""`toolkit smoke`: make a run with the shadow connectors, or around another producer, and judge what it left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import DEFAULT_DB, DbOption, QuietOption
from toolkit.cli.output import emit, note
from toolkit.cli.progress import progress_line
from toolkit.model.errors import ExitCode, ToolkitError, UsageError
from toolkit.model.units import duration

if TYPE_CHECKING:
    from toolkit.model.run_meta import RunMeta
    from toolkit.model.vocabulary import GateVerdict
    from toolkit.smoke.plan import ShadowPlan
    from toolkit.smoke.supervisor import SupervisionPlan

GATE = "frontier"
"""The gate that a run is held against at its end."""


def smoke(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- CMD…]", help="Another producer; {out} in it stands for the run directory."),
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
        float, typer.Option("--build-minutes", help="With CMD: how long it may take to its first telemetry.")
    ] = 60,
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", help="With CMD: how long it may take to stop.")
    ] = 10,
    feed: Annotated[
        str, typer.Option("--feed", metavar="loopback|live", help="Venues SIMULATED here, or public endpoints.")
    ] = "loopback",
    scenario: Annotated[
        Path | None, typer.Option("--scenario", metavar="FILE", help="TOML file of faults; none: all is well.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="What the simulated books are made from.")] = 1,
    venues: Annotated[str, typer.Option("--venues", metavar="A,B", help="These venues only.")] = "",
    base: Annotated[str, typer.Option("--base", metavar="ASSET", help="The market's asset.")] = "ETH",
    record_frames: Annotated[
        bool, typer.Option("--record-frames", help="Keep every frame as a tape in the run directory.")
    ] = False,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Write what the simulated venues really did.")
    ] = None,
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, metavar="N", help="So many runs, one after the other: DIR/1, DIR/2, …")
    ] = 1,
    db: DbOption = DEFAULT_DB,
    quiet: QuietOption = False,
) -> int:
    """Run five shadow connectors for some minutes, leave a run directory, and end with its analysis and gate.

    With CMD, another producer is run in place of the connectors. Ends with 130 when interrupted, 5 when a run was
    blocked or died, 1 when the gate fails, 4 when it cannot tell.
    """
    from toolkit.host.machine import now_ms
    from toolkit.smoke.outcome import worst_exit_code
    from toolkit.smoke.run_directory import check_free, default_out
    from toolkit.smoke.stop_policy import TimeLimits
    from toolkit.smoke.supervisor import SupervisionPlan

    run_ms = _ms("--minutes", minutes, 60_000)
    own = Own(feed, scenario, seed, venues, base, record_frames, truth)
    place = out or default_out(now_ms())
    places = [place] if repeat == 1 else [place / str(number) for number in range(1, repeat + 1)]
    for each in places:
        check_free(each)
    if not command:
        if profile is not None:
            raise UsageError("--profile is of another producer: write its command after `--`, or leave it out")
        if truth is not None and repeat > 1:
            raise UsageError("--truth is of one run; leave it out with --repeat")
        plans = [_own_plan(own, each, run_ms, label) for each in places]
        return worst_exit_code(_concluded(plan.out, _run_own(plan, quiet), db) for plan in plans)
    if own != Own():
        raise UsageError("a command brings its own feed: leave out --feed, --scenario, --seed, --venues and the like")
    limits = TimeLimits(
        run_ms=run_ms,
        build_ms=_ms("--build-minutes", build_minutes, 60_000),
        grace_ms=_ms("--grace", grace, 1_000),
    )
    supervised = [SupervisionPlan(tuple(command), each, limits, profile, label) for each in places]
    return worst_exit_code(_concluded(plan.out, _run(plan, quiet), db) for plan in supervised)


def _ms(option: str, value: float, unit_ms: int) -> float:
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{option} {value:g}: a time is more than 0")
    return value * unit_ms


@dataclass(frozen=True, slots=True)
class Own:
    """The options of a run of our own connectors, as written."""

    feed: str = "loopback"
    scenario: Path | None = None
    seed: int = 1
    venues: str = ""
    base: str = "ETH"
    record_frames: bool = False
    truth: Path | None = None


def _own_plan(own: Own, out: Path, run_ms: float, label: str | None) -> ShadowPlan:
    import sys

    from connectors.venues import venues
    from toolkit.cli.venues import parse_asset, read_scenario
    from toolkit.smoke.plan import Feed, ShadowPlan

    known = venues()
    if own.feed not in list(Feed):
        raise UsageError(f"--feed {own.feed}: write one of {', '.join(Feed)}")
    names = [name.strip() for name in own.venues.split(",") if name.strip()] or list(known)
    if unknown := sorted(set(names) - known.keys()):
        raise UsageError(f"--venues {unknown[0]}: write one or more of {', '.join(known)}")
    if own.feed == Feed.LIVE and (own.scenario or own.truth):
        raise UsageError("--scenario and --truth are of simulated venues; leave them out with --feed live")
    return ShadowPlan(
        argv=("toolkit", *sys.argv[1:]),
        out=out,
        run_ms=round(run_ms),
        venues={name: venue for name, venue in known.items() if name in names},
        feed=Feed(own.feed),
        scenario=read_scenario(own.scenario, list(known)),
        seed=own.seed,
        base=parse_asset(own.base),
        record_frames=own.record_frames,
        truth=own.truth,
        label=label,
    )


def _run_own(plan: ShadowPlan, quiet: bool) -> RunMeta:
    import os

    from toolkit.smoke.live_run import run_connectors
    from toolkit.smoke.outcome import outcome_sentence

    if not quiet:
        note(f"{plan.source}; recording into {plan.out}; Ctrl-C stops the run and keeps it")
    mark = "SIMULATED " if plan.simulated else ""
    with progress_line(quiet) as line:
        run = run_connectors(plan, dict(os.environ), lambda ms, venues: line(f"{mark}{_venues(plan, ms, venues)}"))
    if not quiet:
        note(f"{mark}{outcome_sentence(run)}")
    return run


def _venues(plan: ShadowPlan, elapsed_ms: float, venues: Mapping[str, str]) -> str:
    return f"{duration(elapsed_ms)} of {duration(plan.run_ms)}: " + ", ".join(
        f"{name} {word}" for name, word in venues.items()
    )


def _run(plan: SupervisionPlan, quiet: bool) -> RunMeta:
    import os

    from toolkit.smoke.outcome import outcome_sentence
    from toolkit.smoke.supervisor import supervise

    if not quiet:
        note(f"recording into {plan.out}; Ctrl-C stops the run and keeps it")
    with progress_line(quiet) as line:
        run = supervise(plan, dict(os.environ), lambda running, ms: line(_progress(plan, running, ms)))
    if not quiet:
        note(outcome_sentence(run))
    return run


def _progress(plan: SupervisionPlan, running: bool, elapsed_ms: float) -> str:
    if running:
        return f"running {duration(elapsed_ms)} of {duration(plan.limits.run_ms)}"
    return f"waiting for the first telemetry, {duration(elapsed_ms)}"


def _concluded(out: Path, run: RunMeta, db: str) -> ExitCode:
    """Print what happened and what the gate says of it, and give the exit code."""
    from toolkit.model.vocabulary import GateVerdict
    from toolkit.smoke.outcome import exit_code

    try:
        verdict = _judged(out, run, db)
    except ToolkitError as error:
        # What befell the run is said even where its files give nothing, or the store cannot be had.
        verdict, code = GateVerdict.INCONCLUSIVE, exit_code(run, GateVerdict.INCONCLUSIVE)
        if code is ExitCode.INCONCLUSIVE:
            raise
        note(str(error))
    except KeyboardInterrupt:
        note(f"the run is kept; `toolkit analyze {out}` says what happened")
        raise
    emit(f"run directory: {out}")
    return exit_code(run, verdict)


def _judged(out: Path, run: RunMeta, db: str) -> GateVerdict:
    from reports.gate_view import gate_summary_text
    from reports.run_pages import summary
    from toolkit.analysis.metrics import catalogue
    from toolkit.analysis.pipeline import Options, analyze
    from toolkit.gate import evaluate
    from toolkit.gate.gate_files import load_gate
    from toolkit.smoke.known_settings import known_settings

    analysis = analyze([str(out)], db, Options(run.label, run.requested_ms, known_settings=known_settings))
    emit(summary(analysis, run.label or out.name, "text"))
    gate = load_gate(GATE, catalogue())
    result = evaluate(gate.rules, analysis, None, gate.name, gate.never_seen)
    emit(f"\n{gate_summary_text(result, analysis)}\n")
    return result.verdict
