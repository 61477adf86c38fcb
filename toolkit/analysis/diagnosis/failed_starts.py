"""Causes of a run whose program never started: a build that failed or waited, a missing program or library."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.analysis.diagnosis.exits import Explanation, report
from toolkit.model.quotes import quoted
from toolkit.model.vocabulary import DiagnosisCode, Ended
from toolkit.runlog.ending_lines import RUN_COMMAND, EndingLine, Ref
from toolkit.runlog.facts import LogFacts

_STRONG = (
    DiagnosisCode.EXDEV,
    DiagnosisCode.NO_SPACE,
    DiagnosisCode.OUT_OF_MEMORY,
    DiagnosisCode.COMPILER_KILLED,
    DiagnosisCode.COMPILER_DIED,
)
"""Causes that explain a build with compile errors too."""
_LAUNCH_CODES = (
    ("GLIBC", DiagnosisCode.GLIBC, "the program needs a newer C library (glibc) than this host has"),
    ("shared libraries", DiagnosisCode.MISSING_LIBRARY, "a library that the program needs is not installed"),
    ("Permission denied", DiagnosisCode.NO_PERMISSION, "the program may not be executed"),
    ("cannot execute", DiagnosisCode.WRONG_PROGRAM, "the program is not made for this host"),
    ("required file not found", DiagnosisCode.MISSING_LIBRARY, "a file that the program needs is not installed"),
    ("", DiagnosisCode.MISSING_PROGRAM, "the program was not found"),
)
_NOWHERE = (-1, -1)
MAX_QUOTE_CHARS = 200
"""Characters of a line that a cause quotes."""


def failed_starts(facts: LogFacts) -> Iterator[Explanation]:
    """Yield why the program did not start, the most telling first; the caller knows that it wrote no start-up line."""
    building = facts.running is None
    if facts.build_errors and building:
        yield _failed_build(facts)
    if facts.is_a_run:
        return
    yield from _launches(facts)
    if building:
        if facts.build_causes or facts.causes.last:
            yield _failed_build(facts)
        yield from _unfinished(facts)


def silent_starts(facts: LogFacts) -> Iterator[Explanation]:
    """Yield that a log has no line of the program, if the program did not even begin to be built."""
    if facts.is_a_run or facts.has_build or facts.has_unread_program or facts.last_words is None:
        return
    ref, words = facts.last_words
    text = f"the program never started: the log has no line of it, and ends with: {words[:MAX_QUOTE_CHARS]}"
    yield Ended.NEVER_STARTED, DiagnosisCode.NO_PROGRAM_LINE, text, ref


def _failed_build(facts: LogFacts) -> Explanation:
    ended, what = Ended.BLOCKED_BUILD, "the build failed"
    if not facts.has_build:
        ended, what = Ended.NEVER_STARTED, "the program never started"
    first = facts.build_errors[0] if facts.build_errors else None
    compile_error = next((each for each in facts.build_errors if each[1].startswith("error[")), None)
    last = facts.causes.last if facts.causes.last and (first is None or facts.causes.last[0] > first[0]) else None
    causes = [each for each in facts.build_causes if not compile_error or each.code in _STRONG]
    if causes:
        cause = min(causes, key=lambda each: each.rank)
        shown = f" ({last[1][:MAX_QUOTE_CHARS]})" if last else ""
        return ended, cause.code, f"{what}: {cause.text}{shown}", facts.build_causes[cause]
    if compile_error or last is None:
        ref, line = compile_error or first or (_NOWHERE, "")
        code = DiagnosisCode.COMPILE_ERROR if compile_error else DiagnosisCode.BUILD_FAILED
        return ended, code, f"{what}: {quoted(line.partition(': ')[2])}", ref
    message = f"{quoted(first[1].partition(': ')[2])}: " if first else ""
    return ended, DiagnosisCode.BUILD_FAILED, f"{what}: {message}{last[1][:MAX_QUOTE_CHARS]}", last[0]


def _launches(facts: LogFacts) -> Iterator[Explanation]:
    """Yield what a shell or the dynamic linker reports of a program that it could not start."""
    reports = [each for each in facts.endings if each.family in ("library_error", "shell_error")]
    for each in sorted(reports, key=lambda each: (RUN_COMMAND.search(each.text) is None, each.ref)):
        if facts.has_build and RUN_COMMAND.search(each.text) is None:
            continue
        error = each.fields["error"].strip()
        _, code, text = next(row for row in _LAUNCH_CODES if row[0] in error)
        yield Ended.NEVER_STARTED, code, f"{text}: {error[:MAX_QUOTE_CHARS]}", each.ref


def _unfinished(facts: LogFacts) -> Iterator[Explanation]:
    """Yield why a build without an error did not finish: it waited for a lock, or something ended it."""
    step, lock, finished = (_last(facts, name) for name in ("build_step", "build_lock", "build_finished"))
    if lock > max(step, finished):
        yield Ended.BLOCKED_BUILD, DiagnosisCode.BUILD_LOCK, "the build waited for another build's lock", lock
    if step > finished:
        yield from _stops(each for each in reversed(facts.endings) if each.ref > step)


def _stops(endings: Iterator[EndingLine]) -> Iterator[Explanation]:
    for each in endings:
        if (found := report(each)) is not None:
            text = found[2].replace("the program", "the build", 1)
            yield (
                Ended.BLOCKED_BUILD,
                DiagnosisCode.BUILD_STOPPED,
                f"the build was stopped before it finished: {text}",
                each.ref,
            )


def _last(facts: LogFacts, family: str) -> Ref:
    return facts.last[family][0] if family in facts.last else _NOWHERE
