"""Progress line on stderr, shown only on a terminal and only after the first second."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toolkit.model.units import size

DELAY_S, REFRESH_S = 1.0, 0.25
TELEMETRY_READ = "read {} of telemetry"
_CLEAR = "\r\x1b[K"


@contextmanager
def progress_line(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that replaces the text of the line; the line is erased at the end."""
    if quiet or not sys.stderr.isatty():
        yield lambda _text: None
        return
    due_s, shown = time.monotonic() + DELAY_S, False

    def show(text: str) -> None:
        nonlocal due_s, shown
        if time.monotonic() >= due_s:
            # Cut to the terminal's width, because a line that wraps cannot be erased.
            sys.stderr.write(_CLEAR + text[: shutil.get_terminal_size().columns - 1])
            sys.stderr.flush()
            due_s, shown = time.monotonic() + REFRESH_S, True

    try:
        yield show
    finally:
        if shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()


@contextmanager
def byte_progress(quiet: bool, template: str) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the bytes read since its last call; `{}` in `template` becomes their sum."""
    with progress_line(quiet) as show:
        total = 0

        def progress(new_bytes: int) -> None:
            nonlocal total
            total += new_bytes
            show(template.format(size(total)))

        yield progress
