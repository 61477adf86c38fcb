"""`toolkit compare`: compare two runs, or several a side, figure by figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.output import emit
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.errors import ExitCode, UsageError
from toolkit.model.vocabulary import OFF_MARKET_BPS

if TYPE_CHECKING:
    from toolkit.analysis.pipeline import Options
    from toolkit.model.comparisons import RunComparison
    from toolkit.model.runs import Window

Before = Annotated[
    str | None,
    typer.Argument(metavar="BEFORE", show_default=False, help="The run before the change: a directory, file or .zip."),
]
After = Annotated[str | None, typer.Argument(metavar="AFTER", show_default=False, help="The run after the change.")]
Befores = Annotated[
    list[str] | None, typer.Option("--before", metavar="RUN", help="One of several runs before the change; repeat it.")
]
Afters = Annotated[
    list[str] | None, typer.Option("--after", metavar="RUN", help="One of several runs after the change; repeat it.")
]

Paired = Annotated[
    bool, typer.Option("--paired", help="Both runs ran at the same time: compare their ages part by part in time.")
]

AllFigures = Annotated[
    bool, typer.Option("--all", help="Print every figure, the settings, the gate and the method (text only).")
]


def compare(
    before: Before = None,
    after: After = None,
    befores: Befores = None,
    afters: Afters = None,
    paired: Paired = False,
    all_figures: AllFigures = False,
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
    """Compare two runs figure by figure: the answer first, then what moved.

    With several runs a side (--before A --before B --after C --after D), the run is the sample: at least four a side
    can show a difference. The exit code is 4 if no figure can be compared.
    """
    from reports.pages import check_format
    from toolkit.evidence.document import comparison_page
    from toolkit.model.serialize import comparison_json

    html = format is opt.Format.HTML
    check_format(format, "evidence" if html else "compare")
    window = opt.window(segment, last, since_tick, until_tick)
    options = analysis_options(requested, window, plateau, off_market, pictures=html or format is opt.Format.MARKDOWN)
    sides = paired_paths(before, after, befores, afters)
    comparison = compare_runs(*sides, db, options, quiet, paired=paired)
    if format is opt.Format.JSON:
        emit(comparison_json(comparison), output)
    elif html:
        emit(_html_page(comparison, *sides), output)
    else:
        names = (side_name(sides[0]), side_name(sides[1]))
        emit(comparison_page(comparison, names, format, all_figures), output)
    return ExitCode.OK if comparison.comparable else ExitCode.INCONCLUSIVE


def _html_page(comparison: RunComparison, befores: Sequence[str], afters: Sequence[str]) -> str:
    from toolkit.evidence.assemble import assemble
    from toolkit.evidence.page import evidence_page, paths_by_run

    argv = ["toolkit", "compare", *run_arguments(befores, afters), "--format", "html"]
    evidence = assemble(comparison, (side_name(befores), side_name(afters)), argv)
    return evidence_page(evidence, paths_by_run(befores, afters))


def run_arguments(befores: Sequence[str], afters: Sequence[str]) -> list[str]:
    """Return the arguments that name the runs again: two paths, or an option and a path for each of more."""
    runs = [relative_path(path) for path in (*befores, *afters)]
    if len(runs) == 2:
        return runs
    options = ["--before"] * len(befores) + ["--after"] * len(afters)
    return [word for pair in zip(options, runs, strict=True) for word in pair]


def relative_path(path: str) -> str:
    """Return a path within the working directory as relative, so that a document is the same in any checkout."""
    absolute = Path(path)
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else path


def analysis_options(
    requested: str | None, window: Window, plateau: list[str] | None, off_market: float, pictures: bool = False
) -> Options:
    """Return the options with which both runs are analysed. Raises `UsageError` for an invalid one."""
    from toolkit.analysis.pipeline import Options
    from toolkit.smoke.known_settings import known_settings

    limits = opt.plateau_limits_ms(plateau)
    return Options(
        requested_ms=opt.duration_ms(requested), window=window, plateau_limits_ms=limits, known_settings=known_settings,
        age_series=True, mid_series=True, pictures=pictures,
        off_market_bps=off_market,
    )  # fmt: skip


def paired_paths(
    before: str | None, after: str | None, befores: Sequence[str] | None, afters: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """Return the paths of the runs of each side: of the arguments BEFORE and AFTER, or of the options of that name.

    Raises `UsageError` where both are used, or where a side has no run.
    """
    arguments, chosen = [each for each in (before, after) if each is not None], [*(befores or ()), *(afters or ())]
    if arguments and chosen:
        raise UsageError("write two runs (BEFORE AFTER), or each run with --before or --after, not both")
    if chosen:
        for side, paths in (("before", befores), ("after", afters)):
            if not paths:
                raise UsageError(f"no run {side} the change: name at least one with --{side} RUN")
    elif len(arguments) < 2:
        raise UsageError("write two runs (BEFORE AFTER), or several a side (--before A --before B --after C --after D)")
    return list(befores or arguments[:1]), list(afters or arguments[1:])


def side_name(paths: Sequence[str]) -> str:
    """Return the reader's name of a side: that of its first run, and how many more there are."""
    from reports.pages import run_name

    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{run_name(paths[0])}{more}"


def compare_runs(
    befores: Sequence[str], afters: Sequence[str], db: str, options: Options, quiet: bool, *, paired: bool = False
) -> RunComparison:
    """Analyse the runs of two sides into the store `db` and return their comparison."""
    from toolkit.analysis.pipeline import analyze
    from toolkit.comparison import rows

    with byte_progress(quiet, TELEMETRY_READ) as progress:
        left, right = ([analyze([path], db, options, progress) for path in side] for side in (befores, afters))
        return rows.compare_runs(left, right, options.known_settings, paired=paired)
