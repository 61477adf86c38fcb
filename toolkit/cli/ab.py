"""`toolkit ab`: two builds, or two settings of our connectors, side by side at the same time, and the document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.output import emit, note
from toolkit.cli.progress import TELEMETRY_READ, byte_progress, progress_line
from toolkit.cli.compare import analysis_options
from toolkit.cli.report import (
    AssetsOption,
    CommentOption,
    HtmlOption,
    MarkerOption,
    Outputs,
    QuietOption,
    RepoOption,
    SpecOption,
    read_stated,
    report_argv,
    write_documents,
)
from toolkit.model.errors import ExitCode
from toolkit.model.evidence import Answer
from toolkit.model.units import duration
from toolkit.model.vocabulary import OFF_MARKET_BPS, Design, Verdict

if TYPE_CHECKING:
    from toolkit.model.comparisons import RunComparison
    from toolkit.cli.pair_sides import PairRequest
    from toolkit.model.evidence import Evidence, Specification
    from toolkit.model.recorded.run_meta import RunMeta
    from toolkit.smoke.pair.plan import PairPlan


class FailOn(StrEnum):
    """Result that makes the exit code 1."""

    REGRESSION = "regression"
    UNPROVEN = "unproven"
    NOTHING = "nothing"


class PairFormat(StrEnum):
    """Form of what is printed: the answer, or the comparison for programs."""

    TEXT = "text"
    JSON = "json"


PairCommands = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- CMD_A… --- CMD_B…]", help="Run these two programs; {out} in one becomes its run directory."
    ),
]
SettingsA = Annotated[
    list[str] | None,
    typer.Option("--a", metavar="NAME=VALUE", help="A setting of our connectors on side a; may be repeated."),
]
SettingsB = Annotated[
    list[str] | None,
    typer.Option("--b", metavar="NAME=VALUE", help="A setting of our connectors on side b; may be repeated."),
]
PairOutOption = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="Directory to create: runs in DIR/a and DIR/b, the document beside.")
]
PairSeedOption = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Seed of the order of start and of the simulated market; default: drawn."),
]
DocumentOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="File of the document; default: DIR/evidence.md.")
]
ConfirmOption = Annotated[
    bool, typer.Option("--confirm", help="Call a regression only where a second, fresh pair shows it too.")
]
FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on", help="Exit with 1 on a regression, or (unproven) unless the improvement or hypotheses are shown."
    ),
]


def ab(
    commands: PairCommands = None,
    minutes: opt.MinutesOption = 10,
    out: PairOutOption = Path("ab"),
    settings_a: SettingsA = None,
    settings_b: SettingsB = None,
    feed: opt.FeedOption = "loopback",
    scenario: opt.ScenarioOption = None,
    seed: PairSeedOption = None,
    venues: opt.VenuesOption = "",
    profile: opt.ProfileOption = None,
    build_minutes: opt.BuildMinutesOption = 60,
    grace: opt.GraceOption = 10,
    spec: SpecOption = None,
    repo: RepoOption = None,
    output: DocumentOption = None,
    html: HtmlOption = None,
    comment: CommentOption = None,
    marker: MarkerOption = "ab",
    assets: AssetsOption = None,
    fail_on: FailOnOption = FailOn.NOTHING,
    db: opt.DbOption = opt.DEFAULT_DB,
    format: Annotated[PairFormat, typer.Option("--format", help="What is printed.")] = PairFormat.TEXT,
    quiet: QuietOption = False,
) -> int:
    """Run two builds, or two settings of our connectors, at the same time, and write the evidence document.

    Both sides start and end at the same moment, in random order, each in a process of its own; our connectors share
    one set of simulated venues.

    The exit code is the first that applies: 130 interrupted, 5 a run was blocked or died, 1 --fail-on, 4 nothing can be
    compared, 0 otherwise.
    """
    from toolkit.cli.pair_sides import PairRequest, drawn_seed, names_under_test, pair_sides
    from toolkit.evidence.document import document_answer
    from toolkit.model.serialize import comparison_json
    from toolkit.smoke.pair.plan import PairPlan

    specification = read_stated(spec, repo, diff=False)
    request = PairRequest(minutes, feed, scenario, drawn_seed(seed), venues, profile, build_minutes, grace)
    sides = pair_sides(request, commands, (settings_a, settings_b), out)
    under_test = names_under_test(sides)
    metas = _run(PairPlan.of(sides, request.seed, under_test), request, quiet)
    comparison = _compare(out, db, quiet)
    document = output or out / "evidence.md"
    chosen = {"spec": spec, "repo": repo, "html": html, "comment": comment, "assets": assets}
    evidence = _assemble(comparison, out, document, specification, repo, chosen)
    write_documents(evidence, (str(out / "a"), str(out / "b")), Outputs(document, html, comment, assets, marker))
    if format is PairFormat.JSON:
        emit(comparison_json(comparison))
    elif not quiet:
        emit(f"{document_answer(evidence)}\n{document}")
    return _exit_code(metas.values(), evidence, fail_on)


def _run(plan: PairPlan, request: PairRequest, quiet: bool) -> dict[str, RunMeta]:
    """Make the pair of runs, with notes and a progress line on stderr."""
    from toolkit.smoke.outcome import outcome_sentence
    from toolkit.smoke.pair.pair_run import run_pair

    def tell(side: str, text: str) -> None:
        if not quiet:
            note(f"{side}: {text}")

    run_ms = request.run_ms
    if not quiet:
        first, second = plan.order
        note(f"{plan.description}; seed {plan.seed}: {first} starts first, then {second}; Ctrl-C stops both and keeps them")
    with progress_line(quiet) as line:
        metas = run_pair(plan, lambda ms: line(f"{duration(ms)} of {duration(run_ms)}"), tell)
    for side, meta in metas.items():
        tell(side, outcome_sentence(meta))
    return metas


def _compare(out: Path, db: str, quiet: bool) -> RunComparison:
    """Analyse both runs and compare them: as a pair where they ran at the same time to their end, else run by run."""
    from toolkit.analysis.pipeline import analyze
    from toolkit.comparison import rows
    from toolkit.comparison.conditions.overlap import reason_not_paired
    from toolkit.model.runs import WHOLE_RUN

    options = analysis_options(None, WHOLE_RUN, None, OFF_MARKET_BPS, pictures=True)
    with byte_progress(quiet, TELEMETRY_READ) as progress:
        before, after = (analyze([str(out / side)], db, options, progress) for side in ("a", "b"))
    reason = reason_not_paired(before, after)
    if reason is not None and not quiet:
        note(f"not compared as a pair: {reason}")
    return rows.compare_runs([before], [after], options.known_settings, paired=reason is None)


def _assemble(
    comparison: RunComparison,
    out: Path,
    document: Path,
    specification: Specification | None,
    repo: Path | None,
    chosen: Mapping[str, object],
) -> Evidence:
    from toolkit.evidence.assemble import Sources, assemble

    paths = str(out / "a"), str(out / "b")
    paired = comparison.method["design"] == Design.PAIRED
    argv = report_argv(([paths[0]], [paths[1]]), document, {"paired": paired, **chosen})
    return assemble(comparison, ("a", "b"), argv, Sources(paths, specification, repo))


def _exit_code(metas: Iterable[RunMeta], evidence: Evidence, fail_on: FailOn) -> ExitCode:
    from toolkit.smoke.outcome import died
    from toolkit.smoke.stop_policy import StoppedBy

    metas = list(metas)
    if any(meta.stopped_by == StoppedBy.INTERRUPT for meta in metas):
        return ExitCode.INTERRUPTED
    if any(died(meta) for meta in metas):
        return ExitCode.RUN_BLOCKED
    if _fails(evidence, fail_on):
        return ExitCode.FAILED
    return ExitCode.OK if evidence.comparison.comparable else ExitCode.INCONCLUSIVE


def _fails(evidence: Evidence, fail_on: FailOn) -> bool:
    verdicts = {row.verdict for row in evidence.comparison.rows}
    answers = {each.answer for each in evidence.answers}
    if fail_on is FailOn.NOTHING:
        return False
    if Verdict.REGRESSED in verdicts or Answer.NOT_SUPPORTED in answers:
        return True
    shown = answers <= {Answer.SUPPORTED, Answer.UNCHANGED} if answers else Verdict.IMPROVED in verdicts
    return fail_on is FailOn.UNPROVEN and not shown
