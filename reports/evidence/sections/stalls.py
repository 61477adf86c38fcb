"""Stalls that are much longer after the change. One stall is one event: no test of one run a side can show it."""

from __future__ import annotations

from collections.abc import Iterator

from reports.elements import Rich
from reports.evidence.context import Context
from reports.evidence.wording import bold, figure_name, values
from reports.format import GAP

LEAST_RISE_MS = 10_000
"""Least rise of the oldest book, in ms, that is named; stalls of two runs of one build differ by less."""
LEAST_RATIO = 2
"""Least ratio of the oldest book after to before that is named."""


def longer_stalls(context: Context) -> Iterator[Rich]:
    """Yield a sentence for each venue whose oldest book became much older, the largest rise first."""
    rows = [row for venue in context.venues if (row := context.row(f"{venue}.age_apply_ms.max")) and row.delta]
    rows.sort(key=lambda row: -(row.delta or 0))
    for row in rows:
        before, after = row.before, row.after
        if before is None or after is None or context.blocked:
            continue
        if after - before >= LEAST_RISE_MS and after >= LEAST_RATIO * before:
            head = Rich((bold("Longer stall:"), f" {figure_name(row.figure)} "))
            yield (
                head
                + values(context.sides, row.figure, in_seconds=True, strong=True)
                + Rich((f"{GAP}s (not tested).",))
            )
