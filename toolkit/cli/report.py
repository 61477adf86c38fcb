"""`toolkit report`: the before/after evidence document for a pull request."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.boundary.whole_files import write_whole
from toolkit.cli.compare import (
    After,
    Afters,
    Before,
    Befores,
    Paired,
    analysis_options,
    compare_runs,
    paired_paths,
    relative_path,
    run_arguments,
    side_name,
)
from toolkit.cli.output import emit, note
from toolkit.model.errors import UsageError
from toolkit.model.vocabulary import OFF_MARKET_BPS

if TYPE_CHECKING:
    from toolkit.model.comparisons import RunComparison
    from toolkit.model.evidence import Evidence, Specification

GATE = "frontier"
"""The gate that both sides are held against."""
MARKER = "toolkit-evidence"
"""Beginning of the hidden line by which a workflow finds its comment."""
_OF_PAGES = (".html", ".htm")


HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Also write the document as a page, with pictures and all figures."),
]
CommentOption = Annotated[
    Path | None, typer.Option("--comment", metavar="FILE", help="Also write the comment for the pull request.")
]
MarkerOption = Annotated[
    str,
    typer.Option(
        "--marker",
        envvar="GITHUB_WORKFLOW",
        metavar="NAME",
        help="Name in the comment's hidden first line, by which a workflow finds and replaces its own comment.",
    ),
]
AssetsOption = Annotated[
    Path | None,
    typer.Option("--assets", metavar="DIR", help="Write the pictures as SVG files into DIR and show them."),
]
SpecOption = Annotated[
    Path | None,
    typer.Option("--spec", metavar="FILE", help="What people state: hypotheses, citations, checks (evidence.toml)."),
]
InitOption = Annotated[
    Path | None,
    typer.Option("--init", metavar="FILE", help="Write a template of evidence.toml for these runs, and stop."),
]
RepoOption = Annotated[
    Path | None, typer.Option("--repo", metavar="DIR", help="Checkout in which citations and commits are checked.")
]
ConfirmedByOption = Annotated[
    Path | None,
    typer.Option(
        "--confirmed-by",
        metavar="DIR",
        help="Call a regression only where the fresh pair DIR/a and DIR/b shows it too.",
    ),
]
DiffOption = Annotated[
    bool, typer.Option("--diff", help="With --repo: list the files changed from base to head that are not cited.")
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print no progress; with -o, do not print the answer.")
]


def report(
    before: Before = None,
    after: After = None,
    befores: Befores = None,
    afters: Afters = None,
    paired: Paired = False,
    output: opt.OutputOption = None,
    html: HtmlOption = None,
    comment: CommentOption = None,
    marker: MarkerOption = "report",
    assets: AssetsOption = None,
    spec: SpecOption = None,
    init: InitOption = None,
    confirmed_by: ConfirmedByOption = None,
    gates: opt.GatesOption = GATE,
    repo: RepoOption = None,
    diff: DiffOption = False,
    db: opt.DbOption = opt.DEFAULT_DB,
    requested: opt.RequestedOption = None,
    segment: opt.SegmentOption = None,
    last: opt.LastOption = None,
    since_tick: opt.SinceTickOption = None,
    until_tick: opt.UntilTickOption = None,
    plateau: opt.PlateauOption = None,
    off_market: opt.OffMarketOption = OFF_MARKET_BPS,
    quiet: QuietOption = False,
) -> int:
    """Write the before/after evidence document for a pull request.

    It compares two runs, or several a side (--before A --before B --after C …). For a run that was blocked, it has the
    diagnosis instead of figures. With -o, the answer and the path of the document are printed.
    """
    from toolkit.evidence.assemble import Sources, assemble
    from toolkit.evidence.confirmation import confirmed
    from toolkit.evidence.document import document_answer

    specification = read_stated(spec, repo, diff)
    window = opt.window(segment, last, since_tick, until_tick)
    options = analysis_options(requested, window, plateau, off_market, pictures=True)
    sides = paired_paths(before, after, befores, afters)
    comparison = compare_runs(*sides, db, options, quiet, paired=paired)
    names = (side_name(sides[0]), side_name(sides[1]))
    if init is not None:
        return _write_template(comparison, names, init)
    chosen = {
        "paired": paired, "html": html, "assets": assets, "spec": spec, "repo": repo, "diff": diff,
        "requested": requested, "segment": segment, "last": last, "since-tick": since_tick, "until-tick": until_tick,
        "plateau": plateau, "off-market": None if off_market == OFF_MARKET_BPS else off_market,
        "gates": None if gates == GATE else gates, "confirmed-by": confirmed_by,
    }  # fmt: skip
    argv = report_argv(sides, output, chosen)
    evidence = assemble(comparison, names, argv, Sources((*sides[0], *sides[1]), specification, repo, diff, gates))
    if confirmed_by is not None:
        fresh = [str(confirmed_by / "a")], [str(confirmed_by / "b")]
        second = assemble(compare_runs(*fresh, db, options, quiet), names, argv, Sources(specification=specification))
        evidence = confirmed(evidence, second)
    write_documents(evidence, sides, Outputs(output, html, comment, assets, marker))
    if output is not None and not quiet:
        emit(f"{document_answer(evidence)}\n{output}")
    if output is not None and output.suffix in _OF_PAGES:
        note(f"{output} holds the document in Markdown; --html FILE writes it as a page")
    return 0


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files that receive the forms of a document; None leaves a form out, or prints the document itself."""

    document: Path | None
    html: Path | None = None
    comment: Path | None = None
    assets: Path | None = None
    marker: str = "report"


