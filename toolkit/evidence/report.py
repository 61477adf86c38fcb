"""From two runs to the document about them: analysis, comparison and templates brought together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from reports.pair import PairPage
from reports.render import render
from reports.single import RunPage, figures_table, parts_table
from toolkit.errors import UsageError
from toolkit.records import Analysis, Comparison


def evidence(comparison: Comparison, names: tuple[str, str], command: Sequence[str]) -> str:
    """The before/after document in Markdown; the same arguments give the same bytes.

    `names` are what a reader calls the two runs, `command` is the argv that makes the document again.
    """
    return _page("evidence.md.j2", pair=PairPage(comparison, names), command=command)


def side_by_side(comparison: Comparison, names: tuple[str, str], format: str) -> str:
    """The comparison for a terminal (`format` is `text`) or in Markdown (`markdown`).

    Raises `UsageError` for another format.
    """
    return _form("compare", format, pair=PairPage(comparison, names))


def opening(comparison: Comparison, names: tuple[str, str]) -> str:
    """What the document says first, for a terminal."""
    return _page("head.txt.j2", pair=PairPage(comparison, names))


def summary(analysis: Analysis, name: str, format: str) -> str:
    """What happened in one run, at a glance: for a terminal (`format` is `text`) or in Markdown (`markdown`).

    Raises `UsageError` for another format.
    """
    return _form("summary", format, run=RunPage(analysis, name))


def figure_lines(analysis: Analysis, words: Collection[str], format: str) -> str:
    """The figures of one run whose name holds one of the words. Raises `UsageError` where no figure's name does."""
    table = figures_table(RunPage(analysis, ""), words)
    if not table.rows:
        raise UsageError(f"--figures {' '.join(words)}: no figure's name holds that; `toolkit figures` lists all")
    return _form("figures", format, table=table)


def windows(analysis: Analysis, words: Collection[str], format: str) -> str:
    """The windows of so many ticks, one a row, with the figures whose name holds one of the words.

    Without words: each venue's apply age and reconnects. Raises `UsageError` where no figure's name holds one.
    """
    named = [each.figure for each in analysis.figures]
    chosen = [name for name in named if any(word in name for word in words)] if words else []
    chosen = chosen or [name for name in named if not words and name.endswith(IN_WINDOWS)]
    if words and not chosen:
        raise UsageError(f"--figures {' '.join(words)}: no figure's name holds that; `toolkit figures` lists all")
    return _form("figures", format, table=parts_table(RunPage(analysis, ""), chosen))


IN_WINDOWS = (".age_apply_ms.p95", ".reconnects")
"""How the names end that a window's row shows unless it is asked for others."""


def check_format(format: str) -> None:
    """Raise `UsageError` for a format that neither these pages nor JSON have: best before the work, not after it."""
    if format not in (*_ENDINGS, "json"):
        raise UsageError(f"--format {format}: this command prints text, json or markdown")


def name_of(path: str) -> str:
    """What a reader calls the run at a path: its last part; `-` is standard input."""
    return "standard input" if path == "-" else PurePath(path).name or path


_ENDINGS = {"text": "txt", "markdown": "md"}


def _form(page: str, format: str, **data: object) -> str:
    check_format(format)
    return _page(f"{page}.{_ENDINGS[format]}.j2", **data)


def _page(template: str, **data: object) -> str:
    # A section that has nothing to say leaves its blank lines behind.
    return re.sub(r"\n{3,}", "\n\n", render(_templates(), template, **data)).strip("\n") + "\n"


@cache
def _templates() -> Mapping[str, str]:
    folder = files("reports") / "templates"
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".j2")}
