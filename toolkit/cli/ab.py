"""`toolkit ab`: two builds, or two settings of our connectors, side by side at the same time, and the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.compare import analysis_options
from toolkit.cli.output import emit, note
from toolkit.cli.progress import TELEMETRY_READ, byte_progress, progress_line
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
from toolkit.model.runs import WHOLE_RUN
from toolkit.model.units import duration
from toolkit.model.vocabulary import OFF_MARKET_BPS, Design, Verdict

if TYPE_CHECKING:
    from toolkit.model.comparisons import RunComparison
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
    Path,
    typer.Option("--out", metavar="DIR", help="Directory to create: runs in DIR/a and DIR/b, the document beside."),
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
    confirm: ConfirmOption = False,
    fail_on: FailOnOption = FailOn.NOTHING,
    gates: opt.GatesOption = "frontier",
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
    from toolkit.evidence.confirmation import confirmed, regressions
    from toolkit.evidence.document import document_answer
    from toolkit.model.serialize import comparison_json
    from toolkit.smoke.pair.plan import PairPlan

    specification = read_stated(spec, repo, diff=False)
    request = PairRequest(minutes, feed, scenario, drawn_seed(seed), venues, profile, build_minutes, grace)
    sides = pair_sides(request, commands, (settings_a, settings_b), out)
    under_test = names_under_test(sides)
    _check_gate(gates)
    maker = _PairMaker(out, db, quiet, gates, specification)
    metas = maker.run(PairPlan.of(sides, request.seed, under_test), request.run_ms)
    document = output or out / "evidence.md"
    chosen = {"spec": spec, "repo": repo, "html": html, "comment": comment, "assets": assets}
    evidence = maker.evidence(document, repo, chosen)
    if confirm and not _exit_code(metas, evidence, FailOn.NOTHING) and regressions(evidence):
        fresh = _PairMaker(out / "confirm", db, quiet, gates, specification)
        again = pair_sides(replace(request, seed=request.seed + 1), commands, (settings_a, settings_b), fresh.out)
        metas += fresh.run(PairPlan.of(again, request.seed + 1, under_test), request.run_ms)
        evidence = confirmed(evidence, fresh.evidence(document, None, chosen))
    write_documents(evidence, maker.paths, Outputs(document, html, comment, assets, marker))
    if format is PairFormat.JSON:
        emit(comparison_json(evidence.comparison))
    elif not quiet:
        emit(f"{document_answer(evidence)}\n{document}")
    return _exit_code(metas, evidence, fail_on)


def _check_gate(gate: str) -> None:
    """Raise `UsageError` or `InputError` for a gate that cannot be used, before anything runs."""
    from toolkit.analysis.metrics import catalogue
    from toolkit.gate.gate_files import load_gate

    load_gate(gate, catalogue())


@dataclass(frozen=True, slots=True)
class _PairMaker:
    """Makes one pair of runs in the directory `out`, and the evidence about it."""

    out: Path
    db: str
    quiet: bool
    gate: str
    specification: Specification | None

    @property
    def paths(self) -> tuple[str, str]:
        """Paths of the runs of side a and side b."""
        return str(self.out / "a"), str(self.out / "b")

    def run(self, plan: PairPlan, run_ms: float) -> list[RunMeta]:
        """Make the runs, with notes and a progress line on stderr."""
        from toolkit.smoke.outcome import outcome_sentence
        from toolkit.smoke.pair.pair_run import run_pair

        first, second = plan.order
        self._note(
            f"{plan.description}, recording into {self.out}; seed {plan.seed}: {first} starts first, then {second}; "
            "Ctrl-C stops both runs and keeps them"
        )
        with progress_line(self.quiet) as line:
            metas = run_pair(
                plan,
                lambda ms: line(f"{duration(ms)} of {duration(run_ms)}"),
                lambda side, text: self._note(f"{side}: {text}"),
            )
        for side, meta in metas.items():
            self._note(f"{side}: {outcome_sentence(meta)}")
        return list(metas.values())

    def _note(self, text: str) -> None:
        if not self.quiet:
            note(text)

    def evidence(self, document: Path, repo: Path | None, chosen: Mapping[str, object]) -> Evidence:
        """Analyse and compare both runs; `chosen` are the options that make the document again."""
        from toolkit.evidence.assemble import Sources, assemble

        comparison = self._compare()
        argv = report_argv(
            ([self.paths[0]], [self.paths[1]]),
            document,
            {"paired": comparison.method["design"] == Design.PAIRED, **chosen},
        )
        sources = Sources(self.paths, self.specification, repo, gate=self.gate)
        return assemble(comparison, ("a", "b"), argv, sources)

    def _compare(self) -> RunComparison:
        from toolkit.analysis.pipeline import analyze
        from toolkit.comparison.side_by_side import compare_side_by_side

        options = analysis_options(None, WHOLE_RUN, None, OFF_MARKET_BPS, pictures=True)
        with byte_progress(self.quiet, TELEMETRY_READ) as progress:
            before, after = (analyze([path], self.db, options, progress) for path in self.paths)
        comparison = compare_side_by_side(before, after, options.known_settings)
        if "not_paired" in comparison.method:
            self._note(f"not compared as a pair: {comparison.method['not_paired']}")
        return comparison


def _exit_code(metas: Sequence[RunMeta], evidence: Evidence, fail_on: FailOn) -> ExitCode:
    from toolkit.smoke.outcome import died
    from toolkit.smoke.stop_policy import StoppedBy

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
