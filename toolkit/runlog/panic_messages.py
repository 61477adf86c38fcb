"""Lines of a panic's message: text of the program or from outside, which may look like records.

A panic's first line announces the message on the lines after it. A note or a backtrace follows the message of a
process's first panic. In the form before Rust 1.73 the source position follows the message, on the same line. The
supervisor of a task repeats the message, and says after it when it will restart the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from toolkit.runlog.bulk.numbers import BlockLines

MAX_MESSAGE_LINES = 64
"""Lines after a panic's first line among which the end of its message is searched."""
LIKELY_LINES = 16
"""Lines after it among which text of the message is looked for if no line shows where it ends."""
_AFTER = re.compile(r"note: run with `RUST_BACKTRACE=|stack backtrace:")
_POSITION = re.compile(r"', [^' ]+:\d+:\d+$")
_RESTART = re.compile(r", restarting in [\w.]+$")
_PANIC, _SUPERVISED = b" panicked at ", b" panicked (restart #"
_SUPERVISED_END = re.compile(rb", restarting in [\w.]+\s*$", re.MULTILINE)
_END = re.compile(
    rb"note: run with `RUST_BACKTRACE=|stack backtrace:|panicked \(restart #|', [^' \n]+:\d+:\d+\s*$", re.MULTILINE
)


def follows_message(text: str) -> bool:
    """Return true for a line that the program prints after the message of a panic."""
    return _AFTER.match(text) is not None


def ends_quoted_message(text: str) -> bool:
    """Return true for the last line of a message between quotation marks."""
    return _POSITION.search(text) is not None


def ends_supervised_message(text: str) -> bool:
    """Return true for the last line of a message that the supervisor of a task repeats."""
    return _RESTART.search(text) is not None


def possible_message_lines(lines: BlockLines) -> set[int]:
    """Return the indexes of the lines of a block that may belong to a panic's message, up to the end of the message.

    The panic's first line may be in the block before.
    """
    found = set[int]()
    ends = _MessageEnds(lines, _END)
    for first in (-1, *_lines_with(_PANIC, lines)):
        found.update(_lines_after(first, ends, lines, LIKELY_LINES + 1))
    ends = _MessageEnds(lines, _SUPERVISED_END)
    for first in _lines_with(_SUPERVISED, lines):
        found.update(_lines_after(first, ends, lines, 0))
    return found


class _MessageEnds:
    """Places in a block at which messages may end, searched once for panics that stand close together."""

    def __init__(self, lines: BlockLines, end_of_message: re.Pattern[bytes]) -> None:
        self._lines = lines
        self._pattern = end_of_message
        self._searched = 0
        self._last = 0

    def last_within(self, start: int, stop: int) -> int:
        """Return the offset of the last end between two ends of lines, 0 without one; calls go forward in the block."""
        for match in self._pattern.finditer(self._lines.data, max(start, self._searched), max(stop, self._searched)):
            self._last = match.start()
        self._searched = max(stop, self._searched)
        return self._last if self._last >= start else 0


def _lines_with(text: bytes, lines: BlockLines) -> Iterator[int]:
    at = lines.data.find(text)
    while at >= 0:
        yield int(np.searchsorted(lines.starts, at, side="right")) - 1
        at = lines.data.find(text, at + 1)


def _lines_after(first: int, ends: _MessageEnds, lines: BlockLines, least: int) -> range:
    """Return the indexes of the lines after `first` up to the last possible end of the message, or `least` of them."""
    last = min(first + MAX_MESSAGE_LINES + 1, len(lines) - 1)
    if last <= first:
        return range(0)
    start = int(lines.ends[first]) if first >= 0 else 0
    # Where the block ends first, the end of the message may be in the next one.
    at = len(lines.data) if last == len(lines) - 1 else ends.last_within(start, int(lines.ends[last]))
    end = int(np.searchsorted(lines.starts, at, side="right"))
    return range(first + 1, min(max(end, first + 1 + least), len(lines)))
