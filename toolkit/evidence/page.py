"""Make the evidence document as one HTML page, with all figures and the cited lines."""

from __future__ import annotations

from collections.abc import Mapping

from reports.pages import render_template
from reports.views.evidence_page import EvidencePage, quoted_ids
from toolkit.analysis.metrics import definitions_of
from toolkit.evidence.quoted_lines import quoted_lines
from toolkit.model.evidence import Evidence


def evidence_page(evidence: Evidence, paths: Mapping[str, str] | None = None) -> str:
    """Return the document as an HTML page. The same evidence and files give the same bytes.

    `paths` are the paths of the runs by side (`before`, `after`), from which the cited lines are read again. Without
    them the page quotes no line. Pictures are there if the runs were analysed with the option `pictures`.
    """
    figures = [row.figure for row in evidence.comparison.rows]
    view = EvidencePage(evidence, specs=definitions_of(figures))
    files = quoted_lines(paths or {}, view.cited_lines)
    return render_template(
        "evidence.html.j2",
        view=view,
        defined=view.places,
        quoted=quoted_ids(files, view.value_sides[0]),
        quoted_files=files,
        table_pictures=view.table_pictures,
    )
