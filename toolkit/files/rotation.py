"""Order of the parts of a rotated file, and lines that a rotation cut in two.

A log rotated by size may be cut within a line. The earlier part then ends without a newline, and the next part begins
with the rest of that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from toolkit.runlog.parse import UNKNOWN, parse
from toolkit.runlog.sanitize import strip_decoration

_DATE = r"\d{4}-?\d\d-?\d\d\d*(?:[T_.:-]+\d+)*Z?"
_COMPRESSED = r"\.gz|\.zst"
_ROTATED = re.compile(rf"(.+?)(?:\.(\d{{1,4}})|[.-]({_DATE})((?!{_COMPRESSED})\.[a-z]+)?)?(?:{_COMPRESSED})?", re.ASCII)
_MAX_LINES_PER_PART = 1 << 40
_BOM = b"\xef\xbb\xbf"
_STARTUP_FAMILIES = frozenset(
    {
        "startup",
        "startup_short",
        "effective_setting",
        "config_override",
        "config_refused",
        "build_step",
        "build_warning",
        "build_finished",
        "build_running",
    }
)
_UNENDED_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*)?$")
_OPENING, _QUOTES = " ([{=", '"`'
MAX_JOINED_BYTES = 1 << 20
"""Two halves that are longer together are not joined: no record is nearly as long."""
_PADDING = b"\x00\r\t "


@dataclass(frozen=True, slots=True, order=True)
class RotatedPart:
    """A part of a rotated file: the base name and folder of the file, and the part's position. The oldest is least.

    `run.log.2`, `run.log.1.gz` and `run.log` are three parts, the oldest first. Dated parts are ordered by date, which
    may stand at the end of the name or before its suffix (`run.2026-02-05.log`).
    """

    base: str
    folder: str
    kind: int  # 0: with a date, 1: with a number, 2: with neither, the part written last
    before_last: int  # the negated number
    date: str

    def continues(self, before: RotatedPart) -> bool:
        """Return whether this part was written later than `before` and both are parts of the same file."""
        return (self.base, self.folder) == (before.base, before.folder) and before < self

    def adjoins(self, before: RotatedPart) -> bool:
        """Return whether this part continues `before` and their numbers leave no part out; dates never do."""
        return self.continues(before) and (before.kind != 1 or self.before_last - before.before_last <= 1)


def rotated_part(name: str) -> RotatedPart:
    """Parse a file name into the part of a rotated file; a name without number or date is the part written last."""
    pure = PurePath(name)
    match = _ROTATED.fullmatch(pure.name)
    base, number, date, suffix = match.groups() if match else (pure.name, None, None, None)
    kind = 0 if date else 1 if number else 2
    return RotatedPart(base + (suffix or ""), str(pure.parent), kind, -int(number or 0), date or "")


@dataclass(frozen=True, slots=True)
class WholeLog:
    """A log of one or more adjoining parts, with one line numbering that increases over all parts.

    `files` are the file numbers of the parts, the oldest first. A line number of the whole log combines the index of
    the part and the one-based line in it.
    """

    files: tuple[int, ...]

    def line(self, file_no: int, line: int) -> int:
        """Return the line number in the whole log of a line of one part. Raises `ValueError` for another log's file."""
        return self.files.index(file_no) * _MAX_LINES_PER_PART + line

    def ref(self, line: int) -> tuple[int, int]:
        """Return the file number and the line in that file of a line of the whole log."""
        index, line_in_part = divmod(line, _MAX_LINES_PER_PART)
        return self.files[index], line_in_part


def missing_parts(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each two consecutive parts of a rotated file that have a missing part between them.

    `names` are the files of a run in their order.
    """
    for before, after in pairwise(names):
        part, earlier = rotated_part(after), rotated_part(before)
        if part.continues(earlier) and not part.adjoins(earlier):
            yield before, after


_NAME = "process"
"""Field of records that begin with the name of a process."""


def is_continuation(head: bytes, rest: bytes, awaited: bool = False) -> bool:
    """Return whether `rest`, the first line of a part, completes `head`, the unended last line of the part before.

    It does if it is no known record and both together are one, or if `awaited` is true: the line before `head`
    announced it, as the first line of a panic announces its message. It also does if it is a known record that `head`
    quotes, after a blank, bracket or quotation mark that is not closed. A record of a program's startup is never
    quoted: the program before it was killed while it wrote `head`.
    """
    if len(head) + len(rest) > MAX_JOINED_BYTES:
        return False
    if _UNENDED_ESCAPE.search(_decoded(head)):
        return True
    head_text, stamped_ms = strip_decoration(_decoded(head))
    if not head_text or not rest.strip(_PADDING):
        return bool(head_text) or stamped_ms is not None
    across = [found for found in parse(_decoded(join_line(head, rest))).records if found.column < len(head_text)]
    record, known = parse(_decoded(rest)).records[0], bool(across) and across[-1].family not in UNKNOWN
    alone = record.family
    if not known or alone in UNKNOWN:
        return known or (awaited and alone in UNKNOWN)
    before = parse(_decoded(head)).records[-1]
    if alone == across[-1].family and record.fields.get(_NAME) != across[-1].fields.get(_NAME):
        # The cut is within the name of a process, and the rest of a name is a name.
        return before.family in UNKNOWN
    quoted = head_text[-1] in _OPENING or any(head_text.count(mark) % 2 for mark in _QUOTES)
    return quoted and across[-1] != before and alone not in _STARTUP_FAMILIES


def join_line(head: bytes, rest: bytes) -> bytes:
    """Join the halves of a cut line; a byte-order mark that an editor put before the rest is removed."""
    return head + rest.removeprefix(_BOM)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
