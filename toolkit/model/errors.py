"""Errors shown to users. Each names the file or option at fault and has one exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of all commands, as documented in the README."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    INCONCLUSIVE = 4
    RUN_BLOCKED = 5
    FAULT = 70
    INTERRUPTED = 130


class ToolkitError(Exception):
    """Base class of all errors shown to users; `exit` is the exit code of the command."""

    exit = ExitCode.FAILED


class UsageError(ToolkitError):
    """A command, setting or rule file is invalid (exit 2); the message says what to write instead."""

    exit = ExitCode.USAGE


class InterruptedByUserError(ToolkitError):
    """Ctrl-C ended the command (exit 130); the message says what was stored."""

    exit = ExitCode.INTERRUPTED


class InputError(ToolkitError):
    """An input cannot be used (exit 3).

    `file` is its name as the user typed it. `line` is one-based, None where the fault is not in one line. `why` says
    what is wrong and what to do.
    """

    exit = ExitCode.BAD_INPUT

    def __init__(self, file: str, line: int | None, why: str) -> None:
        self.file = file
        self.line = line
        self.why = why
        super().__init__(f"{file}:{line}: {why}" if line is not None else f"{file}: {why}")
