"""From two runs to the document about them: analysis, comparison and templates brought together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.pages import render_page, render_template
from reports.pair_view import LEAVE_OUT, PairView
from toolkit.analysis.metrics import catalogue
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.comparisons import RunComparison

LIMIT = 65_536
"""The characters that a comment on a pull request may hold."""
GATE = "frontier"
"""The gate that both sides are held against."""


def evidence_document(
    comparison: RunComparison, names: tuple[str, str], command: Sequence[str], limit: int = LIMIT
) -> str:
    """The before/after document in Markdown; the same arguments give the same bytes.

    `names` are what a reader calls the two runs, `command` is the argv that makes the document again. What would be
    longer than `limit` characters leaves out what is least worth reading, and says so.
    """
    whole = replace(_pair(comparison, names), limit=limit)
    text = ""
    for count in range(len(LEAVE_OUT) + 1):
        pair = replace(whole, without=tuple(LEAVE_OUT)[:count])
        text = render_template("evidence.md.j2", pair=pair, command=command)
        if len(text) <= limit:
            return text
    return _cut(text, limit)


def _cut(text: str, limit: int) -> str:
    """The lines that fit, and how much did not."""
    said = f"\n\n**Cut here**: more than {limit} characters; `toolkit compare … --format json` has every figure.\n"
    return text[: max(0, limit - len(said))].rpartition("\n")[0] + said


def _pair(comparison: RunComparison, names: tuple[str, str]) -> PairView:
    gate = load_gate(GATE, catalogue())
    before, after = (
        evaluate(gate.rules, side, gate=gate.name, never_seen=gate.never_seen)
        for side in (comparison.before, comparison.after)
    )
    return PairView(comparison, names, (before, after))


def side_by_side(comparison: RunComparison, names: tuple[str, str], format: str) -> str:
    """The comparison for a terminal (`format` is `text`) or in Markdown (`markdown`).

    Raises `UsageError` for another format.
    """
    return render_page("compare", format, pair=_pair(comparison, names))


def document_head(comparison: RunComparison, names: tuple[str, str]) -> str:
    """What the document says first, for a terminal."""
    return render_template("head.txt.j2", pair=_pair(comparison, names))
