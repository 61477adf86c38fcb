"""References to the entries of the runbooks, and links to them for pages that are read elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from toolkit.model.errors import UsageError
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import DiagnosisCode, FindingCode, ReconnectReason

URL_VARIABLE = "TOOLKIT_RUNBOOKS_URL"
"""Name of the environment variable that holds the address of the directory of the runbooks."""
DIRECTORY = "runbooks"
"""Directory of the runbooks in the repository."""
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~%+@-]+)*/?")
"""Matches an address that needs no escaping in any format. It has no user, query or fragment."""


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


def runbooks_url(environ: Mapping[str, str]) -> str | None:
    """Return the address of the directory of the runbooks, without a slash at its end; None where it is not set.

    Raises `UsageError` for another scheme than http and https, a user name, and characters that an address must escape.
    """
    url = environ.get(URL_VARIABLE, "")
    if not url:
        return None
    if not _URL.fullmatch(url):
        raise UsageError(
            f"{URL_VARIABLE}: write the address of the directory of the runbooks, such as "
            "https://github.com/OWNER/REPOSITORY/blob/v1/runbooks: http or https, no user name, no query"
        )
    return url.rstrip("/")
