"""Diagnose how a run ended or why it never started: one code, one sentence and the line that shows it.

A run ends with its last life; the end of an earlier life is not a cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from toolkit.analysis.diagnosis.exits import Explanation, reported_exits, reported_success, undecided_exits
from toolkit.analysis.diagnosis.failed_starts import MAX_QUOTE_CHARS, failed_starts, silent_starts
from toolkit.model.quotes import quoted
from toolkit.model.runs import Diagnosis
from toolkit.model.units import duration
from toolkit.model.vocabulary import DiagnosisCode, Ended
from toolkit.runlog.ending_lines import EndingLine, Ref
from toolkit.runlog.facts import LogFacts

ENOUGH = 0.9
"""An unexplained end at this share of the requested time or later counts as the end of that time."""
FRESH_MS = 10_000
"""A run whose last record is not older than this, ms, is still being written."""

_LINES_TO_CAUSES = 3
"""Lines after an error within which its first cause is printed: a blank line and `Caused by:` come before it."""

FileAndLine = Callable[[Ref], tuple[str, int]]
"""Returns file name and line of a line reference."""
_Error = tuple[DiagnosisCode, str, Ref]
"""An error that the program reported about itself: code, message and line."""


@dataclass(frozen=True, slots=True)
class EndEvidence:
    """Facts about a run's end from files other than its log. Times are epoch ms; None where unknown.

    `has_data` is True if some record has the age or the price of a venue.
    """

    records: int
    has_data: bool
    has_telemetry: bool
    now_ms: int
    ended_ms: int | None = None
    observed_ms: int | None = None
    requested_ms: int | None = None
    kill_reason: str | None = None
    kill_ref: Ref | None = None
    summary_written: bool = False
    stopped_by: str | None = None
    exit_code: int | None = None
    signal: str | None = None


_KILL_REASON = re.compile(r'"kill_reason": ?"(\w+)"')


def diagnose(facts: LogFacts, evidence: EndEvidence, file_and_line: FileAndLine) -> tuple[Ended, Diagnosis | None]:
    """Return how the run ended and why; the diagnosis is None where nothing explains the end."""
    for ended, code, text, ref in _explanations(facts, evidence):
        file, line = file_and_line(ref) if ref is not None else (None, None)
        return ended, Diagnosis(code, text, file, line)
    return _unexplained(evidence), None


def _explanations(facts: LogFacts, evidence: EndEvidence) -> Iterator[Explanation]:
    """Yield each explanation of the end, the most certain first."""
    started = evidence.records > 0 or facts.has_started
    errors = _errors(facts, started)
    if not started:
        yield from failed_starts(facts)
    yield from _kill_switch(facts, evidence)
    yield from _crashes(facts, evidence)
    yield from _ends_with_an_error(facts, evidence, errors)
    yield from reported_exits(facts, _unexplained(evidence))
    yield from _supervised_ends(evidence)
    yield from _missing_telemetry(facts, evidence, started)
    if started:
        yield from _panics_of_tasks(facts, evidence)
    yield from reported_success(facts)
    if not started and not evidence.has_telemetry:
        yield from silent_starts(facts)
    if (early := _early(evidence)) is not None:
        yield early
    if _unexplained(evidence) is Ended.UNKNOWN:
        yield from undecided_exits(facts)
    if errors:
        _, message, ref = errors[0]
        text = f"the program reported an error and went on: {message}"
        yield _unexplained(evidence), DiagnosisCode.PROGRAM_ERROR, text, ref


def _kill_switch(facts: LogFacts, evidence: EndEvidence) -> Iterator[Explanation]:
    killed = _first(facts, "kill_event")
    if evidence.kill_reason or killed:
        ref = killed.ref if killed else evidence.kill_ref
        stated = _KILL_REASON.search(killed.fields["json"]) if killed else None
        why = evidence.kill_reason or (stated[1] if stated else "see the line")
        yield Ended.COMPLETED, DiagnosisCode.KILL_SWITCH, f"the program's own kill switch ended the run: {why}", ref


def _ends_with_an_error(facts: LogFacts, evidence: EndEvidence, errors: list[_Error]) -> Iterator[Explanation]:
    if errors and not evidence.records:
        code, message, ref = errors[0]
        yield Ended.NEVER_STARTED, code, f"the program refused to start: {message}", ref
    elif errors and not facts.continues_after(errors[-1][2]):
        code, message, ref = errors[-1]
        if not evidence.has_data:
            yield Ended.NEVER_STARTED, code, f"the program ended before any venue sent data: {message}", ref
        yield Ended.CRASHED, DiagnosisCode.PROGRAM_ERROR, f"the program ended with an error: {message}", ref


def _supervised_ends(evidence: EndEvidence) -> Iterator[Explanation]:
    """Yield what the supervisor saw of the process's end, or did to it."""
    if evidence.signal and evidence.stopped_by == "itself":
        yield Ended.KILLED, DiagnosisCode.SIGNAL, f"the process died of {evidence.signal}", None
    if evidence.stopped_by == "itself" and evidence.exit_code:
        text = f"the process ended by itself with exit code {evidence.exit_code}"
        yield Ended.CRASHED, DiagnosisCode.EXIT_CODE, text, None
    if evidence.stopped_by == "build_limit":
        text = "the program wrote no telemetry within the time for its build (--build-minutes) and was stopped"
        yield Ended.NEVER_STARTED, DiagnosisCode.BUILD_LIMIT, text, None
    if evidence.stopped_by == "interrupt":
        text = "an interrupt (Ctrl-C or a signal to the supervisor) ended the run"
        yield Ended.KILLED, DiagnosisCode.INTERRUPTED, text, None


