"""`toolkit analyze`: analyse one run and print its summary, figures or windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.cli import options as opt
from toolkit.cli.follow import follow as follow_run
from toolkit.cli.options import Format
from toolkit.cli.output import emit, emit_page, note
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.vocabulary import OFF_MARKET_BPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from toolkit.model.figures import FigureSpec
    from toolkit.model.runs import RunAnalysis


def analyze(
    paths: opt.RunPaths,
    format: opt.FormatOption = Format.TEXT,
    output: opt.OutputOption = None,
    db: opt.DbOption = opt.DEFAULT_DB,
    requested: opt.RequestedOption = None,
    label: opt.LabelOption = None,
    only: opt.OnlyOption = None,
    quiet: opt.QuietOption = False,
    figures: opt.FiguresOption = None,
    segment: opt.SegmentOption = None,
    last: opt.LastOption = None,
    since_tick: opt.SinceTickOption = None,
    until_tick: opt.UntilTickOption = None,
    every: opt.EveryOption = None,
    plateau: opt.PlateauOption = None,
    off_market: opt.OffMarketOption = OFF_MARKET_BPS,
    foreign: opt.ForeignOption = None,
    truth: opt.VenueRecordOption = None,
    follow: opt.FollowOption = False,
) -> int:
    """Analyse one run: what happened, figure by figure.

    The run is added to the store, where `toolkit sql` and `toolkit runs` find it. A bad run ends with exit code 0 too.
    """
    _start_background_work(paths)
    from toolkit.analysis.pipeline import Options, analyze
    from toolkit.smoke.known_settings import known_settings

    _check_options(only, format)
    if follow:
        _reject_pipes(paths)
    if foreign is not None:
        emit(_unknown_lines(paths, foreign, format), output)
        return 0
    options = Options(
        label, opt.duration_ms(requested), "ages" if only else "all",
        opt.window(segment, last, since_tick, until_tick, every),
        _figures_in_windows(figures, format), opt.plateau_limits_ms(plateau), known_settings, off_market_bps=off_market,
    )  # fmt: skip

    def analyze_into(store: str) -> RunAnalysis:
        with byte_progress(quiet, TELEMETRY_READ) as progress:
            return analyze(paths, store, options, progress)

    def show(analysis: RunAnalysis) -> None:
        page = _page(analysis, format, figures or [], every, label, paths[0])
        emit_page(page if truth is None else _truth(analysis, paths, truth, format), format, output)

    if follow:
        return follow_run(analyze_into, show, db)
    analysis = analyze_into(db)
    show(analysis)
    if label is not None:
        _say_if_labelled_otherwise(db, analysis.run.id, label)
    return 0


def _say_if_labelled_otherwise(db: str, run: str, label: str) -> None:
    """Print a note where the store already held the run, perhaps since this moment, under another label or none."""
    from toolkit.db.store import MEMORY, stored_label
    from toolkit.model.quotes import recorded_label

    label = recorded_label(label)
    if db != MEMORY and (stored := stored_label(db, run)) != label:
        name = "without a label" if stored is None else f"as {stored}"
        note(f"{db} already holds this run {name}; to label it {label}: toolkit runs --label {run} {label}")


def _check_options(only: str | None, format: Format) -> None:
    """Raise `UsageError` for an unknown value of `--only` or a format that this command does not print."""
    from reports.pages import check_format
    from toolkit.model.errors import UsageError

    if only not in (None, "ages"):
        raise UsageError(f"--only {only}: unknown value; write --only ages")
    if format is not Format.JSON:
        check_format(format)


def _reject_pipes(paths: list[str]) -> None:
    """Raise `UsageError` for a pipe, which is at its end once it has been read."""
    from toolkit.model.errors import UsageError
    from toolkit.streams.spool import is_pipe

    for path in filter(is_pipe, paths):
        raise UsageError(
            f"--follow {path}: a pipe can be read only once; leave --follow out, or name a file that grows"
        )


def _figures_in_windows(figures: list[str] | None, format: Format) -> tuple[str, ...]:
    """Return the figures to compute for each window; none stands for all figures, as in JSON."""
    from reports.run_pages import IN_WINDOWS

    return tuple(figures or (() if format is Format.JSON else IN_WINDOWS))


def _start_background_work(paths: list[str]) -> None:
    """Start worker processes and open a database, while this process imports the remaining modules."""
    from toolkit.streams.parallel import prestart_workers

    # The workers come first, so that they load their modules while this process imports the database.
    prestart_workers(paths)
    from toolkit.db.staging import open_in_background

    open_in_background()


def _page(
    analysis: RunAnalysis, format: Format, words: list[str], every: int | None, label: str | None, path: str
) -> str:
    """Return what the options ask for: JSON, windows, the figures named by `words`, or the summary."""
    from reports.pages import run_name
    from reports.run_pages import figure_lines, summary, windows
    from toolkit.model.quotes import recorded_label
    from toolkit.model.serialize import analysis_json

    if format is Format.JSON:
        return analysis_json(analysis)
    definitions: Mapping[str, FigureSpec] = {}
    if format is Format.HTML:
        from toolkit.analysis.metrics import definitions_of

        definitions = definitions_of(each.figure for each in analysis.figures)
    if every is not None:
        return windows(analysis, words, format, definitions)
    if words:
        return figure_lines(analysis, words, format, definitions)
    return summary(analysis, recorded_label(label) if label else run_name(path), format, definitions)


def _truth(analysis: RunAnalysis, paths: list[str], record: Path, format: Format) -> str:
    """Return the comparison of a run with the record of its venues; as JSON, with the analysis."""
    from reports.truth_page import truth_page
    from toolkit.analysis.truth.run_truth import run_truth
    from toolkit.model.serialize import analysis_and_truth_json

    comparison = run_truth(paths, analysis, record)
    if format is Format.JSON:
        return analysis_and_truth_json(analysis, comparison)
    return truth_page(comparison, format)


def _unknown_lines(paths: list[str], most: int, format: Format) -> str:
    """Return the number of log lines that no grammar family knows, and their `most` frequent templates."""
    from reports.elements import Align, Cell, Column, Table
    from reports.escape import terminal
    from reports.pages import simple_page
    from toolkit.analysis.unknown_lines import unknown_templates
    from toolkit.model.quotes import quoted

    counts = unknown_templates(paths)
    total = counts.total()
    common = [(quoted(template), count) for template, count in counts.most_common(most)]
    others = total - sum(count for _, count in common)
    if format is Format.JSON:
        return _unknown_lines_json(total, common, others)
    title = f"{total} unknown log lines"
    if format is not Format.TEXT:
        rows = [(str(count), template) for template, count in common] + ([(str(others), "others")] if others else [])
        columns = (Column("lines", Align.RIGHT), Column("template"))
        table = Table(columns, tuple((Cell(count), Cell(template)) for count, template in rows))
        return simple_page("Unknown log lines", [title, table], format)
    lines = [f"{count:>8}  {terminal(template)}" for template, count in common]
    return "\n".join([title, *lines, *([f"{others:>8}  others"] if others else [])])


def _unknown_lines_json(total: int, common: list[tuple[str, int]], others: int) -> str:
    from toolkit.model.quotes import json_text

    templates = [{"template": template, "lines": count} for template, count in common]
    return json_text({"schema": "toolkit.foreign/1", "lines": total, "templates": templates, "others": others})
