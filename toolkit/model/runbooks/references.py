"""References to the entries of the runbooks, and the references of what a run shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import DiagnosisCode, FindingCode, ReconnectReason


class Runbook(StrEnum):
    """Runbook with an entry for each code of one kind; its value is the name of its file without `.md`."""

    DIAGNOSES = "blocked-build"
    FINDINGS = "findings"
    REASONS = "reconnect-reasons"


CODES: Mapping[Runbook, type[StrEnum]] = {
    Runbook.DIAGNOSES: DiagnosisCode,
    Runbook.FINDINGS: FindingCode,
    Runbook.REASONS: ReconnectReason,
}
"""Codes that have an entry, by runbook."""
_ANCHORS = {Runbook.DIAGNOSES: "diagnosis", Runbook.FINDINGS: "finding", Runbook.REASONS: "reason"}
_REASON_METRICS = ("reconnects", "disconnects", "connect_failures", "resyncs")
"""Metrics whose label is a reason."""


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Reference to the entry of a code in a runbook."""

    runbook: Runbook
    code: str

    def __str__(self) -> str:
        """Return the file and the anchor: `findings.md#rest_masking`."""
        return f"{self.runbook}.md#{self.code}"

    @property
    def anchor(self) -> str:
        """Name of the entry on an HTML page: `finding.rest_masking`."""
        return f"{_ANCHORS[self.runbook]}.{self.code}"


def reference(runbook: Runbook, code: str) -> Reference | None:
    """Return the reference to a code's entry; None for a code without one, such as a program's own reason."""
    return Reference(runbook, code) if code in set(CODES[runbook]) else None


def references(analysis: RunAnalysis) -> tuple[Reference, ...]:
    """Return the entries of what a run shows: its diagnosis, its findings, then the reasons that occurred."""
    diagnosis = analysis.run.diagnosis
    found = [reference(Runbook.DIAGNOSES, diagnosis.code)] if diagnosis else []
    found += [reference(Runbook.FINDINGS, each.code) for each in analysis.findings]
    found += [reference(Runbook.REASONS, reason) for reason in sorted(_reasons(analysis))]
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _reasons(analysis: RunAnalysis) -> set[str]:
    named = {each.reason for each in analysis.episodes if each.reason}
    counted = (
        each.metric.split(".") for each in analysis.figures if each.value and each.metric.startswith(_REASON_METRICS)
    )
    return named | {parts[1] for parts in counted if len(parts) == 2}
