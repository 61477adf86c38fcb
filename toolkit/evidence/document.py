"""Write the documents about two runs: fill the templates of the reports, within a limit of characters."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import replace

from reports.evidence.view import OMITTABLE, EvidenceView, pictured_sides
from reports.pages import render_page, render_template
from reports.pictures.files import picture_files
from toolkit.evidence.assemble import assemble
from toolkit.model.comparisons import RunComparison
from toolkit.model.evidence import Evidence

DOCUMENT_LIMIT = 20_000
"""Largest number of characters of the document in Markdown."""
COMMENT_LIMIT = 65_536
"""Largest number of characters of a comment on a pull request."""
TERMINAL_WIDTH = 100
"""Longest line of the answer on a terminal."""


def evidence_document(
    evidence: Evidence, limit: int = DOCUMENT_LIMIT, pictures: Mapping[str, str] | None = None
) -> str:
    """Return the before/after document in Markdown. The same evidence gives the same bytes.

    A document longer than `limit` characters omits its least important parts, and says so. `pictures` are the paths of
    the files of `evidence_pictures` by name; without them, ages are drawn in block characters.
    """
    return _fitted("evidence.md.j2", EvidenceView(evidence, limit=limit, pictures=pictures or {}), limit)


def evidence_pictures(evidence: Evidence) -> Mapping[str, bytes]:
    """Return the pictures of both runs as SVG files, by file name; none where no run has data for one."""
    before, after = pictured_sides(evidence)
    return {} if after is None else picture_files(before, after, EvidenceView(evidence).context.venues)


def evidence_comment(evidence: Evidence, marker: str, limit: int = COMMENT_LIMIT) -> str:
    """Return the document as a comment on a pull request: the answer first, everything else folded.

    The hidden first line holds `marker`, by which a workflow finds its comment to replace it.
    """
    return _fitted("comment.md.j2", EvidenceView(evidence, limit=limit), limit, marker=marker)


def _fitted(template: str, whole: EvidenceView, limit: int, **data: str) -> str:
    text = ""
    for count in range(len(OMITTABLE) + 1):
        view = replace(whole, omitted=tuple(OMITTABLE)[:count])
        text = render_template(template, view=view, explained=view.explained, **data)
        if len(text) <= limit:
            return text
    return _truncated(text, limit)


def _truncated(text: str, limit: int) -> str:
    """Return the lines that fit into `limit` characters, at least the answer, and a note that the rest is missing."""
    note = f"\n\n**Cut here**: more than {limit} characters; `toolkit compare … --format json` has every figure.\n"
    answer = re.search(r"^> .*$", text, re.MULTILINE)
    fitting = text[: max(0, limit - len(note))].rpartition("\n")[0]
    return (fitting if answer is None else max(fitting, text[: answer.end()], key=len)) + note


def document_answer(evidence: Evidence) -> str:
    """Return the answer of the document for a terminal, in lines of at most `TERMINAL_WIDTH` characters."""
    text = " ".join(render_template("answer.txt.j2", view=EvidenceView(evidence)).split("\n"))
    return textwrap.fill(text, TERMINAL_WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def comparison_page(comparison: RunComparison, names: tuple[str, str], format: str, everything: bool = False) -> str:
    """Return the comparison for a terminal (`format` is `text`) or in Markdown (`markdown`).

    It begins with the answer, as the document does. `everything` adds all figures to the text; Markdown folds them.
    Raises `UsageError` for another format.
    """
    view = EvidenceView(assemble(comparison, names, ()))
    return render_page(
        "compare", format, view=view, pair=view.context.pair, everything=everything, explained=view.explained
    )
