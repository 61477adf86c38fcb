"""Output of the commands: results go to stdout or a file, messages to stderr."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from toolkit.cli.boundary.streams import discard
from toolkit.cli.boundary.whole_files import write_whole


def emit(text: str, output: Path | None = None) -> None:
    """Write a result to `output`, or to stdout if None, ending in exactly one newline.

    A file is replaced whole or not at all. Raises `InputError` if it cannot be written.
    """
    text = text.rstrip("\n") + "\n"
    if output is None:
        _print(text)
        return
    write_whole(output, text.encode(errors="backslashreplace"))


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)


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


def note(text: str) -> None:
    """Print a message to stderr, with secrets masked and control characters made visible."""
    from reports.escape import visible
    from toolkit.model.redaction import redact

    sys.stderr.write(f"toolkit: {visible(redact(text))}\n")
