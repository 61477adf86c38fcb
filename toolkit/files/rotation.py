"""The parts of a rotated log: what their names say, and a record that the rotation cut in two.

Whoever rotates by size cuts wherever the size is reached, also within a line. The part before then ends without a
newline, and the part after begins with the rest of that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from toolkit.runlog.parse import UNKNOWN, parse
from toolkit.runlog.sanitize import cleaned

_DATE = r"\d{4}-?\d\d-?\d\d\d*(?:[T_.:-]+\d+)*Z?"
_PACKED = r"\.gz|\.zst"
_ROTATED = re.compile(rf"(.+?)(?:\.(\d{{1,4}})|[.-]({_DATE})((?!{_PACKED})\.[a-z]+)?)?(?:{_PACKED})?", re.ASCII)
_MOST_LINES = 1 << 40
_BOM = b"\xef\xbb\xbf"
_A_PROCESS_BEGINS = frozenset(
    {"startup", "startup_short", "effective_setting", "build_step", "build_warning", "build_finished", "build_running"}
)
_UNENDED_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*)?$")
_OPEN, _QUOTES = " ([{=", '"`'
LONGEST_JOINED_BYTES = 1 << 20
"""A longer line stays in two: no record is nearly as long."""
_PADDING = b"\x00\r\t "


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """Which file a rotated one was part of (its name and folder), and its place among the parts: the oldest is least.

    `run.log.2`, `run.log.1.gz` and `run.log` are three parts, the oldest first; so are those that carry a date, at the
    end or before their ending (`run.2026-02-05.log`).
    """

    base: str
    folder: str
    kind: int  # 0 has a date, 1 a number, 2 neither: the file that was written last
    before_last: int  # minus the number
    date: str

    def continues(self, before: Part) -> bool:
        """Whether it was written later than `before`, another part of the same file."""
        return (self.base, self.folder) == (before.base, before.folder) and before < self

    def adjoins(self, before: Part) -> bool:
        """Whether it continues `before` with no part between them, as far as numbers tell; dates do not."""
        return self.continues(before) and (before.kind != 1 or self.before_last - before.before_last <= 1)


def part_of(name: str) -> Part:
    """What a file's name says of its place in a rotated log."""
    pure = PurePath(name)
    match = _ROTATED.fullmatch(pure.name)
    base, number, date, ending = match.groups() if match else (pure.name, None, None, None)
    kind = 0 if date else 1 if number else 2
    return Part(base + (ending or ""), str(pure.parent), kind, -int(number or 0), date or "")


@dataclass(frozen=True, slots=True)
class WholeLog:
    """A log of one or more adjoining parts, the oldest first, whose lines are counted on from part to part.

    `files` are the numbers of its files. A line of the whole is its part's place and its line there in one number.
    """

    files: tuple[int, ...]

    def line(self, file_no: int, line: int) -> int:
        """The line of the whole that is this line of a part. Raises `ValueError` for a file that is no part of it."""
        return self.files.index(file_no) * _MOST_LINES + line

    def ref(self, line: int) -> tuple[int, int]:
        """The number of the file, and the line there, of a line of the whole."""
        place, own = divmod(line, _MOST_LINES)
        return self.files[place], own


def missing_after(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of the files of a run in their order: each two between which parts of the same file are missing."""
    for before, after in pairwise(names):
        if part_of(after).continues(part_of(before)) and not part_of(after).adjoins(part_of(before)):
            yield before, after


def is_rest(head: bytes, rest: bytes, awaited: bool = False) -> bool:
    """Whether the first line of a part is the rest of the unended last line of the part before.

    It is if it is no record of its own and the two together are a known record, or the last line was `awaited` by the
    one before it, as a panic's message is. A record of its own is the rest too where a record quotes it: behind a blank
    or a quote that nothing closes. A program's start-up is never quoted: the one before was killed as it wrote.
    """
    if len(head) + len(rest) > LONGEST_JOINED_BYTES:
        return False
    if _UNENDED_ESCAPE.search(_text(head)):
        return True
    own, stamped_ms = cleaned(_text(head))
    if not own or not rest.strip(_PADDING):
        return bool(own) or stamped_ms is not None
    across = [found for found in parse(_text(joined(head, rest))).found if found.column < len(own)]
    alone, known = parse(_text(rest)).found[0].family, bool(across) and across[-1].family not in UNKNOWN
    if not known or alone in UNKNOWN:
        return known or (awaited and alone in UNKNOWN)
    quoted = own[-1] in _OPEN or any(own.count(mark) % 2 for mark in _QUOTES)
    return quoted and across[-1] != parse(_text(head)).found[-1] and alone not in _A_PROCESS_BEGINS


def joined(head: bytes, rest: bytes) -> bytes:
    """The line that was cut; an editor may have put a mark before its rest."""
    return head + rest.removeprefix(_BOM)


def _text(piece: bytes) -> str:
    return piece.decode("utf-8", "replace")
