"""Move the byte offsets of arrival times to where the pieces of a log begin in its masked copy."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from toolkit.files.detection import named_log
from toolkit.files.log_offsets import log_offsets
from toolkit.files.run_file import RunFile
from toolkit.model.recorded.arrivals import SCHEMA
from toolkit.model.vocabulary import Role

_OFFSET = re.compile(rb'("byte"\s*:\s*)(\d{1,18})')
_HEADER = re.compile(rb'\{\s*"schema"\s*:\s*"' + re.escape(SCHEMA.encode()))


@dataclass(slots=True)
class MovedLines:
    """Lines of a file whose length changed: where each begins and ends in the original, and its length in the copy."""

    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    moved: list[int] = field(default_factory=list)
    """Number of bytes by which all that follows a line is moved."""

    def add(self, begin: int, length: int, new_length: int) -> None:
        """Add a line, in the order of the file. Lengths are in bytes, newline included."""
        self.begins.append(begin)
        self.ends.append(begin + length)
        self.lengths.append(new_length)
        self.moved.append((self.moved[-1] if self.moved else 0) + new_length - length)

    def place(self, byte: int) -> int:
        """Return the offset in the copy. One within a line stays within it, after its first byte."""
        index = bisect_right(self.ends, byte)
        before = self.moved[index - 1] if index else 0
        if index == len(self.begins) or byte <= self.begins[index]:
            return byte + before
        begin = self.begins[index]
        return begin + before + max(1, min(byte - begin, self.lengths[index] - 1))


def offset_mover(
    file: RunFile, files: Sequence[RunFile], moved: Mapping[int, MovedLines]
) -> Callable[[bytes], bytes] | None:
    """Return a function that moves the offset in a line of `file`, if that has the arrival times of a moved log.

    `files` are the files of the run, `moved` the moved lines of its logs by file number.
    """
    first_line = file.first_line() or b""
    log = named_log(first_line) if file.role is Role.EVENTS and _HEADER.match(first_line) else None
    whole = log_offsets(files, log) if log else None
    if whole is None or not any(moved[number].moved for number in whole.files):
        return None
    parts = [moved[number] for number in whole.files]
    ahead = [0, *accumulate(part.moved[-1] if part.moved else 0 for part in parts)]

    def place(byte: int) -> int:
        number, within = whole.locate(byte)
        index = whole.files.index(number)
        return whole.starts[index] + ahead[index] + parts[index].place(within)

    return lambda line: _OFFSET.sub(lambda found: found[1] + b"%d" % place(int(found[2])), line, count=1)
