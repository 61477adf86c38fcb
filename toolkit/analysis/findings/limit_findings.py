"""Findings on what is counted but not listed, since the files have more of it than a run can have."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.ingest.loaded_run import LoadedRun
from toolkit.model.runs import Finding
from toolkit.model.units import thousands
from toolkit.model.vocabulary import (
    MAX_EPISODES,
    MAX_ERRORS,
    MAX_LABELS,
    MAX_OVERLAPS,
    MAX_PLACES,
    MAX_REASONS,
    MAX_SETTING_VALUES,
    MAX_SETTINGS,
    MAX_VENUES,
    OTHER_NAME,
    FindingCode,
)
from toolkit.runlog.facts import LogFacts

_MAX_NAMES = 10


def limit_findings(loaded: LoadedRun, further_episodes: int) -> Iterator[Finding]:
    """Yield a finding for each limit that a run reached."""
    names = loaded.log.names
    if lines := names.further_venues:
        text = f"{thousands(lines)} lines name venues after the first {MAX_VENUES}: they are counted as {OTHER_NAME}"
        yield _finding("venues", f"{text} and belong to no figure", "medium")
    for venue, lines in names.further_reasons.items():
        text = f"{thousands(lines)} lines name reasons after the first {MAX_REASONS}: they are counted as {OTHER_NAME}"
        yield _finding("reasons", text, "medium", venue, (f"{venue}.reconnects",))
    if further_episodes:
        text = f"{thousands(further_episodes)} episodes after the first {thousands(MAX_EPISODES)} are only counted"
        yield _finding("episodes", text)
    for ledger in loaded.ledgers:
        if records := ledger.cut_arrays:
            text = f"{thousands(records)} records have arrays of more than {MAX_VENUES} values; the others are not read"
            yield _finding(f"arrays of {ledger.file}", f"{ledger.file}: {text}", "medium")
    if loaded.more_overlap:
        text = f"{MAX_OVERLAPS} overlaps of two files are listed; there are more, which were not looked for"
        yield _finding("overlaps", text)
    if count := names.further_settings:
        text = f"{thousands(count)} statements of settings after the first {thousands(MAX_SETTINGS)} are only counted"
        yield _finding("settings", text)
    if count := names.further_values.total():
        listed = ", ".join(sorted(names.further_values)[:_MAX_NAMES])
        text = f"{thousands(count)} statements give a setting values after its first {MAX_SETTING_VALUES}: {listed}"
        yield _finding("values of settings", f"{text}; they are only counted")
    if count := loaded.log.further_counters:
        text = f"{thousands(count)} lines report counters after the first {thousands(MAX_LABELS)} of a life"
        yield _finding("counters", f"{text}; that one of these falls begins no life")
    yield from _unlisted_lines(loaded.log.facts, loaded.log.further_ending_lines)


def _unlisted_lines(facts: LogFacts, of_sessions: int) -> Iterator[Finding]:
    """Yield what the log has more of than the run keeps."""
    kept = f"after the first {MAX_ERRORS} are only counted"
    for subject, lines, text in (
        ("starts", facts.further["starts"], f"start-up lines after the first {thousands(MAX_PLACES)} are only counted"),
        (
            "ends of sessions",
            of_sessions,
            f"lines of ends after the first {thousands(MAX_PLACES)} of a session are only counted",
        ),
        ("panics", facts.panic_count - len(facts.panics), f"panics {kept}, except the last one"),
        ("ends", facts.further["endings"], f"lines about an end of the program beyond {MAX_ERRORS} are only counted"),
        (
            "senders",
            facts.further["senders"],
            f"lines are from containers, services or programs after the first {thousands(MAX_LABELS)}, whose names are"
            " not kept",
        ),
        ("build errors", facts.further["build_errors"], f"errors of a build {kept}"),
    ):
        if lines:
            yield _finding(subject, f"{thousands(lines)} {text}")


def _finding(
    subject: str, text: str, severity: str = "low", venue: str | None = None, figures: tuple[str, ...] = ()
) -> Finding:
    return Finding(FindingCode.LIMIT_REACHED, severity, venue, text, figures, subject=subject)
