"""The errors users meet: each says who and where, and each has one exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command, as printed in the README."""

    OK = 0
    FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    INCONCLUSIVE = 4
    RUN_BLOCKED = 5
    INTERRUPTED = 130


class ToolkitError(Exception):
    """Base of every error a user is meant to read; `exit` is the code the command ends with."""

    exit = ExitCode.FAILED


class UsageError(ToolkitError):
    """The command, a setting or a rule file was written wrongly (exit 2); the message says what to write instead."""

    exit = ExitCode.USAGE


class InterruptedByUserError(ToolkitError):
    """Ctrl-C ended the command (exit 130); the message says what it left."""

    exit = ExitCode.INTERRUPTED


class InputError(ToolkitError):
    """An input cannot be used (exit 3).

    `file` names it as the user typed it, `line` is one-based or None where no line is to blame, `why` says what is
    wrong and what to do about it.
    """

    exit = ExitCode.BAD_INPUT

    def __init__(self, file: str, line: int | None, why: str) -> None:
        self.file = file
        self.line = line
        self.why = why
        super().__init__(f"{file}:{line}: {why}" if line is not None else f"{file}: {why}")
