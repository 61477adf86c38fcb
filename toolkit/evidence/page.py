"""Make the evidence document as one HTML page, with all figures and the cited lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports.pages import render_template
from reports.views.evidence_page import EvidencePage, quoted_ids
from toolkit.analysis.metrics import definitions_of
from toolkit.evidence.quoted_lines import quoted_lines
from toolkit.model.evidence import Evidence, QuotedFile, run_name

PAGE_LIMIT = 400_000
"""Largest number of bytes of a page that draws more than the first run of each side."""
_FOLD_BYTES = 200
"""Bytes around a picture that is folded."""


def evidence_page(
    evidence: Evidence, paths: Mapping[str, str] | None = None, shown_paths: Mapping[str, str] | None = None
) -> str:
    """Return the document as an HTML page. The same evidence and files give the same bytes.

    `paths` are the paths of the runs by name (see `paths_by_run`), from which the cited lines are read again. Without
    them the page quotes no line. `shown_paths` are those that the page names, if a reader has the runs elsewhere.
    Pictures are there if the runs were analysed with the option `pictures`; those of further runs are left out where
    the page would exceed `PAGE_LIMIT`.
    """
    figures = [row.figure for row in evidence.comparison.rows]
    view = EvidencePage(evidence, specs=definitions_of(figures))
    files = quoted_lines(paths or {}, view.cited_lines)
    run = (shown_paths or paths or {}).get("after", "RUN")
    page = _rendered(view, files, run)
    room = PAGE_LIMIT - len(page.encode())
    further = 0
    for _, picture in view.further_strips:
        room -= len(picture.encode()) + _FOLD_BYTES
        further += room >= 0
    return _rendered(replace(view, further=further), files, run) if further else page


def paths_by_run(befores: Sequence[str], afters: Sequence[str]) -> dict[str, str]:
    """Return the path of each run by its name: `before`, `before 2`, `after`."""
    sides = (("before", befores), ("after", afters))
    return {run_name(side, number): path for side, paths in sides for number, path in enumerate(paths, 1)}


def _rendered(view: EvidencePage, files: tuple[QuotedFile, ...], run: str) -> str:
    return render_template(
        "evidence.html.j2",
        view=view,
        defined=view.places,
        quoted=quoted_ids(files, view.value_sides[0]),
        quoted_files=files,
        explained=view.explained,
        table_pictures=view.table_pictures,
        explained_run=run,
    )
