"""Output of the commands: results go to stdout or a file, messages to stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from toolkit.model.errors import ExitCode, InputError, ToolkitError

INTERRUPTED = "interrupted; nothing was stored"


def emit(text: str, output: Path | None = None) -> None:
    """Write a result to `output`, or to stdout if None, ending in exactly one newline.

    Raises `InputError` if the file or stdout cannot be written to.
    """
    text = text.rstrip("\n") + "\n"
    if output is None:
        _print(text)
        return
    emit_bytes(text.encode(), output)


def emit_bytes(content: bytes, output: Path) -> None:
    """Write a result to a file as it is. Raises `InputError` if the file cannot be written."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(content)
    except OSError as error:
        raise InputError(str(output), None, f"cannot be written: {error.strerror}; name another file") from error


_COLORS = {"FAIL": "31", "high": "31", "PASS": "32", "INCONCLUSIVE": "33"}
_COLORED_WORD = re.compile(rf"^( *)({'|'.join(_COLORS)})(?=[ :])", re.MULTILINE)


def colored(text: str) -> str:
    """Return a page for a terminal with verdicts and high findings, where they begin a line, in colour."""
    return _COLORED_WORD.sub(lambda word: f"{word[1]}\x1b[{_COLORS[word[2]]}m{word[2]}\x1b[0m", text)


def emit_page(text: str, format: str, output: Path | None = None) -> None:
    """Write a page as `emit` does; one for a terminal has colours, unless they are disabled."""
    from toolkit.cli.common import colors_disabled

    on_terminal = format == "text" and output is None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    emit(colored(text) if on_terminal and not colors_disabled(sys.argv[1:]) else text, output)


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        why = f"cannot be written: {error.strerror}; write the result to a file with -o"
        raise InputError("standard output", None, why) from error


def discard_stdout() -> None:
    """Redirect stdout to the null device, because Python reports an error when it flushes a closed stream at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """Print a message to stderr, with control characters made visible."""
    from reports.escape import visible

    sys.stderr.write(f"toolkit: {visible(text)}\n")


def run_guarded(run: Callable[[], int | None]) -> int:
    """Run a command and return its exit code; the message of a `ToolkitError` goes to stderr.

    A closed pipe (`| head`) is not an error. Ctrl-C returns 130.
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
