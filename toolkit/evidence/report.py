"""From two runs to the document about them: analysis, comparison and templates brought together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from reports.pair import LEAVE_OUT, PairPage
from reports.render import render
from reports.single import RunPage, figures_table, parts_table
from toolkit.errors import UsageError
from toolkit.gate import evaluate
from toolkit.gates import load
from toolkit.metrics import catalogue
from toolkit.records import Analysis, Comparison

LIMIT = 65_536
"""The characters that a comment on a pull request may hold."""
GATE = "frontier"
"""The gate that both sides are held against."""


def evidence(comparison: Comparison, names: tuple[str, str], command: Sequence[str], limit: int = LIMIT) -> str:
    """The before/after document in Markdown; the same arguments give the same bytes.

    `names` are what a reader calls the two runs, `command` is the argv that makes the document again. What would be
    longer than `limit` characters leaves out what is least worth reading, and says so.
    """
    whole = replace(_pair(comparison, names), limit=limit)
    text = ""
    for count in range(len(LEAVE_OUT) + 1):
        pair = replace(whole, without=tuple(LEAVE_OUT)[:count])
        text = _page("evidence.md.j2", pair=pair, command=command)
        if len(text) <= limit:
            return text
    return _cut(text, limit)


def _cut(text: str, limit: int) -> str:
    """The lines that fit, and how much did not."""
    said = f"\n\n**Cut here**: more than {limit} characters; `toolkit compare … --format json` has every figure.\n"
    return text[: max(0, limit - len(said))].rpartition("\n")[0] + said


def _pair(comparison: Comparison, names: tuple[str, str]) -> PairPage:
    gate = load(GATE, catalogue())
    before, after = (
        evaluate(gate.rules, side, gate=gate.name, never_seen=gate.never_seen)
        for side in (comparison.before, comparison.after)
    )
    return PairPage(comparison, names, (before, after))


def side_by_side(comparison: Comparison, names: tuple[str, str], format: str) -> str:
    """The comparison for a terminal (`format` is `text`) or in Markdown (`markdown`).

    Raises `UsageError` for another format.
    """
    return _form("compare", format, pair=_pair(comparison, names))


def opening(comparison: Comparison, names: tuple[str, str]) -> str:
    """What the document says first, for a terminal."""
    return _page("head.txt.j2", pair=_pair(comparison, names))


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
