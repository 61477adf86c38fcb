"""Sides that never ran: the cause with its line, and what would unblock it."""

from __future__ import annotations

from collections.abc import Iterator

from reports.elements import Rich
from reports.evidence.context import Context
from reports.evidence.wording import bold, cited, marked_text
from reports.views.run import RunView
from toolkit.model.runbooks.entries import entries
from toolkit.model.runbooks.references import Runbook


def blocked_sentences(context: Context) -> Iterator[Rich]:
    """Yield a sentence for each side that never ran; one for both if their causes read the same."""
    runs = context.blocked
    causes = {run.side: _cause(run) for run in runs}
    if len(runs) == len(context.sides) and len({str(cause) for cause in causes.values()}) == 1:
        yield Rich((bold("Blocked: neither run ran:"), " ")) + causes[runs[0].side] + Rich((".",))
        return
    for side, cause in causes.items():
        yield Rich((bold(f"Blocked: the {side} run never ran:"), " ")) + cause + Rich((".",))
    for run in context.sides:
        if runs and not run.blocked:
            yield Rich((f"The figures are those of the {run.side} run; nothing can be compared.",))


def _cause(run: RunView) -> Rich:
    cause = run.diagnosis
    if cause is None:
        return Rich((run.ended,))
    return Rich((cause.text,)) + cited([(cause.file, cause.line)] if cause.file and cause.line else [], run.side)


def block_report(context: Context) -> Iterator[Rich]:
    """Yield, for each side that never ran, its cause with the line, and what would unblock it."""
    for run in context.blocked:
        cause = run.diagnosis
        text, _, remedy = (cause.text if cause else run.ended).partition("; ")
        lines = [(cause.file, cause.line)] if cause and cause.file and cause.line else []
        found = Rich(
            (bold(f"{run.side.capitalize()}:", Runbook.DIAGNOSES, cause.code if cause else ""), f" {text}")
        ) + cited(lines, run.side)
        yield found + _remedy(cause.code if cause else "", remedy)


def _remedy(code: str, remedy: str) -> Rich:
    """Return what unblocks a side: what the runbook says of the cause, else the remedy that the cause names."""
    if entry := entries(Runbook.DIAGNOSES).get(code):
        return Rich((". To unblock it: ",)) + marked_text(f"{entry.do[0].lower()}{entry.do[1:]}")
    return Rich((f". To unblock it: {remedy}." if remedy else ".",))