def write_documents(evidence: Evidence, runs: tuple[Sequence[str], Sequence[str]], outputs: Outputs) -> None:
    """Write the document in each form asked for; `runs` are the paths of the runs of each side, for quoted lines."""
    from toolkit.evidence.document import evidence_comment, evidence_document
    from toolkit.evidence.page import evidence_page, paths_by_run

    assets = outputs.assets
    pictures = _write_pictures(evidence, assets, outputs.document) if assets is not None else {}
    emit(evidence_document(evidence, pictures=pictures), outputs.document)
    if outputs.html is not None:
        emit(evidence_page(evidence, paths_by_run(*runs)), outputs.html)
    if outputs.comment is not None:
        emit(evidence_comment(evidence, f"{MARKER}:{outputs.marker}"), outputs.comment)


def read_stated(spec: Path | None, repo: Path | None, diff: bool) -> Specification | None:
    """Return what people state. A mistake in it is named before the runs are analysed."""
    from toolkit.evidence.specification import read_specification

    check_repository_options(spec, repo, diff)
    return None if spec is None else read_specification(spec)


def check_repository_options(spec: Path | None, repo: Path | None, diff: bool) -> None:
    """Raise `UsageError` for an option that needs another one."""
    if repo is not None and spec is None:
        raise UsageError("--repo checks the citations of a specification; name it with --spec evidence.toml")
    if diff and repo is None:
        raise UsageError("--diff lists changed files of a repository; name it with --repo DIR")


def _write_pictures(evidence: Evidence, assets: Path, output: Path | None) -> dict[str, str]:
    """Write the pictures, and return the path of each from the folder of the document, by file name."""
    from urllib.parse import quote

    from toolkit.evidence.document import evidence_pictures

    folder = output.parent if output is not None else Path()
    paths = {}
    for name, content in evidence_pictures(evidence).items():
        write_whole(assets / name, content)
        paths[name] = quote(Path(os.path.relpath(assets / name, folder)).as_posix())
    return paths


def _write_template(comparison: RunComparison, names: tuple[str, str], init: Path) -> int:
    from toolkit.evidence.template import specification_template

    if init.exists():
        raise UsageError(f"--init {init}: the file exists; name another one")
    emit(specification_template(comparison, names), init)
    emit(f"{init}\nfill it in, then: toolkit report … --spec {init}")
    return 0


def report_argv(
    sides: tuple[Sequence[str], Sequence[str]], output: Path | None, chosen: Mapping[str, object]
) -> list[str]:
    """Return the command that writes the same document again; `--db` does not change it and is left out."""
    options = [word for name, value in chosen.items() for word in _words(name, value)]
    destination = ["-o", relative_path(str(output))] if output else []
    return ["toolkit", "report", *run_arguments(*sides), *destination, *options]


def _words(name: str, value: object) -> list[str]:
    """Return an option and its value: a flag has none, a list repeats it, and what was not given is left out."""
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    if isinstance(value, list):
        return [word for each in value for word in _words(name, each)]
    return [f"--{name}", relative_path(str(value)) if isinstance(value, Path) else str(value)]
