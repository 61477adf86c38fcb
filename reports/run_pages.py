"""Pages about one run: its summary, its figures, its windows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reports.elements import Table
from reports.markup.html import definition_ids
from reports.pages import render_page
from reports.views import run_tables
from reports.views.catalogue import NO_DEFINITIONS, values_by_subject
from reports.views.explained import explained
from reports.views.run import RunView
from toolkit.model.errors import UsageError
from toolkit.model.figures import FigureSpec
from toolkit.model.runs import RunAnalysis

IN_WINDOWS = (".age_apply_ms.p95", ".reconnects")
"""Endings of the figure names that the table of windows shows by default."""


def summary(
    analysis: RunAnalysis, name: str, format: str, definitions: Mapping[str, FigureSpec] = NO_DEFINITIONS
) -> str:
    """Return the summary of one run in `format`: `text`, `markdown` or `html`.

    `definitions` has the definition of each figure by name; an HTML page then lists all figures with their definitions,
    and each number links to its own. Raises `UsageError` for another format.
    """
    run = RunView(analysis, name)
    return render_page(
        "summary",
        format,
        run=run,
        venue_table=run_tables.venue_table(run, reasons=format != "text"),
        reasons=run_tables.reasons_table(run),
        samples=run_tables.samples(run),
        zero_columns=run_tables.zero_columns(run),
        files=run_tables.files_table(run),
        files_title=run_tables.files_text(run),
        episodes=run_tables.episodes_table(run),
        episodes_text=run_tables.episodes_text(run),
        explained=explained(analysis),
        values=values_by_subject(run, definitions),
        defined=definition_ids(definitions.keys() & run.figures.keys()),
    )


def figure_lines(
    analysis: RunAnalysis,
    words: Collection[str],
    format: str,
    definitions: Mapping[str, FigureSpec] = NO_DEFINITIONS,
) -> str:
    """Return a table of the figures whose name contains one of the words. An HTML page has their `definitions`.

    Raises `UsageError` if no figure's name does, and for a format other than `text`, `markdown` and `html`.
    """
    table = run_tables.figures_table(RunView(analysis, ""), words)
    if not table.rows:
        raise _no_such_figure(words)
    names = [each.figure for each in analysis.figures if any(word in each.figure for word in words)]
    return _figures_page(analysis, table, f"Figures: {', '.join(words)}", format, _chosen(definitions, names))


def _chosen(definitions: Mapping[str, FigureSpec], names: Iterable[str]) -> Mapping[str, FigureSpec]:
    return {name: definitions[name] for name in names if name in definitions}


def _figures_page(
    analysis: RunAnalysis, table: Table, title: str, format: str, definitions: Mapping[str, FigureSpec]
) -> str:
    values = values_by_subject(RunView(analysis, ""), definitions)
    return render_page("figures", format, table=table, title=title, values=values, defined=definition_ids(definitions))


def windows(
    analysis: RunAnalysis,
    words: Collection[str],
    format: str,
    definitions: Mapping[str, FigureSpec] = NO_DEFINITIONS,
) -> str:
    """Return a table with a row per window of ticks and a column per figure whose name contains one of the words.

    Without words the columns are the figures of `IN_WINDOWS`. An HTML page has their `definitions`.
    Raises `UsageError` if no figure's name contains a word, and for a format other than `text`, `markdown` and `html`.
    """
    names = [each.figure for each in analysis.figures]
    if words:
        names = [name for name in names if any(word in name for word in words)]
        if not names:
            raise _no_such_figure(words)
    else:
        names = [name for name in names if name.endswith(IN_WINDOWS)]
    table = run_tables.windows_table(RunView(analysis, ""), names)
    return _figures_page(analysis, table, "Windows of the run", format, _chosen(definitions, names))


def _no_such_figure(words: Collection[str]) -> UsageError:
    return UsageError(f"--figures {' '.join(words)}: no figure's name holds that; `toolkit figures` lists all")
