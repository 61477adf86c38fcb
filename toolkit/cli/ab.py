"""`toolkit ab`: two builds, or two settings of our connectors, side by side at the same time, and the document."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.compare import relative_path
from toolkit.cli.output import emit, note
from toolkit.cli.report import (
    GATE,
    AssetsOption,
    CommentOption,
    HtmlOption,
    MarkerOption,
    Outputs,
    QuietOption,
    RepoOption,
    SpecOption,
    read_stated,
    write_documents,
)
from toolkit.model.errors import ExitCode, ToolkitError
from toolkit.model.evidence import Answer
from toolkit.model.vocabulary import Verdict

if TYPE_CHECKING:
    from toolkit.cli.pair_maker import PairMaker
    from toolkit.model.evidence import Evidence
    from toolkit.model.recorded.run_meta import RunMeta


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
    gates: opt.GatesOption = GATE,
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
    from toolkit.cli.pair_maker import PairMaker, exit_code_of_runs
    from toolkit.cli.pair_sides import PairRequest, drawn_seed
    from toolkit.evidence.document import document_answer
    from toolkit.model.serialize import comparison_json

    chosen: dict[str, object] = {"spec": spec, "repo": repo, "html": html, "assets": assets}
    chosen["gates"] = None if gates == GATE else gates
    request = PairRequest(
        minutes, feed, scenario, drawn_seed(seed), venues, profile, build_minutes, grace, tuple(commands or ()),
        (tuple(settings_a or ()), tuple(settings_b or ())),
    )  # fmt: skip
    document = output or out / "evidence.md"
    maker = PairMaker(request, document, db, quiet, gates, read_stated(spec, repo, diff=False), repo, chosen)
    outputs = Outputs(document, html, comment, assets, marker)
    metas = maker.run(out)
    try:
        evidence = maker.evidence(out)
    except ToolkitError as error:
        # Interrupted, blocked or dead runs keep their own exit code if their files or the store cannot be used.
        if (code := exit_code_of_runs(metas)) is ExitCode.OK:
            raise
        note(f"{error}; the runs are kept in {out}")
        return code
    if confirm and exit_code_of_runs(metas) is ExitCode.OK:
        evidence, again = _with_confirmation(maker, evidence, out, outputs)
        metas = [*metas, *again]
    write_documents(evidence, maker.sides(out), outputs)
    if format is PairFormat.JSON:
        emit(comparison_json(evidence.comparison))
    elif not quiet:
        emit(f"{document_answer(evidence)}\n{document}")
    return _exit_code(metas, evidence, fail_on)


def _with_confirmation(
    maker: PairMaker, first: Evidence, out: Path, outputs: Outputs
) -> tuple[Evidence, list[RunMeta]]:
    """Run a second, fresh pair if the first shows a regression; return the evidence of both, and its records."""
    from toolkit.evidence.confirmation import confirmed, regressions

    if not regressions(first):
        return first, []
    fresh = out / "confirm"
    first = replace(first, argv=(*first.argv, "--confirmed-by", relative_path(str(fresh))))
    # Written now, so that the document is there whatever becomes of the second pair.
    write_documents(confirmed(first, None), maker.sides(out), outputs)
    metas, second = maker.run(fresh, seed_step=1), None
    try:
        second = maker.evidence(fresh)
    except ToolkitError as error:
        note(f"{error}; the fresh pair confirms nothing")
    return confirmed(first, second), metas


def _exit_code(metas: Sequence[RunMeta], evidence: Evidence, fail_on: FailOn) -> ExitCode:
    from toolkit.cli.pair_maker import exit_code_of_runs
    from toolkit.evidence.confirmation import regressions

    if (code := exit_code_of_runs(metas)) is not ExitCode.OK:
        return code
    verdicts, answers = {row.verdict for row in evidence.comparison.rows}, {each.answer for each in evidence.answers}
    if is_failure(fail_on, regressions(evidence), verdicts, answers):
        return ExitCode.FAILED
    return ExitCode.OK if evidence.comparison.comparable else ExitCode.INCONCLUSIVE


def is_failure(
    fail_on: FailOn, worse: Collection[str], verdicts: Collection[Verdict], answers: Collection[Answer]
) -> bool:
    """Return whether a result is what `fail_on` names.

    `worse` are the figures that got worse. An improvement is shown by any figure where there are no hypotheses.
    """
    if fail_on is FailOn.NOTHING or worse:
        return fail_on is not FailOn.NOTHING
    shown = set(answers) <= {Answer.SUPPORTED, Answer.UNCHANGED} if answers else Verdict.IMPROVED in verdicts
    return fail_on is FailOn.UNPROVEN and not shown
