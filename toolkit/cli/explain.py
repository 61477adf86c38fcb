"""`toolkit explain`: the steps and the source lines behind a figure."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.options import Format
from toolkit.cli.output import emit, emit_page
from toolkit.cli.progress import TELEMETRY_READ, byte_progress


def explain(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run as `toolkit analyze` takes it, or the id or label of a run in the store."
        ),
    ],
    figure: Annotated[
        str,
        typer.Argument(
            metavar="FIGURE", help="Name of a figure, or the beginning of several names: lighter.age_apply_ms."
        ),
    ],
    format: opt.FormatOption = Format.TEXT,
    output: opt.OutputOption = None,
    db: opt.DbOption = opt.DEFAULT_DB,
    lines: Annotated[int, typer.Option("--lines", min=0, metavar="N", help="Print at most N lines.")] = 20,
    all_lines: Annotated[bool, typer.Option("--all", help="Print all lines.")] = False,
    requested: opt.RequestedOption = None,
    quiet: opt.QuietOption = False,
) -> int:
    """Explain a figure: its value, its definition, the steps from lines to number, and the lines.

    A run that the store does not hold is analysed first. Secrets in the lines are masked, and long lines are cut.
    """
    from reports.explanation_page import explanation_page
    from reports.pages import check_format
    from toolkit.evidence.explain.runs import explained
    from toolkit.model.serialize import explanation_json

    check_format(format, "explanation")

    def analyze_into(store: str) -> str:
        # Imported here because it takes longer than to explain a figure of a stored run.
        from toolkit.analysis.pipeline import Options, analyze
        from toolkit.smoke.known_settings import known_settings

        options = Options(requested_ms=opt.duration_ms(requested), known_settings=known_settings)
        with byte_progress(quiet, TELEMETRY_READ) as progress:
            return analyze([run], store, options, progress).run.id

    result = explained(run, figure, db, None if all_lines else lines, analyze_into)
    if format is Format.JSON:
        emit(explanation_json(result), output)
    else:
        emit_page(explanation_page(result, format), format, output)
    return 0
