"""Lines of a panic's message: text of the program or from outside, which may look like records.

A panic's first line announces the message on the lines after it. A note or a backtrace follows the message of a
process's first panic. In the form before Rust 1.73 the source position follows the message, on the same line.
"""

from __future__ import annotations

import re

import numpy as np

from toolkit.runlog.bulk.numbers import BlockLines

MAX_MESSAGE_LINES = 64
"""Lines after a panic's first line among which the end of its message is searched."""
_AFTER = re.compile(r"note: run with `RUST_BACKTRACE=|stack backtrace:")
_POSITION = re.compile(r"', [^' ]+:\d+:\d+$")
_PANIC = b" panicked at "
_END = re.compile(rb"note: run with `RUST_BACKTRACE=|stack backtrace:|', [^' \n]+:\d+:\d+\s*$", re.MULTILINE)


def follows_message(text: str) -> bool:
    """Return true for a line that the program prints after the message of a panic."""
    return _AFTER.match(text) is not None


def ends_quoted_message(text: str) -> bool:
    """Return true for the last line of a message between quotation marks."""
    return _POSITION.search(text) is not None


def possible_message_lines(lines: BlockLines) -> set[int]:
    """Return the indexes of the lines of a block that may belong to a panic's message, up to the end of the message.

    The panic's first line may be in the block before.
    """
    found = set[int]()
    begins, at = [-1], lines.data.find(_PANIC)
    while at >= 0:
        begins.append(int(np.searchsorted(lines.starts, at, side="right")) - 1)
        at = lines.data.find(_PANIC, at + 1)
    for first in begins:
        last = min(first + MAX_MESSAGE_LINES + 1, len(lines) - 1)
        if last > first:
            start = int(lines.ends[first]) if first >= 0 else 0
            end = _END.search(lines.data, start, int(lines.ends[last]))
            # Where the block ends first, the end of the message may be in the next one.
            at = end.start() if end else len(lines.data) if last == len(lines) - 1 else 0
            found.update(range(first + 1, int(np.searchsorted(lines.starts, at, side="right"))))
    return found