def _missing_telemetry(facts: LogFacts, evidence: EndEvidence, started: bool) -> Iterator[Explanation]:
    if given_up := _first(facts, "telemetry_disabled"):
        text = "the program stopped writing telemetry after a write error; the rest of the run is not recorded"
        yield _unexplained(evidence), DiagnosisCode.TELEMETRY_DISABLED, text, given_up.ref
    if started and evidence.has_telemetry and not evidence.records:
        text = "the program started, but its telemetry has no record"
        yield Ended.NEVER_STARTED, DiagnosisCode.ZERO_TICKS, text, None


def _panics_of_tasks(facts: LogFacts, evidence: EndEvidence) -> Iterator[Explanation]:
    if facts.panics:
        ref, place, message = facts.panics[0]
        times = f"{facts.panic_count} times" if facts.panic_count > 1 else "once"
        text = f"a task panicked {times}; the run went on: {_panic(message, place)}"
        yield _unexplained(evidence), DiagnosisCode.TASK_PANIC, text, ref


def _first(facts: LogFacts, family: str) -> EndingLine | None:
    return next((each for each in facts.endings if each.family == family), None)


def _errors(facts: LogFacts, started: bool) -> list[_Error]:
    """Errors of the last life, in order of line."""
    errors = list[_Error]()
    running = facts.running
    for each in facts.endings:
        if each.family == "startup_error":
            message = f"{each.fields['code']} {each.fields['error']}".strip()
            errors.append((DiagnosisCode.CONFIGURATION, quoted(message), each.ref))
        # A program ends with this form of message; where it went on, another program wrote the line.
        elif each.family == "main_error" and (started or running) and not facts.continues_after(each.ref):
            errors.append((DiagnosisCode.PROGRAM_ERROR, _with_causes(facts, each), each.ref))
    if running and not started:
        # After the build, a line in the form of a build error is the program refusing its arguments.
        refusals = [(ref, line) for ref, line in facts.build_errors if ref > running]
        errors += [
            (DiagnosisCode.CONFIGURATION, quoted(line.strip().partition(": ")[2]), ref) for ref, line in refusals
        ]
    return sorted(errors, key=lambda each: each[2])


def _with_causes(facts: LogFacts, error: EndingLine) -> str:
    """Return an error with the causes that are printed below it."""
    text = quoted(error.fields["error"])
    if facts.causes.last is None:
        return text
    (file_no, line), causes = facts.causes.last
    follows = file_no == error.ref[0] and 0 < line - error.ref[1] <= _LINES_TO_CAUSES
    return f"{text}: {causes[:MAX_QUOTE_CHARS]}" if follows else text


def _crashes(facts: LogFacts, evidence: EndEvidence) -> Iterator[Explanation]:
    if failed := _first(facts, "allocation_failed"):
        yield Ended.CRASHED, DiagnosisCode.OUT_OF_MEMORY, "the program ran out of memory", failed.ref
    if overflow := _first(facts, "stack_overflow"):
        text = f"the program crashed: a stack overflow in its thread '{quoted(overflow.fields['thread'])}'"
        yield Ended.CRASHED, DiagnosisCode.STACK_OVERFLOW, text, overflow.ref
    for ref, place, message in facts.panics:
        # A supervised task is restarted after a panic. A panic of the main or an unsupervised thread ends the program.
        unsupervised = not evidence.records and "supervisor_panic" not in facts.first
        if facts.panic_threads.get(ref) == "main" or unsupervised:
            yield Ended.CRASHED, DiagnosisCode.PANIC, f"the program panicked: {_panic(message, place)}", ref
    for family in ("fatal_runtime_error", "panic_abort"):
        if abort := _first(facts, family):
            code = DiagnosisCode.STACK_OVERFLOW if "stack overflow" in abort.fields["error"] else DiagnosisCode.ABORTED
            yield Ended.CRASHED, code, f"the program crashed: {quoted(abort.fields['error'])}", abort.ref


def _panic(message: str, place: str) -> str:
    return f"{quoted(message)} ({quoted(place)})" if place else quoted(message)


def _early(evidence: EndEvidence) -> Explanation | None:
    """An unexplained end before the requested time, as SIGKILL causes."""
    requested, ran = evidence.requested_ms, evidence.observed_ms or 0
    if not requested or ran >= ENOUGH * requested or evidence.stopped_by or _is_fresh(evidence) or not evidence.records:
        return None
    text = f"telemetry stops after {duration(ran)} of {duration(requested)} and no line says why, as after SIGKILL"
    return Ended.KILLED, DiagnosisCode.DIED_EARLY, text, None


def _unexplained(evidence: EndEvidence) -> Ended:
    if evidence.stopped_by == "time":
        return Ended.TIMEOUT
    if evidence.summary_written or (evidence.stopped_by == "itself" and evidence.exit_code == 0):
        return Ended.COMPLETED
    if _is_fresh(evidence):
        return Ended.STILL_RUNNING
    if evidence.requested_ms and (evidence.observed_ms or 0) >= ENOUGH * evidence.requested_ms:
        return Ended.TIMEOUT
    return Ended.UNKNOWN


def _is_fresh(evidence: EndEvidence) -> bool:
    return evidence.ended_ms is not None and abs(evidence.now_ms - evidence.ended_ms) < FRESH_MS
