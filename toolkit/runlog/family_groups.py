"""Families of log lines by what they tell about a run: its build, its end, and who wrote them."""

from __future__ import annotations

BUILD = frozenset(
    ("build_step", "build_lock", "build_error", "build_warning", "build_finished", "build_cause", "caused_by")
)
LAUNCH_ERRORS = frozenset(("library_error", "shell_error"))
"""Lines in which a shell or the dynamic linker reports that it could not start a program."""
CAUSE_FAMILIES = LAUNCH_ERRORS | {
    "other", "build_error", "build_cause", "allocation_failed", "panic", "panic_quoted", "stack_overflow",
    "out_of_memory_kill",
}  # fmt: skip
"""Lines that may show why a build failed. A warning is none: what it warns of may have been overcome."""
EXITS = frozenset((
    "run_failed", "signal_word", "signal_report", "out_of_memory_kill", "out_of_memory_task", "kernel_fault",
    "core_dumped", "service_exit", "service_result", "service_out_of_memory", "container_exit", "manager_exit",
    "job_exit", "job_signal", "job_canceled", "supervised_exit", "timeout_signal",
))  # fmt: skip
"""Lines in which another program reports how a process ended."""
NOT_FROM_PROGRAM = (
    EXITS | BUILD | LAUNCH_ERRORS | {"other", "build_running", "main_error", "own_feed", "supervised_start"}
)
ENDINGS = EXITS | LAUNCH_ERRORS | {
    "startup_error", "main_error", "kill_event", "panic", "panic_quoted", "panic_abort", "stack_overflow",
    "fatal_runtime_error", "allocation_failed", "telemetry_disabled",
}  # fmt: skip
"""Lines that may state why a life ended."""
AFTERMATH = frozenset(("panic_note",))
"""Lines that the program writes after its end was decided."""
KEPT = ENDINGS | {
    "ws_connecting", "startup", "build_finished", "build_error", "build_cause", "applied_book", "audit_other",
}  # fmt: skip
"""Lines of which the facts of a run keep more than their number, the first one and the last one."""
NOT_RUNNING = ENDINGS | NOT_FROM_PROGRAM | AFTERMATH
"""Lines that may follow the end of a program."""
