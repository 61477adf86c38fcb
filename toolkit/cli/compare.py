"""`toolkit compare`: two runs side by side, figure by figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as of
from toolkit.cli.output import emit
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.errors import ExitCode

if TYPE_CHECKING:
    from toolkit.analysis.pipeline import Options
    from toolkit.model.comparisons import RunComparison
    from toolkit.model.runs import Window

Before = Annotated[str, typer.Argument(metavar="BEFORE", help="The run before the change: a directory, file or .zip.")]
After = Annotated[str, typer.Argument(metavar="AFTER", help="The run after the change.")]


def compare(
    before: Before,
    after: After,
    format: of.FormatOption = of.Format.TEXT,
    output: of.OutputOption = None,
    db: of.DbOption = of.DEFAULT_DB,
    requested: of.RequestedOption = None,
    segment: of.SegmentOption = None,
    last: of.LastOption = None,
    since_tick: of.SinceTickOption = None,
    until_tick: of.UntilTickOption = None,
    plateau: of.PlateauOption = None,
    quiet: of.QuietOption = False,
) -> int:
    """Put two runs side by side, figure by figure; ends with 4 if no row can be compared."""
    from reports.pages import check_format, run_name
    from toolkit.evidence.document import comparison_page
    from toolkit.model.serialize import comparison_json

    check_format(format, "compare")
    options = analysis_options(requested, of.window(segment, last, since_tick, until_tick), plateau)
    comparison = compare_runs(before, after, db, options, quiet)
    if format is of.Format.JSON:
        emit(comparison_json(comparison), output)
    else:
        emit(comparison_page(comparison, (run_name(before), run_name(after)), format), output)
    return ExitCode.OK if comparison.comparable else ExitCode.INCONCLUSIVE


def analysis_options(requested: str | None, part: Window, plateau: list[str] | None) -> Options:
    """How both runs are looked at. Raises `UsageError` for what is no length of time."""
    from toolkit.analysis.pipeline import Options
    from toolkit.smoke.known_settings import known_settings

    limits = of.plateau_limits_ms(plateau)
    return Options(
        requested_ms=of.duration_ms(requested), window=part, plateau_limits_ms=limits, known_settings=known_settings
    )


def compare_runs(before: str, after: str, db: str, options: Options, quiet: bool) -> RunComparison:
    """The comparison of two runs, each analysed into the store `db`."""
    from toolkit.analysis.pipeline import analyze
    from toolkit.comparison.rows import compare

    with byte_progress(quiet, TELEMETRY_READ) as progress:
        left, right = (analyze([path], db, options, progress) for path in (before, after))
        return compare(left, right, options.known_settings)
