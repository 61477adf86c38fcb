"""Lines of a panic's message: text of the program or from outside, which may look like records.

A panic's first line announces the message on the lines after it. A note or a backtrace follows the message of a
process's first panic. In the form before Rust 1.73 the source position follows the message, on the same line. The
supervisor of a task repeats the message, and says after it when it will restart the task.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from toolkit.runlog.bulk.numbers import BlockLines, IntVector, Mask
from toolkit.runlog.bulk.text_search import matching
from toolkit.runlog.interleaving import JOINED

MAX_MESSAGE_LINES = 64
"""Lines after a panic's first line among which the end of its message is searched."""
LIKELY_LINES = 16
"""Lines after it among which text of the message is looked for if no line shows where it ends."""
_AFTER = ("note: run with `RUST_BACKTRACE=", "stack backtrace:")
_POSITION = re.compile(r"', [^' ]+:\d+:\d+$")
_RESTART = re.compile(r", restarting in [\w.]+$")
_PANIC, _SUPERVISED = b" panicked at ", b" panicked (restart #"
_QUOTED_END = re.compile(rb"', [^' \n]+:\d+:\d+\s*$", re.MULTILINE)
_SUPERVISED_END = re.compile(rb", restarting in [\w.]+\s*$", re.MULTILINE)
_END = re.compile(
    rb"note: run with `RUST_BACKTRACE=|stack backtrace:|panicked \(restart #|" + _QUOTED_END.pattern, re.MULTILINE
)
_QUOTED_LINE = r"^thread '[^'\n]*' panicked at '[ -~]*\n"
_SUPERVISED_LINE = r"^ERROR: Supervised task '[^'\n]+' panicked \(restart #[0-9]+[^)\n]*\): [ -~]*\n"
"""Patterns of plain lines that announce a message of which only the last line tells the end."""
_QUOTED_WHOLE, _SUPERVISED_WHOLE = r"', [!-&(-~]+:[0-9]+:[0-9]+\n", r", restarting in [0-9A-Za-z_.]+\n"
"""Patterns of the ends of such lines that hold all of their message."""
_SEVERAL = f" panicked .* panicked |{JOINED}"
"""Pattern of lines that may hold several records."""


def follows_message(text: str) -> bool:
    """Return true for a line that the program prints after the message of a panic."""
    return text.startswith(_AFTER)


def ends_quoted_message(text: str) -> bool:
    """Return true for the last line of a message between quotation marks."""
    return _POSITION.search(text) is not None


def ends_supervised_message(text: str) -> bool:
    """Return true for the last line of a message that the supervisor of a task repeats."""
    return _RESTART.search(text) is not None


class PanicLines(NamedTuple):
    """Masks of lines of a block: those that may belong to a panic's message, and panics that certainly have no other.

    The panics `alone` hold all of their message, or no line that follows can be the last one of it.
    """

    of_messages: Mask
    alone: Mask


def panic_lines(lines: BlockLines) -> PanicLines:
    """Return the lines of a block that may belong to a panic's message, up to the end of the message.

    The panic's first line may be in the block before.
    """
    panics, supervised = lines.with_text(_PANIC), lines.with_text(_SUPERVISED)
    alone = np.zeros(len(lines), np.bool_)
    if len(panics) or len(supervised):
        plain = ~matching(lines.data, _SEVERAL)
        for pattern, end_of_whole, last_line in (
            (_QUOTED_LINE, _QUOTED_WHOLE, _QUOTED_END),
            (_SUPERVISED_LINE, _SUPERVISED_WHOLE, _SUPERVISED_END),
        ):
            is_first = plain & matching(lines.data, pattern)
            is_whole = is_first & matching(lines.data, end_of_whole)
            alone |= is_whole
            open_ = np.flatnonzero((is_first & ~is_whole)[:-1])
            alone[open_[_message_ends(open_, last_line, lines, 0) == open_ + 1]] = True
    of_messages = _lines_after(np.append(-1, panics[~alone[panics]]), _END, lines, LIKELY_LINES + 1)
    of_messages |= _lines_after(supervised[~alone[supervised]], _SUPERVISED_END, lines, 0)
    return PanicLines(of_messages, alone)


def _lines_after(firsts: IntVector, end_of_message: re.Pattern[bytes], lines: BlockLines, least: int) -> Mask:
    """Return a mask of the lines after each of `firsts` that may be of its message."""
    firsts = firsts[firsts < len(lines) - 1]
    return lines_after(firsts, _message_ends(firsts, end_of_message, lines, least), len(lines))


def _message_ends(firsts: IntVector, end_of_message: re.Pattern[bytes], lines: BlockLines, least: int) -> IntVector:
    """Return the index after the last line of a block that may be of the message of each panic at the lines `firsts`.

    That is the last possible end of the message, or the line `least` lines after the panic. The lines `firsts` are
    ascending and not the block's last one; -1 stands before the block.
    """
    lasts = np.minimum(firsts + MAX_MESSAGE_LINES + 1, len(lines) - 1)
    starts, stops = np.append(lines.ends, 0)[firsts], lines.ends[lasts]
    is_whole = lasts < len(lines) - 1
    matches = _matches_within(end_of_message, lines.data, starts[is_whole], stops[is_whole])
    found = np.append(matches, 0)[np.searchsorted(matches, stops) - 1]
    # Where the block ends first, the end of the message may be in the next one.
    found = np.where(is_whole, np.where(found >= starts, found, 0), len(lines.data))
    ends: IntVector = np.maximum(np.searchsorted(lines.starts, found, side="right"), firsts + 1 + least)
    return ends


def lines_after(firsts: IntVector, ends: IntVector, count: int) -> Mask:
    """Return a mask of those of `count` lines that are after one of `firsts` and before its end in `ends`."""
    changes = np.zeros(count + 1, np.int64)
    np.add.at(changes, firsts + 1, 1)
    np.add.at(changes, np.minimum(ends, count), -1)
    mask: Mask = np.cumsum(changes[:-1]) > 0
    return mask


def _matches_within(pattern: re.Pattern[bytes], data: bytes, starts: IntVector, stops: IntVector) -> IntVector:
    """Return the offsets of the matches between any start and its stop; both are ascending, no byte is read twice."""
    begins = np.flatnonzero(np.append(True, starts[1:] > stops[:-1])) if len(starts) else np.zeros(0, np.int64)
    ends = np.append(begins[1:], len(starts))[: len(begins)] - 1
    spans = zip(starts[begins].tolist(), stops[ends].tolist(), strict=True)
    return np.array([match.start() for span in spans for match in pattern.finditer(data, *span)], np.int64)
