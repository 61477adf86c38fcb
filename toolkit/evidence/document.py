"""Build the documents about two runs: hold both against the gate, then fill the templates of the reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.pages import render_page, render_template
from reports.views.pair import OMITTABLE, PairView
from toolkit.analysis.metrics import catalogue
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.comparisons import RunComparison

LIMIT = 65_536
"""Maximum number of characters of a comment on a pull request."""
GATE = "frontier"
"""Gate that both sides are held against."""


def evidence_document(
    comparison: RunComparison, names: tuple[str, str], command: Sequence[str], limit: int = LIMIT
) -> str:
    """Return the before/after document in Markdown. The same arguments give the same bytes.

    `names` are the names of the two runs in the document, `command` is the argv that makes it again. A document longer
    than `limit` characters omits its least important parts, and says so.
    """
    whole = replace(_pair_view(comparison, names), limit=limit)
    text = ""
    for count in range(len(OMITTABLE) + 1):
        pair = replace(whole, omitted=tuple(OMITTABLE)[:count])
        text = render_template("evidence.md.j2", pair=pair, command=command)
        if len(text) <= limit:
            return text
    return _truncated(text, limit)


def _truncated(text: str, limit: int) -> str:
    """Return the lines that fit into `limit` characters, and a note that the rest is missing."""
    note = f"\n\n**Cut here**: more than {limit} characters; `toolkit compare … --format json` has every figure.\n"
    return text[: max(0, limit - len(note))].rpartition("\n")[0] + note


def _pair_view(comparison: RunComparison, names: tuple[str, str]) -> PairView:
    gate = load_gate(GATE, catalogue())
    before, after = (
        evaluate(gate.rules, side, gate=gate.name, never_seen=gate.never_seen)
        for side in (comparison.before, comparison.after)
    )
    return PairView(comparison, names, (before, after))


def comparison_page(comparison: RunComparison, names: tuple[str, str], format: str) -> str:
    """Return the comparison for a terminal (`format` is `text`) or in Markdown (`markdown`).

    Raises `UsageError` for another format.
    """
    return render_page("compare", format, pair=_pair_view(comparison, names))


def document_head(comparison: RunComparison, names: tuple[str, str]) -> str:
    """Return the first part of the document (changes and review summary) for a terminal."""
    return render_template("head.txt.j2", pair=_pair_view(comparison, names))
