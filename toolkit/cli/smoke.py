"""`toolkit smoke`: make a run with the shadow connectors or another producer, then analyse and gate it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli import options as opt
from toolkit.cli.output import emit, emit_page, note
from toolkit.cli.progress import progress_line
from toolkit.model.errors import ExitCode, ToolkitError, UsageError
from toolkit.model.units import duration

if TYPE_CHECKING:
    from toolkit.model.recorded.run_meta import RunMeta
    from toolkit.model.vocabulary import GateVerdict
    from toolkit.smoke.plan import ShadowPlan
    from toolkit.smoke.supervisor import SupervisionPlan

GATE = "frontier"
"""The gate that every run is checked against."""


def smoke(
    command: opt.ProducerCommand = None,
    minutes: opt.MinutesOption = 10,
    out: opt.OutOption = None,
    profile: opt.ProfileOption = None,
    label: opt.LabelOption = None,
    build_minutes: opt.BuildMinutesOption = 60,
    grace: opt.GraceOption = 10,
    feed: opt.FeedOption = "loopback",
    scenario: opt.ScenarioOption = None,
    seed: opt.SeedOption = 1,
    venues: opt.VenuesOption = "",
    base: opt.BaseOption = "ETH",
    record_frames: opt.RecordFramesOption = False,
    truth: opt.TruthOption = None,
    repeat: opt.RepeatOption = 1,
    db: opt.DbOption = opt.DEFAULT_DB,
    quiet: opt.QuietOption = False,
) -> int:
    """Make a run with the shadow connectors, then analyse and gate it.

    Five connectors read market data for the given time (no orders) and leave a run directory. With CMD, that program
    is run and recorded instead.

    The exit code is the first that applies: 130 interrupted, 5 a run was blocked or died, 1 gate FAIL, 4 gate
    INCONCLUSIVE, 0 otherwise.
    """
    from toolkit.smoke.outcome import worst_exit_code

    run_ms = milliseconds("--minutes", minutes, 60_000)
    options = ConnectorOptions(feed, scenario, seed, venues, base, record_frames, truth)
    directories = _run_directories(out, repeat)
    if not command:
        if profile is not None:
            raise UsageError("--profile applies to another producer: write its command after `--`, or leave it out")
        if truth is not None and repeat > 1:
            raise UsageError("--truth applies to one run; leave it out with --repeat")
        plans = [connector_plan(options, each, run_ms, label) for each in directories]
        return worst_exit_code(_conclude(plan.out, _run_connectors(plan, quiet), db) for plan in plans)
    if options != ConnectorOptions():
        raise UsageError("a command has its own feed: leave out --feed, --scenario, --seed, --venues and the like")
    limits = run_ms, milliseconds("--build-minutes", build_minutes, 60_000), milliseconds("--grace", grace, 1_000)
    supervised = [_supervision_plan(command, each, limits, profile, label) for each in directories]
    return worst_exit_code(_conclude(plan.out, _supervise(plan, quiet), db) for plan in supervised)


@dataclass(frozen=True, slots=True)
class ConnectorOptions:
    """The options that apply to the connectors only, as given on the command line."""

    feed: str = "loopback"
    scenario: Path | None = None
    seed: int = 1
    venues: str = ""
    base: str = "ETH"
    record_frames: bool = False
    truth: Path | None = None


def milliseconds(option: str, value: float, unit_ms: int) -> float:
    """Return a time in ms. Raises `UsageError` unless it is finite and above 0."""
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{option} {value:g}: write a time above 0")
    return value * unit_ms


def _run_directories(out: Path | None, repeat: int) -> list[Path]:
    """Return one directory per run. Raises `InputError` if one of them holds a run already."""
    from toolkit.host.machine import now_ms
    from toolkit.smoke.run_directory import check_free, default_out

    parent = out or default_out(now_ms())
    directories = [parent] if repeat == 1 else [parent / str(number) for number in range(1, repeat + 1)]
    for each in directories:
        check_free(each)
    return directories


def connector_plan(options: ConnectorOptions, out: Path, run_ms: float, label: str | None) -> ShadowPlan:
    """Return the plan of one run of the connectors. Raises `UsageError` or `InputError` for an invalid option."""
    import sys

    from connectors.venues import venues
    from toolkit.cli.venues import parse_asset, read_scenario
    from toolkit.smoke.plan import Feed, ShadowPlan

    known = venues()
    if options.feed not in list(Feed):
        raise UsageError(f"--feed {options.feed}: no such feed; write one of {', '.join(Feed)}")
    names = [name.strip() for name in options.venues.split(",") if name.strip()] or list(known)
    if unknown := sorted(set(names) - known.keys()):
        raise UsageError(f"--venues {unknown[0]}: no such venue; write one or more of {', '.join(known)}")
    if options.feed == Feed.LIVE and (options.scenario or options.truth):
        raise UsageError("--scenario and --truth apply to simulated venues; leave them out with --feed live")
    return ShadowPlan(
        argv=("toolkit", *sys.argv[1:]),
        out=out,
        run_ms=round(run_ms),
        venues={name: venue for name, venue in known.items() if name in names},
        feed=Feed(options.feed),
        scenario=read_scenario(options.scenario, list(known)),
        seed=options.seed,
        base=parse_asset(options.base),
        record_frames=options.record_frames,
        truth=options.truth,
        label=label,
    )


def _supervision_plan(
    command: list[str], out: Path, limits_ms: tuple[float, float, float], profile: str | None, label: str | None
) -> SupervisionPlan:
    """Return the plan of one run of another producer; `limits_ms` are the run, build and grace time."""
    from toolkit.smoke.stop_policy import TimeLimits
    from toolkit.smoke.supervisor import SupervisionPlan

    return SupervisionPlan(tuple(command), out, TimeLimits(*limits_ms), profile, label)


def _run_connectors(plan: ShadowPlan, quiet: bool) -> RunMeta:
    """Run the connectors, with notes and a progress line on stderr."""
    import os

    from toolkit.smoke.live_run import run_connectors, with_redirection
    from toolkit.smoke.outcome import outcome_sentence

    plan = with_redirection(plan, os.environ)
    mark = "SIMULATED " if plan.simulated else ""
    with progress_line(quiet) as line:
        run = run_connectors(
            plan,
            dict(os.environ),
            lambda ms, states: line(f"{mark}{_venue_progress(plan, ms, states)}"),
            lambda text: None if quiet else note(text),
        )
    if not quiet:
        note(f"{'SIMULATED ' if run.simulated else ''}{outcome_sentence(run)}")
    return run


def _venue_progress(plan: ShadowPlan, elapsed_ms: float, states: Mapping[str, str]) -> str:
    return f"{duration(elapsed_ms)} of {duration(plan.run_ms)}: " + ", ".join(
        f"{name} {state}" for name, state in states.items()
    )


def _supervise(plan: SupervisionPlan, quiet: bool) -> RunMeta:
    """Run another producer, with notes and a progress line on stderr."""
    import os

    from toolkit.smoke.outcome import outcome_sentence
    from toolkit.smoke.supervisor import supervise

    with progress_line(quiet) as line:
        run = supervise(
            plan,
            dict(os.environ),
            lambda running, ms: line(_producer_progress(plan, running, ms)),
            lambda text: None if quiet else note(text),
        )
    if not quiet:
        note(outcome_sentence(run))
    return run


def _producer_progress(plan: SupervisionPlan, running: bool, elapsed_ms: float) -> str:
    if running:
        return f"running {duration(elapsed_ms)} of {duration(plan.limits.run_ms)}"
    return f"waiting for the first telemetry, {duration(elapsed_ms)}"


def _conclude(out: Path, run: RunMeta, db: str) -> ExitCode:
    """Analyse and gate the run, print both, and return the exit code."""
    from toolkit.model.vocabulary import GateVerdict
    from toolkit.smoke.outcome import exit_code

    try:
        verdict = _analyze_and_gate(out, run, db)
    except ToolkitError as error:
        # An interrupted, blocked or dead run keeps its own exit code if its files or the store cannot be used.
        verdict, code = GateVerdict.INCONCLUSIVE, exit_code(run, GateVerdict.INCONCLUSIVE)
        if code is ExitCode.INCONCLUSIVE:
            raise
        note(str(error))
    except KeyboardInterrupt:
        note(f"the run is kept; `toolkit analyze {out}` analyses it")
        raise
    emit(f"run directory: {out}")
    return exit_code(run, verdict)


def _analyze_and_gate(out: Path, run: RunMeta, db: str) -> GateVerdict:
    from reports.run_pages import summary
    from reports.views.gate import gate_summary_text
    from toolkit.analysis.metrics import catalogue
    from toolkit.analysis.pipeline import Options, analyze
    from toolkit.gate import evaluate
    from toolkit.gate.gate_files import load_gate
    from toolkit.smoke.known_settings import known_settings

    analysis = analyze([str(out)], db, Options(run.label, run.requested_ms, known_settings=known_settings))
    emit_page(summary(analysis, run.label or out.name, "text"), "text")
    gate = load_gate(GATE, catalogue())
    result = evaluate(gate.rules, analysis, None, gate.name, gate.never_seen)
    emit_page(f"\n{gate_summary_text(result, analysis)}\n", "text")
    return result.verdict
