"""`toolkit report`: the before/after evidence document for a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import options as of
from toolkit.cli.compare import After, Before, analysis_options, compare_runs
from toolkit.cli.output import emit


def report(
    before: Before,
    after: After,
    output: of.OutputOption = None,
    db: of.DbOption = of.DEFAULT_DB,
    requested: of.RequestedOption = None,
    segment: of.SegmentOption = None,
    last: of.LastOption = None,
    since_tick: of.SinceTickOption = None,
    until_tick: of.UntilTickOption = None,
    plateau: of.PlateauOption = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; with -o, nothing is printed but the document.")
    ] = False,
) -> int:
    """Write the evidence document of two runs; a run that is blocked has its diagnosis in place of numbers."""
    from reports.pages import run_name
    from toolkit.evidence.document import document_head, evidence_document

    options = analysis_options(requested, of.window(segment, last, since_tick, until_tick), plateau)
    comparison = compare_runs(before, after, db, options, quiet)
    names = (run_name(before), run_name(after))
    cut = {"segment": segment, "last": last, "since-tick": since_tick, "until-tick": until_tick}
    asked = [("requested", requested), *cut.items(), *(("plateau", limit) for limit in plateau or ())]
    emit(evidence_document(comparison, names, _command(before, after, output, asked)), output)
    if output is not None and not quiet:
        emit(f"{output}\n\n{document_head(comparison, names)}")
    return 0


def _command(before: str, after: str, output: Path | None, asked: Sequence[tuple[str, object]]) -> list[str]:
    """The argv that makes the document again; what does not change a byte of it (the store) is left out."""
    options = [word for name, value in asked if value is not None for word in (f"--{name}", str(value))]
    to = ["-o", _here(str(output))] if output else []
    return ["toolkit", "report", _here(before), _here(after), *to, *options]


def _here(path: str) -> str:
    """The path as seen from the working directory, so that the document does not depend on where that lies."""
    absolute = Path(path)
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else path
