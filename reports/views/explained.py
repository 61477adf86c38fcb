"""View of the runbook entries that explain what a page shows: its diagnoses, findings and reconnect reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.model.runbooks.entries import RunbookEntry, entries
from toolkit.model.runbooks.references import Reference, Runbook, references
from toolkit.model.runs import RunAnalysis


@dataclass(frozen=True, slots=True)
class Explained:
    """Entries that explain a page, each once, by runbook. It is false where there are none."""

    references: tuple[Reference, ...]

    def __bool__(self) -> bool:
        """Return True if there is any entry."""
        return bool(self.references)

    @property
    def by_runbook(self) -> Mapping[Runbook, tuple[Reference, ...]]:
        """References by runbook: diagnoses, findings, reasons."""
        found = {runbook: tuple(each for each in self.references if each.runbook is runbook) for runbook in Runbook}
        return {runbook: each for runbook, each in found.items() if each}

    @property
    def entries(self) -> Mapping[Reference, RunbookEntry]:
        """Entries by reference, in the order of `by_runbook`."""
        return {each: entries(runbook)[each.code] for runbook, found in self.by_runbook.items() for each in found}


def explained(*analyses: RunAnalysis) -> Explained:
    """Return the entries that explain what any of the runs shows."""
    return Explained(tuple(dict.fromkeys(each for analysis in analyses for each in references(analysis))))
