"""Where results and messages go: results on standard output or into a file, everything else on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from toolkit.model.errors import ExitCode, InputError, ToolkitError

INTERRUPTED = "interrupted; nothing was stored"


def emit(text: str, output: Path | None = None) -> None:
    """Write a result to `output`, or to standard output when None, ending in exactly one newline.

    Raises `InputError` when the file cannot be written.
    """
    text = text.rstrip("\n") + "\n"
    if output is None:
        _print(text)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(str(output), None, f"cannot be written: {error.strerror}; name another file") from error


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        raise InputError("standard output", None, f"cannot be written: {error.strerror}") from error


def discard_stdout() -> None:
    """Let what is still printed go nowhere: Python would complain when it flushes the closed stream at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Say something to the person at the terminal, never into a result."""
    from reports.escape import visible

    sys.stderr.write(f"toolkit: {visible(text)}\n")


def run_guarded(run: Callable[[], int | None]) -> int:
    """Run a command; turn every error a user is meant to read into its message and exit code.

    A reader that closes the pipe (`| head`) is no error. Ctrl-C ends with 130.
    """
    try:
        return run() or ExitCode.OK
    except ToolkitError as error:
        note(str(error))
        return error.exit
    except KeyboardInterrupt:
        note(INTERRUPTED)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return ExitCode.OK
