"""Findings on sockets: closes by a venue, ends without a line, drops of all venues at once, watchdogs that are off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from toolkit.analysis.findings.finding_input import FindingInput
from toolkit.model.closes import CloseGroup
from toolkit.model.runs import Finding
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import FindingCode

REPEATED_CLOSES = 3
"""Closes by a venue with the same code and reason from which on they are a finding; regular ones follow a rule."""


def repeated_closes(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per venue, code and reason of `REPEATED_CLOSES` closes or more."""
    for group in evidence.closes:
        if group.count >= REPEATED_CLOSES:
            regular = group.regular >= REPEATED_CLOSES
            ended = evidence.value(f"{group.venue}.socket_ends")
            text = f"closed by the venue ({group.label}){_age(group) if regular else ''}: "
            text += f"{group.regular} of {group.count} such closes" if regular else f"{group.count} closes"
            text += "" if ended is None else f", {thousands(group.count)} of {thousands(ended)} ended sockets"
            text += "; closes at so constant an age follow a rule of the venue" if regular else ""
            names = (f"{group.venue}.disconnects.server_close", f"{group.venue}.socket_ends")
            severity = "medium" if regular else "low"
            yield Finding(FindingCode.REPEATED_CLOSE, severity, group.venue, text, names, group.lines, group.label)


def _age(group: CloseGroup) -> str:
    if group.age_ms is None or group.least_age_ms is None or group.most_age_ms is None:
        return ""
    least, most = f"{group.least_age_ms / 1_000:.1f}", f"{group.most_age_ms / 1_000:.1f}"
    span = f"{least} to {most} s" if least != most else f"each {most} s"
    within = f", times to within {duration(group.age_error_ms)}" if group.age_error_ms else ""
    return f" about {group.age_ms / 1_000:.0f} s after connecting ({span}{within})"


def silent_endings(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per venue with ended sockets that left no line."""
    for venue, count in evidence.above_zero("disconnects.unknown"):
        sockets = "socket" if count == 1 else "sockets"
        text = f"{thousands(count)} {sockets} ended without a line that gives the reason"
        lines = evidence.lines(venue, "reconnect", "unknown")
        yield Finding(FindingCode.SILENT_ENDING, "low", venue, text, (f"{venue}.disconnects.unknown",), lines)


def shared_drops(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per drop of all connected venues within one second."""
    for each in evidence.episodes:
        if each.kind == "shared_drop":
            text = (
                f"all connected venues ({each.cls}) lost their sockets within one second{_clock(each.from_ms)}: this "
                "host or its network failed once, not each venue; the venues' own counts hold it too"
            )
            yield Finding(FindingCode.SHARED_DROP, "high", None, text, (), each.lines)


def _clock(at_ms: int | None) -> str:
    if at_ms is None:
        return " (by the order of the log)"
    return f" at {datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def watchdogs_off(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per client that ran without its freshness watchdog."""
    for each in evidence.episodes:
        if each.kind == "watchdog_off":
            text = (
                "the client ran on recorded frames with its freshness watchdog disabled: a silent socket is not "
                "reconnected, and the ages are not those of a live venue"
            )
            yield Finding(FindingCode.WATCHDOG_OFF, "high", each.venue, text, (), each.lines)
