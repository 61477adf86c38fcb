"""Ends of the program that others report: the kernel, a shell, a service manager, a CI system, a supervisor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from toolkit.model.signals import linux_signal_name, linux_signal_number
from toolkit.model.vocabulary import DiagnosisCode, Ended
from toolkit.runlog.ending_lines import RUN_COMMAND, EndingLine, Ref
from toolkit.runlog.facts import LogFacts

Explanation = tuple[Ended, DiagnosisCode, str, Ref | None]
"""The end of a run, the code of its cause, a sentence, and the line that shows it."""

_RUN_PROCESS = re.compile(r"paraphina|cargo|tokio-r")
"""Matches the name of a process or thread of the run, as the kernel prints it."""
_SIGNAL_BASE = 128
_TIMEOUT_STATUS = 124
_PANIC_STATUS = 101
_MAX_DIGITS = 9
"""Digits of a status that are read: a damaged line may have any number of them."""

_KERNEL_FAMILIES = ("out_of_memory_kill", "out_of_memory_task", "kernel_fault", "core_dumped")
_REPORTERS = {
    "service_exit": "systemd",
    "container_exit": "the container engine",
    "manager_exit": "the process manager",
    "supervised_exit": "the supervisor script",
    "job_exit": "the CI system or make",
    "job_signal": "the CI system or make",
}
_RESULTS = {
    "oom-kill": "the kernel's out-of-memory killer ended the service",
    "signal": "a signal ended the service",
    "core-dump": "a signal ended the service, with a core dump",
    "watchdog": "the service's watchdog ended it",
    "timeout": "the service did not start or stop within its time and was killed",
}
_ORDER = (
    ("timeout_signal",),
    ("out_of_memory_kill",),
    ("out_of_memory_task", "service_out_of_memory"),
    ("signal_word", "signal_report"),
    ("run_failed",),
    ("kernel_fault", "core_dumped"),
    tuple(_REPORTERS),
    ("job_canceled",),
    ("service_result",),
)
"""Families of reports, the most telling first. Of several reports of one rank the last counts."""
_ANYWHERE = ("out_of_memory_kill", "out_of_memory_task", "signal_word", "run_failed")
"""Families whose lines count where further lines of the program follow: each writer has a buffer of its own."""


def reported_exits(facts: LogFacts, unexplained: Ended) -> Iterator[Explanation]:
    """Yield the ends other than success that lines report, the most telling first.

    `unexplained` is how the run ended according to its other files. A CI system reports the exit code of a whole step,
    which another command may have caused: where the program completed, only a signal or a timeout counts. SIGTERM at
    the end of the requested time is that of a timeout.
    """
    reports = [each for each in _reports(facts) if each.family in _ANYWHERE or not facts.continues_after(each.ref)]
    for families in _ORDER:
        for each in reversed([each for each in reports if each.family in families]):
            explanation = report(each)
            if explanation is None or (unexplained is Ended.COMPLETED and _is_of_a_step(each, explanation[0])):
                continue
            ended, code, text, ref = explanation
            stopped = unexplained is Ended.TIMEOUT and "SIGTERM" in text
            yield (Ended.TIMEOUT, DiagnosisCode.TIMEOUT, text, ref) if stopped else (ended, code, text, ref)


def undecided_exits(facts: LogFacts) -> Iterator[Explanation]:
    """Yield reports of ends other than success of a service of which nothing tells that it is the run's."""
    for each in facts.undecided:
        if (found := report(each)) is not None and not facts.continues_after(each.ref):
            text = found[2].replace("the program", "a service").replace("the service", "a service")
            text = f"{text}; whether {_process(each)} ran the program is not known"
            yield Ended.UNKNOWN, DiagnosisCode.UNDECIDED_EXIT, text, each.ref


def reported_success(facts: LogFacts) -> Iterator[Explanation]:
    """Yield the last report of an exit code 0."""
    for each in reversed(list(_reports(facts))):
        if each.family in _REPORTERS and _status(each) == 0 and not facts.continues_after(each.ref):
            text = f"{_reporter(each)} reports: the program ended with exit code 0"
            yield Ended.COMPLETED, DiagnosisCode.EXIT_CODE, text, each.ref


def earlier_ends(facts: LogFacts) -> tuple[EndingLine, ...]:
    """Return the lines that may explain the end of an earlier life."""
    return tuple(
        each
        for each in facts.earlier
        if not any(each.family in families for families in _ORDER)
        or (_concerns_run(each, facts.earlier) and report(each) is not None)
    )


def earlier_crashes(facts: LogFacts) -> tuple[EndingLine, ...]:
    """Return the lines that show that an earlier life crashed or was killed."""
    return tuple(
        each
        for each in facts.earlier
        if _is_crash(each)
        or (_concerns_run(each, facts.earlier) and (found := report(each)) and found[0] is not Ended.TIMEOUT)
    )


def other_processes(facts: LogFacts) -> dict[Ref, str]:
    """Return the lines that report an end of another process than the run's, with its name."""
    foreign = {each.ref: _process(each) or each.sender for each in facts.foreign}
    return foreign | {
        each.ref: _process(each) or each.fields["command"].split()[0]
        for each in (*facts.earlier, *facts.endings)
        if not _concerns_run(each, (*facts.earlier, *facts.endings)) and (_process(each) or each.fields["command"])
    }


