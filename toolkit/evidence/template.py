"""Write a commented `evidence.toml` to fill in, with the figures of a pair of runs that moved."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator

from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.evidence import Direction
from toolkit.model.units import Unit
from toolkit.model.vocabulary import Verdict

_MOST_FIGURES = 15
_SHOWN_FIRST = (Verdict.REGRESSED, Verdict.IMPROVED)

_HEAD = """\
# What this change was expected to do. `toolkit report BEFORE AFTER --spec evidence.toml` answers it from the runs.
# State what you expected before you saw the result: a hypothesis that is made from the result always fits it.
title = {title}
# branch = "the branch of the change"
# base = "the commit before"
# head = "the commit after"       # with --repo DIR, citations are checked at this commit
# mode = "SHADOW only, no secrets"
# scope = ["what the change touches", "one line each"]
# interpretation = "interpretation.md"  # a file beside this one
# commands = "commands.jsonl"           # written by `toolkit record`, beside this file

# A hypothesis expects of each figure a direction: lower, higher, unchanged or instrumented (the after run prints it);
# or a limit of the after run: at_most = 10, at_least = 1. For unchanged, name the setting that was to stay, or the
# range of after over before that counts as unchanged:
#   expects = [ {{ figure = "…", direction = "unchanged", setting = "…" }} ]
#   expects = [ {{ figure = "…", direction = "unchanged", within = 0.1 }} ]
"""
_HYPOTHESIS = """
# [[hypothesis]]
# id = "H{number}"
# finding = "what was found, and why the change should move this figure"
# expects = [ {{ figure = {figure}, direction = "{direction}" }} ]  # {observed}
# implementation = [ {{ text = "what the lines do", cite = "path/of/file.rs:10-20" }} ]
# commands = []                         # ids of commands, such as "U08"
"""
_NO_FIGURE = "\n# No figure of this pair moved. `toolkit figures` lists all of them.\n"
_TAIL = """
# [[validation]]
# text = "unit tests"
# command = "U01"                       # its recorded exit code decides: passed, failed, blocked

# [[command]]                           # a command that was not recorded: shown as stated by you
# id = "U01"
# text = "cargo test -q"
# exit_code = 0                         # or signal = "SIGKILL", or blocked = true

# [[blocker]]
# text = "what stays open"
"""


def specification_template(comparison: RunComparison, names: tuple[str, str]) -> str:
    """Return a commented specification with the figures of two runs that moved as hypotheses to choose from.

    It is valid as it stands, and stays valid when the comment signs of whole tables are taken off. `names` are the
    reader's names of the runs.
    """
    hypotheses = [
        _HYPOTHESIS.format(number=number, figure=_quoted(row.figure), direction=direction, observed=_observed(row))
        for number, (row, direction) in enumerate(_moved(comparison), 1)
    ]
    title = _quoted(f"{names[0]} → {names[1]}")
    return _HEAD.format(title=title) + ("".join(hypotheses) or _NO_FIGURE) + _TAIL


def _moved(comparison: RunComparison) -> list[tuple[ComparisonRow, Direction]]:
    """Return the figures to choose from: shown differences, then counts that differ, then newly printed figures."""
    rows = [*_shown(comparison.rows), *_different_counts(comparison.rows), *_newly_printed(comparison.rows)]
    return rows[:_MOST_FIGURES]


def _shown(rows: Iterable[ComparisonRow]) -> Iterator[tuple[ComparisonRow, Direction]]:
    found = [row for row in rows if row.verdict in _SHOWN_FIRST]
    # A total stands before its parts.
    for row in sorted(found, key=lambda row: (_SHOWN_FIRST.index(row.verdict), row.figure.count("."), row.figure)):
        yield row, _direction(row)


def _different_counts(rows: Iterable[ComparisonRow]) -> list[tuple[ComparisonRow, Direction]]:
    """Return the counts that were tested and differ without being shown to, the largest change first."""
    found = [
        row
        for row in rows
        if row.unit == Unit.COUNT and row.p is not None and row.delta and row.verdict not in _SHOWN_FIRST
    ]
    found.sort(key=lambda row: -abs(math.log(((row.after or 0) + 1) / ((row.before or 0) + 1))))
    return [(row, _direction(row)) for row in found]


def _newly_printed(rows: Iterable[ComparisonRow]) -> Iterator[tuple[ComparisonRow, Direction]]:
    for row in rows:
        if row.before is None and row.after is not None:
            yield row, Direction.INSTRUMENTED


def _direction(row: ComparisonRow) -> Direction:
    return Direction.LOWER if (row.delta or 0) < 0 else Direction.HIGHER


def _observed(row: ComparisonRow) -> str:
    """Return both values and the verdict, for a comment."""
    before, after = ("not known" if value is None else f"{value:.6g}" for value in (row.before, row.after))
    return f"{before} → {after}, {row.verdict.replace('_', ' ')}"


def _quoted(text: str) -> str:
    """Return a TOML string in one line. Its escapes are those of JSON; DEL must be escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
