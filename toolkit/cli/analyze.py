"""`toolkit analyze`: ingest one run and say what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.follow import follow as follow_run
from toolkit.cli.options import (
    DEFAULT_DB,
    DbOption,
    Format,
    FormatOption,
    LastOption,
    OutputOption,
    PlateauOption,
    QuietOption,
    RequestedOption,
    RunPaths,
    SegmentOption,
    SinceTickOption,
    UntilTickOption,
    duration_ms,
    plateau_limits_ms,
    window,
)
from toolkit.cli.output import emit
from toolkit.cli.progress import TELEMETRY_READ, byte_progress

if TYPE_CHECKING:
    from toolkit.model.runs import RunAnalysis


def analyze(
    paths: RunPaths,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    db: DbOption = DEFAULT_DB,
    requested: RequestedOption = None,
    label: Annotated[str | None, typer.Option("--label", help="A name for the run in the store.")] = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="ages", help="Read nothing but ages and plateaus.")
    ] = None,
    quiet: QuietOption = False,
    figures: Annotated[
        list[str] | None, typer.Option("--figures", metavar="WORD", help="Only the figures whose name holds this word.")
    ] = None,
    segment: SegmentOption = None,
    last: LastOption = None,
    since_tick: SinceTickOption = None,
    until_tick: UntilTickOption = None,
    every: Annotated[
        int | None, typer.Option("--every", min=1, metavar="N", help="Also window by window of N ticks.")
    ] = None,
    plateau: PlateauOption = None,
    foreign: Annotated[
        int | None,
        typer.Option("--foreign", min=1, metavar="N", help="Only the N commonest kinds of unknown log lines."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Look again and again while the run grows.")] = False,
) -> int:
    """Ingest one run and say what happened."""
    from toolkit.streams.parallel import prestart_workers

    prestart_workers(paths)
    from toolkit.db.staging import open_in_background

    open_in_background()
    from reports.pages import check_format, run_name
    from reports.run_pages import IN_WINDOWS, figure_lines, summary, windows
    from toolkit.analysis.pipeline import Options, analyze
    from toolkit.model.errors import ExitCode, UsageError
    from toolkit.model.serialize import analysis_json
    from toolkit.smoke.known_settings import known_settings

    if only not in (None, "ages"):
        raise UsageError(f"--only {only}: there is only `ages`")
    if format is not Format.JSON:
        check_format(format)
    if foreign is not None:
        emit(_foreign_lines(paths, foreign, format), output)
        return ExitCode.OK
    part = window(segment, last, since_tick, until_tick, every)
    limits = plateau_limits_ms(plateau)
    words = tuple(figures or () if format is Format.JSON else figures or IN_WINDOWS)
    options = Options(label, duration_ms(requested), "ages" if only else "all", part, words, limits, known_settings)

    def look(store: str) -> RunAnalysis:
        with byte_progress(quiet, TELEMETRY_READ) as progress:
            return analyze(paths, store, options, progress)

    def show(analysis: RunAnalysis) -> None:
        if format is Format.JSON:
            emit(analysis_json(analysis), output)
        elif every is not None:
            emit(windows(analysis, figures or (), format), output)
        elif figures:
            emit(figure_lines(analysis, figures, format), output)
        else:
            emit(summary(analysis, label or run_name(paths[0]), format), output)

    if follow:
        return follow_run(look, show, db)
    show(look(db))
    return ExitCode.OK


def _foreign_lines(paths: list[str], most: int, format: Format) -> str:
    """The log lines that no family knows, by template: how many, and what they look like."""
    from reports.elements import Align, Cell, Column, Table
    from reports.escape import terminal
    from reports.pages import simple_page
    from toolkit.analysis.unknown_lines import foreign_templates

    counts = foreign_templates(paths)
    total, common = counts.total(), counts.most_common(most)
    left = total - sum(count for _, count in common)
    if format is Format.JSON:
        return _foreign_json(total, common, left)
    told = f"{total} foreign lines"
    if format is not Format.TEXT:
        rows = [(str(count), template) for template, count in common] + ([(str(left), "others")] if left else [])
        columns = (Column("lines", Align.RIGHT), Column("template"))
        table = Table(columns, tuple((Cell(count), Cell(template)) for count, template in rows))
        return simple_page("Log lines of no known family", [told, table], format)
    lines = [f"{count:>8}  {terminal(template)}" for template, count in common]
    return "\n".join([told, *lines, *([f"{left:>8}  others"] if left else [])])


def _foreign_json(total: int, common: list[tuple[str, int]], left: int) -> str:
    import msgspec

    templates = [{"template": template, "lines": count} for template, count in common]
    published = {"schema": "toolkit.foreign/1", "lines": total, "templates": templates, "others": left}
    return msgspec.json.format(msgspec.json.encode(published)).decode()