def report(each: EndingLine) -> Explanation | None:
    """Return what a line reports of the end of a process; None for a success and for lines of other families."""
    ref, family = each.ref, each.family
    if family in ("out_of_memory_kill", "out_of_memory_task"):
        return Ended.KILLED, DiagnosisCode.OUT_OF_MEMORY, "the kernel's out-of-memory killer ended the program", ref
    if family == "service_out_of_memory":
        return (
            Ended.KILLED,
            DiagnosisCode.OUT_OF_MEMORY,
            "systemd reports: memory ran out, so the service was killed",
            ref,
        )
    if family in ("kernel_fault", "core_dumped"):
        fault = each.fields.get("fault", "a signal and dumped core")
        return Ended.KILLED, DiagnosisCode.SIGNAL, f"the program died of {fault}", ref
    if family == "timeout_signal":
        return Ended.TIMEOUT, DiagnosisCode.TIMEOUT, f"timeout stopped the program with SIG{each.fields['signal']}", ref
    if family == "job_canceled":
        return Ended.KILLED, DiagnosisCode.CANCELED, f"the CI system ended the job: {each.fields['word']}", ref
    if family == "service_result":
        return _by_result(each.fields["result"], ref)
    if family in ("signal_word", "signal_report"):
        return _by_shell(each)
    if family == "run_failed":
        return _by_cargo(each)
    return _by_status(each) if family in _REPORTERS else None


def _reports(facts: LogFacts) -> Iterator[EndingLine]:
    return (each for each in facts.endings if _concerns_run(each, facts.endings))


def _concerns_run(each: EndingLine, others: Sequence[EndingLine]) -> bool:
    """Return true unless the line is about a process that is not the run's.

    Where several containers or services ended, those that are named like the program count alone.
    """
    if each.family in _KERNEL_FAMILIES:
        return not (name := _process(each)) or _RUN_PROCESS.match(name) is not None
    if each.family == "signal_report":
        return RUN_COMMAND.search(each.fields["command"]) is not None
    name = _process(each)
    return (
        not name
        or RUN_COMMAND.search(name) is not None
        or not any(RUN_COMMAND.search(_process(other)) for other in others if other.family == each.family)
    )


def _process(each: EndingLine) -> str:
    names = (each.fields.get(key) for key in ("process", "reaped", "program", "oomd"))
    return next((name for name in names if name), "")


def _is_crash(each: EndingLine) -> bool:
    """Return true for the program's own last words about a crash."""
    if each.family in ("panic", "panic_quoted"):
        return each.fields["thread"] == "main"
    return each.family in ("stack_overflow", "fatal_runtime_error", "panic_abort", "allocation_failed")


def _is_of_a_step(each: EndingLine, ended: Ended) -> bool:
    return each.family == "job_exit" and ended is Ended.CRASHED


def _by_result(result: str, ref: Ref) -> Explanation:
    if result in _RESULTS:
        code = DiagnosisCode.OUT_OF_MEMORY if result == "oom-kill" else DiagnosisCode.SIGNAL
        return Ended.KILLED, code, f"systemd reports: {_RESULTS[result]}", ref
    return Ended.CRASHED, DiagnosisCode.EXIT_CODE, f"systemd reports: the service failed ({result})", ref


def _by_shell(each: EndingLine) -> Explanation:
    word = each.fields["word"]
    if word.startswith("Exit "):
        return _exit_code(int(word.removeprefix("Exit ")[:_MAX_DIGITS]), "the shell", each.ref)
    name = " (SIGTERM)" if word.startswith("Terminated") else ""
    text = each.text.strip() if each.family == "signal_word" else word
    return Ended.KILLED, DiagnosisCode.SIGNAL, f"the shell reports: {text}{name}", each.ref


def _by_cargo(each: EndingLine) -> Explanation:
    if name := each.fields.get("signal"):
        return Ended.KILLED, DiagnosisCode.SIGNAL, f"cargo reports: the program died of {name}", each.ref
    text = f"cargo reports: the program ended with exit code {each.fields['exit_code']}"
    return Ended.CRASHED, DiagnosisCode.EXIT_CODE, text, each.ref


def _by_status(each: EndingLine) -> Explanation | None:
    status = _status(each)
    return None if status == 0 else _exit_code(status, _reporter(each), each.ref)


def _exit_code(status: int, reporter: str, ref: Ref) -> Explanation:
    if status == _TIMEOUT_STATUS:
        text = f"{reporter} reports: timeout stopped the program at the end of its time (exit code {status})"
        return Ended.TIMEOUT, DiagnosisCode.TIMEOUT, text, ref
    if (name := linux_signal_name(status - _SIGNAL_BASE)) is not None:
        text = f"{reporter} reports: the program died of {name} (exit code {status} is 128 + {status - _SIGNAL_BASE})"
        return Ended.KILLED, DiagnosisCode.SIGNAL, text, ref
    hint = ", that of a panic" if status == _PANIC_STATUS else ""
    return (
        Ended.CRASHED,
        DiagnosisCode.EXIT_CODE,
        f"{reporter} reports: the program ended with exit code {status}{hint}",
        ref,
    )


def _reporter(each: EndingLine) -> str:
    name = _process(each)
    return f"{_REPORTERS[each.family]} ({name})" if name else _REPORTERS[each.family]


def _status(each: EndingLine) -> int:
    """Return the exit status as a shell counts it: 128 plus the signal's number after a signal."""
    name = each.fields.get("signal") or each.fields.get("by") or ""
    if name.isdecimal() and name != "0":
        return _SIGNAL_BASE + int(name[:_MAX_DIGITS])
    if (number := linux_signal_number(name)) is not None:
        return _SIGNAL_BASE + number
    status = int((each.fields.get("status") or each.fields.get("code") or "0")[:_MAX_DIGITS])
    return status + _SIGNAL_BASE if each.fields.get("how") in ("killed", "dumped") else status
