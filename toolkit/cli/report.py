"""`toolkit report`: the before/after evidence document for a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.compare import After, Before, analysis_options, compare_runs
from toolkit.cli.output import emit
from toolkit.model.vocabulary import OFF_MARKET_BPS


def report(
    before: Before,
    after: After,
    output: opt.OutputOption = None,
    db: opt.DbOption = opt.DEFAULT_DB,
    requested: opt.RequestedOption = None,
    segment: opt.SegmentOption = None,
    last: opt.LastOption = None,
    since_tick: opt.SinceTickOption = None,
    until_tick: opt.UntilTickOption = None,
    plateau: opt.PlateauOption = None,
    off_market: opt.OffMarketOption = OFF_MARKET_BPS,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print no progress; with -o, do not print the answer.")
    ] = False,
) -> int:
    """Write the before/after evidence document for a pull request.

    It compares two runs. For a run that was blocked, it has the diagnosis instead of figures. With -o, the answer and
    the path of the document are printed.
    """
    from reports.pages import run_name
    from toolkit.evidence.document import document_answer, evidence_document, runs_alone

    options = analysis_options(requested, opt.window(segment, last, since_tick, until_tick), plateau, off_market)
    comparison = compare_runs(before, after, db, options, quiet)
    names = (run_name(before), run_name(after))
    window = {"segment": segment, "last": last, "since-tick": since_tick, "until-tick": until_tick}
    chosen = [("requested", requested), *window.items(), *(("plateau", limit) for limit in plateau or ())]
    evidence = runs_alone(comparison, names, _report_argv(before, after, output, chosen))
    emit(evidence_document(evidence), output)
    if output is not None and not quiet:
        emit(f"{document_answer(evidence)}\n{output}")
    return 0


def _report_argv(before: str, after: str, output: Path | None, chosen: Sequence[tuple[str, object]]) -> list[str]:
    """Return the command that writes the same document again; `--db` does not change it and is left out."""
    options = [word for name, value in chosen if value is not None for word in (f"--{name}", str(value))]
    destination = ["-o", _relative_path(str(output))] if output else []
    return ["toolkit", "report", _relative_path(before), _relative_path(after), *destination, *options]


def _relative_path(path: str) -> str:
    """Return a path within the working directory as relative, so that the document is the same in any checkout."""
    absolute = Path(path)
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else path
