"""From one run to what a reader sees of it: its summary, its figures, its windows."""

from __future__ import annotations

from collections.abc import Collection

from reports.pages import render_page
from reports.run_view import RunView, figures_table, parts_table
from toolkit.model.errors import UsageError
from toolkit.model.runs import RunAnalysis


def summary(analysis: RunAnalysis, name: str, format: str) -> str:
    """What happened in one run, at a glance, in any `format` but JSON.

    Raises `UsageError` for another format.
    """
    return render_page("summary", format, run=RunView(analysis, name))


def figure_lines(analysis: RunAnalysis, words: Collection[str], format: str) -> str:
    """The figures of one run whose name holds one of the words. Raises `UsageError` where no figure's name does."""
    table = figures_table(RunView(analysis, ""), words)
    if not table.rows:
        raise UsageError(f"--figures {' '.join(words)}: no figure's name holds that; `toolkit figures` lists all")
    return render_page("figures", format, table=table, title=f"Figures: {', '.join(words)}")


def windows(analysis: RunAnalysis, words: Collection[str], format: str) -> str:
    """The windows of so many ticks, one a row, with the figures whose name holds one of the words.

    Without words: each venue's apply age and reconnects. Raises `UsageError` where no figure's name holds one.
    """
    named = [each.figure for each in analysis.figures]
    chosen = [name for name in named if any(word in name for word in words)] if words else []
    chosen = chosen or [name for name in named if not words and name.endswith(IN_WINDOWS)]
    if words and not chosen:
        raise UsageError(f"--figures {' '.join(words)}: no figure's name holds that; `toolkit figures` lists all")
    return render_page("figures", format, table=parts_table(RunView(analysis, ""), chosen), title="Windows of the run")


IN_WINDOWS = (".age_apply_ms.p95", ".reconnects")
"""How the names end that a window's row shows unless it is asked for others."""
