"""Findings on the recovery layers: books that the REST monitor injected, and connectors that the enforcer restarted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.model.runs import Finding
from toolkit.model.units import thousands
from toolkit.model.vocabulary import FindingCode, ReconnectReason

if TYPE_CHECKING:
    from toolkit.analysis.findings.finding_input import FindingInput

MAX_LINES = 20


def injected_books(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding for each venue whose injected books mask nothing; where they do, another finding says so."""
    for venue, count in evidence.above_zero("rest.injections"):
        if evidence.value(f"{venue}.masked.ms") == 0:
            books = "1 fetched book" if count == 1 else f"{thousands(count)} fetched books"
            text = (
                f"the socket was silent, and the REST monitor put {books} in place of its own; no age counts them, so "
                "the ages show the whole silence"
            )
            figures = (f"{venue}.rest.injections", f"{venue}.masked.ms")
            lines = tuple(evidence.injection_lines.get(venue, ()))[:MAX_LINES]
            yield Finding(FindingCode.INJECTED_BOOKS, "low", venue, text, figures, lines)


def enforcer_restarts(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding for each venue whose connector the enforcer restarted."""
    for venue, count in evidence.above_zero("enforcer.restarts"):
        if venue == "run":
            continue
        times = "once" if count == 1 else f"{thousands(count)} times"
        text = f"the enforcer restarted the connector {times}: its own watchdog did not end a silence of the socket"
        lines = evidence.lines(venue, "reconnect", ReconnectReason.ENFORCER_RESTART)
        yield Finding(FindingCode.ENFORCER_RESTART, "medium", venue, text, (f"{venue}.enforcer.restarts",), lines)
