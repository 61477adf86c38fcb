"""A line on standard error that says how far a command is: on a terminal only, and only after its first second."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toolkit.model.units import size

QUIET_S, EVERY_S = 1.0, 0.25
TELEMETRY_READ = "read {} of telemetry"
_CLEAR = "\r\x1b[K"


@contextmanager
def progress_line(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function that shows its text in place of what it showed before; the line is gone at the end."""
    if quiet or not sys.stderr.isatty():
        yield lambda _text: None
        return
    due_s, shown = time.monotonic() + QUIET_S, False

    def show(text: str) -> None:
        nonlocal due_s, shown
        if time.monotonic() >= due_s:
            # A line that wraps could not be taken back.
            sys.stderr.write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])
            sys.stderr.flush()
            due_s, shown = time.monotonic() + EVERY_S, True

    try:
        yield show
    finally:
        if shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()


@contextmanager
def byte_progress(quiet: bool, words: str) -> Iterator[Callable[[int], None]]:
    """Give a function that takes the bytes read since its last call; the line is `words` with their sum in it."""
    with progress_line(quiet) as line:
        read = 0

        def progress(octets: int) -> None:
            nonlocal read
            read += octets
            line(words.format(size(read)))

        yield progress
