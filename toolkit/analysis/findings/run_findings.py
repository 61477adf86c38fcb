"""Findings: one sentence each on something unusual in a run, with the figures and lines that show it.

A finding states only what the evidence shows. Its text does not repeat the venue, which is a field of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.analysis.findings.book_findings import book_faults
from toolkit.analysis.findings.clock_findings import clock_steps
from toolkit.analysis.findings.finding_input import FindingInput
from toolkit.analysis.findings.log_findings import MAX_QUOTE_CHARS, file_findings, log_findings, quoted_records
from toolkit.analysis.findings.record_findings import missing_records, ticks_without_record, values_never_set
from toolkit.analysis.findings.recovery_findings import enforcer_restarts, injected_books
from toolkit.analysis.findings.socket_findings import repeated_closes, shared_drops, silent_endings, watchdogs_off
from toolkit.model.quotes import quoted
from toolkit.model.runs import Finding
from toolkit.model.units import thousands
from toolkit.model.vocabulary import FindingCode, SetAside


def findings(evidence: FindingInput) -> tuple[Finding, ...]:
    """Return all findings of a run, the most severe first."""
    found = [each for rule in _RULES for each in rule(evidence)]
    found += quoted_records(evidence.quoted_records, evidence.quoted)
    found += [*log_findings(evidence.ledgers, evidence.logs), *file_findings(evidence.ledgers, evidence.overlaps)]
    order = {"high": 0, "medium": 1, "low": 2}
    return tuple(sorted(found, key=lambda each: order[each.severity]))


def _never_spoke(evidence: FindingInput) -> Iterator[Finding]:
    for venue in evidence.run.venues:
        unknown = evidence.value(f"{venue}.age_apply_unknown.share")
        if unknown == 1:
            text = "no book was applied in the whole run: its ages are unknown, and none of them counts as fresh"
            error, *lines = evidence.last_errors.get(venue, ("",))
            text += f"; the last error of its socket: {quoted(error)}" if error else ""
            figures = (f"{venue}.age_apply_unknown.share",)
            yield Finding(FindingCode.NEVER_SPOKE, "high", venue, text, figures, tuple(lines))


def _masked(evidence: FindingInput) -> Iterator[Finding]:
    for venue, _ in evidence.above_zero("masked.fresh_ms"):
        silent, fresh = (evidence.duration_range(f"{venue}.masked.{stat}") for stat in ("ms", "fresh_ms"))
        text = (
            f"the socket brought no book for {silent}; for {fresh} of that time books fetched over REST made the venue "
            "look fresh, so its ages do not show the whole silence"
        )
        lines = evidence.lines(venue, "masked")
        yield Finding(
            FindingCode.REST_MASKING, "high", venue, text, (f"{venue}.masked.ms", f"{venue}.masked.fresh_ms"), lines
        )


def _stalls(evidence: FindingInput) -> Iterator[Finding]:
    stalls = [each for each in evidence.episodes if each.kind == "local_stall"]
    if stalls:
        text = (
            f"three or more venues went stale within one second, {len(stalls)} times: this host stalled, not the venues"
        )
        yield Finding(FindingCode.LOCAL_STALL, "high", None, text)


def _runner_freezes(evidence: FindingInput) -> Iterator[Finding]:
    for venue, count in evidence.above_zero("core_freezes"):
        text = f"the runner's sanity filter froze the book {thousands(count)} times"
        yield Finding(FindingCode.RUNNER_FREEZE, "medium", venue, text, (f"{venue}.core_freezes",))


def _unequal_lives(evidence: FindingInput) -> Iterator[Finding]:
    if evidence.telemetry_lives and evidence.log_lives and evidence.telemetry_lives != evidence.log_lives:
        text = (
            f"the log shows {evidence.log_lives} starts of the program and the telemetry {evidence.telemetry_lives}: "
            "one of the files does not cover the whole run"
        )
        yield Finding(FindingCode.LIVES_DIFFER, "high", None, text, ("run.lives",))


def _earlier_ends(evidence: FindingInput) -> Iterator[Finding]:
    if evidence.earlier_ends:
        lines, texts = zip(*evidence.earlier_ends, strict=True)
        count = "1 line reports" if len(lines) == 1 else f"{thousands(len(lines))} lines report"
        text = f"{count} a problem before the program's last start; the first: {texts[0][:MAX_QUOTE_CHARS]}"
        yield Finding(FindingCode.EARLIER_END, "high", None, text, (), lines)


def _earlier_crashes(evidence: FindingInput) -> Iterator[Finding]:
    if evidence.earlier_crashes:
        lines, texts = zip(*evidence.earlier_crashes, strict=True)
        text = (
            "the program crashed or was killed before its last start, so no gate passes this run: "
            f"{texts[0][:MAX_QUOTE_CHARS]}"
        )
        yield Finding(FindingCode.EARLIER_CRASH, "high", None, text, (), lines)


def _other_processes(evidence: FindingInput) -> Iterator[Finding]:
    if evidence.other_processes:
        lines, names = zip(*evidence.other_processes, strict=True)
        listed = ", ".join(sorted(set(names))[:10])[:MAX_QUOTE_CHARS]
        text = f"the log reports the end of another process than the program ({listed}): it did not end this run"
        yield Finding(FindingCode.OTHER_PROCESS_ENDED, "low", None, text, (), lines)


_NO_DAMAGE = (SetAside.BLANK, SetAside.TORN_TAIL, SetAside.OTHER_LOG, SetAside.COPY, SetAside.NOT_READ)


def _times_of_another_log(evidence: FindingInput) -> Iterator[Finding]:
    for ledger in evidence.ledgers:
        if any(each.reason == SetAside.OTHER_LOG for each in ledger.where):
            text = (
                f"{ledger.file} does not match the log: the beginning of the log may be missing, so no line got a time "
                "from this file; put the missing part of the log beside it and analyse again"
            )
            yield Finding(FindingCode.TIMES_WITHOUT_LOG, "medium", None, text, (), ((ledger.file, 1),), ledger.file)


def _damaged_files(evidence: FindingInput) -> Iterator[Finding]:
    for ledger in evidence.ledgers:
        bad = [each for each in ledger.where if each.reason not in _NO_DAMAGE]
        if bad:
            why = ", ".join(sorted({each.reason for each in bad}))
            unlisted = sum(lines for reason, lines in ledger.unlisted.items() if reason not in _NO_DAMAGE)
            text = f"{ledger.file}: {thousands(len(bad) + unlisted)} places could not be used ({why})"
            lines = tuple((ledger.file, each.line) for each in bad[:20])
            yield Finding(FindingCode.DAMAGED_FILE, "medium", None, text, (), lines, ledger.file)


def _events_without_time(evidence: FindingInput) -> Iterator[Finding]:
    for venue, count in evidence.above_zero("age_event_bogus"):
        text = (
            f"{thousands(count)} records have an event age without a timestamp; they are excluded from the percentiles"
        )
        yield Finding(FindingCode.EVENT_WITHOUT_TIME, "low", venue, text, (f"{venue}.age_event_bogus",))


def _unknown_audit_lines(evidence: FindingInput) -> Iterator[Finding]:
    if evidence.unknown_components:
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(evidence.unknown_components.items())[:10])
        text = f"audit lines of unknown kinds, stored verbatim: {listed}"
        yield Finding(FindingCode.UNKNOWN_AUDIT_LINES, "low", None, text)


def _limits_reached(evidence: FindingInput) -> Iterator[Finding]:
    yield from evidence.limits


_RULES = (
    _never_spoke, _masked, injected_books, enforcer_restarts, _stalls, shared_drops, watchdogs_off, clock_steps,
    book_faults, _unequal_lives,
    _earlier_ends, _earlier_crashes, repeated_closes, _runner_freezes, missing_records, ticks_without_record,
    _limits_reached,
    _damaged_files, _times_of_another_log, silent_endings, _events_without_time, _unknown_audit_lines, values_never_set,
    _other_processes,
)  # fmt: skip
