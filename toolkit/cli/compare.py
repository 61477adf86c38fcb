"""`toolkit compare`: compare two runs figure by figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.output import emit
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.errors import ExitCode
from toolkit.model.vocabulary import OFF_MARKET_BPS

if TYPE_CHECKING:
    from toolkit.analysis.pipeline import Options
    from toolkit.model.comparisons import RunComparison
    from toolkit.model.runs import Window

Before = Annotated[str, typer.Argument(metavar="BEFORE", help="The run before the change: a directory, file or .zip.")]
After = Annotated[str, typer.Argument(metavar="AFTER", help="The run after the change.")]


def compare(
    before: Before,
    after: After,
    format: opt.FormatOption = opt.Format.TEXT,
    output: opt.OutputOption = None,
    db: opt.DbOption = opt.DEFAULT_DB,
    requested: opt.RequestedOption = None,
    segment: opt.SegmentOption = None,
    last: opt.LastOption = None,
    since_tick: opt.SinceTickOption = None,
    until_tick: opt.UntilTickOption = None,
    plateau: opt.PlateauOption = None,
    off_market: opt.OffMarketOption = OFF_MARKET_BPS,
    quiet: opt.QuietOption = False,
) -> int:
    """Compare two runs figure by figure.

    The exit code is 4 if no figure of the two runs can be compared.
    """
    from reports.pages import check_format, run_name
    from toolkit.evidence.document import comparison_page
    from toolkit.model.serialize import comparison_json

    check_format(format, "compare")
    options = analysis_options(requested, opt.window(segment, last, since_tick, until_tick), plateau, off_market)
    comparison = compare_runs(before, after, db, options, quiet)
    if format is opt.Format.JSON:
        emit(comparison_json(comparison), output)
    else:
        emit(comparison_page(comparison, (run_name(before), run_name(after)), format), output)
    return ExitCode.OK if comparison.comparable else ExitCode.INCONCLUSIVE


def analysis_options(requested: str | None, window: Window, plateau: list[str] | None, off_market: float) -> Options:
    """Return the options with which both runs are analysed. Raises `UsageError` for an invalid one."""
    from toolkit.analysis.pipeline import Options
    from toolkit.smoke.known_settings import known_settings

    limits = opt.plateau_limits_ms(plateau)
    return Options(
        requested_ms=opt.duration_ms(requested), window=window, plateau_limits_ms=limits, known_settings=known_settings,
        age_series=True, mid_series=True,
        off_market_bps=off_market,
    )  # fmt: skip


def compare_runs(before: str, after: str, db: str, options: Options, quiet: bool) -> RunComparison:
    """Analyse two runs into the store `db` and return their comparison."""
    from toolkit.analysis.pipeline import analyze
    from toolkit.comparison.rows import compare

    with byte_progress(quiet, TELEMETRY_READ) as progress:
        left, right = (analyze([path], db, options, progress) for path in (before, after))
        return compare(left, right, options.known_settings)
