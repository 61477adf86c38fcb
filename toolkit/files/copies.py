"""Find files of a run that are copies of others, so that no line is read twice, and files that overlap otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, pairwise

import numpy as np

from toolkit.files import line_sequences
from toolkit.files.detection import EVIDENCE_ROLES
from toolkit.files.line_hashes import NO_TIME, HashedFile, hashed_file, lines_at
from toolkit.files.line_sequences import Anchors, HashVector, IntVector, Stretch
from toolkit.files.rotation import rotated_part
from toolkit.files.run_file import RunFile, reject_same_positions
from toolkit.files.shared_lines import LineIndex, pairs_with_common_anchors
from toolkit.model.vocabulary import MAX_OVERLAPS, Role

_MAX_STAMP_DIFFERENCE_MS = 2_000
"""Times that two collectors stamp on one line differ by less; those of two starts of a program differ by more."""
_LEAST_LINES_OF_PARTS = 200
"""Equal lines in two parts of one rotated log that show a copy: two starts of a program print fewer equal lines."""
_LEAST_STRETCH = 100
"""Equal lines in a row that show an overlap: two runs of a program have up to about 20, after their start."""
_LEAST_SHARE, _LEAST_IN_ORDER = 0.9, 5
"""Share of the lines that occur once in a file which show an overlap if they are in the other file in this order."""
_LEAST_AT_ENDS = {Role.LOG: 3, Role.RX_STATS: 1, Role.TELEMETRY: 1}
"""Equal lines that end one file and begin the other, of which one at least occurs once in both."""
_LEAST_FRAGMENT_BYTES = 20
_CUT_LINES = 2
"""Lines of a file that may both be cut: the first lacks its beginning, or the last its end."""


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A file whose lines are all in the file `of`, as a contiguous part or as a whole; it is not read."""

    file: RunFile
    of: RunFile
    bytes: int
    sha256: str
    lines: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two files that have `lines` equal lines, although neither is a copy of the other.

    The line ranges, first and last, are those in which the equal lines are.
    """

    first: RunFile
    second: RunFile
    lines: int
    first_range: tuple[int, int]
    second_range: tuple[int, int]


@dataclass(frozen=True, slots=True)
class DistinctFiles:
    """The files of a run that are read, with new file numbers; their copies; and overlaps between the files read.

    `overlaps` are the first `MAX_OVERLAPS` of the files of each role. `more_overlap` is true if a role has more,
    which are not looked for after the first of them.
    """

    files: list[RunFile]
    copies: tuple[FileCopy, ...]
    overlaps: tuple[Overlap, ...]
    more_overlap: bool = False


def distinct(files: Sequence[RunFile]) -> DistinctFiles:
    """Separate the copies of logs, telemetry and rx files from the files that are read. Empty files are kept.

    Raises `InputError` where a file cannot be read, and where two files with different content have the same position
    among the parts of a rotated file, for example `run.log` and `run.log.gz`.
    """
    copies: list[FileCopy] = []
    overlaps: list[Overlap] = []
    more_overlap = False
    for role in EVIDENCE_ROLES:
        of_role = [file for file in files if file.role is role]
        if len(of_role) > 1:
            hashed = [_Lines(hashed_file(file)) for file in of_role]
            read, found = _without_copies([each for each in hashed if len(each.file)])
            copies += found
            of_read = list(islice(_overlaps(read), MAX_OVERLAPS + 1))
            overlaps += of_read[:MAX_OVERLAPS]
            more_overlap = more_overlap or len(of_read) > MAX_OVERLAPS
            reject_same_positions([each.file.file for each in read])
    not_read = {id(copy.file) for copy in copies}
    kept = [file for file in files if id(file) not in not_read]
    numbered = [replace(file, file_no=number) for number, file in enumerate(kept)]
    return DistinctFiles(numbered, tuple(copies), tuple(overlaps), more_overlap)


@dataclass(frozen=True)
class _Lines:
    """A file with the hashes of its lines, and the lines that occur once in it."""

    file: HashedFile

    @cached_property
    def anchors(self) -> Anchors:
        return line_sequences.anchors(self.file.hashes)

    @property
    def order(self) -> tuple[int, int, bool, str, int]:
        """Rank by which a file comes before all that may be its copies; names do not matter."""
        file = self.file
        return -len(file), -file.text_bytes, not len(file.at_ms), file.sha256, file.file.file_no


def _without_copies(files: Sequence[_Lines]) -> tuple[list[_Lines], list[FileCopy]]:
    ordered = sorted(files, key=lambda each: each.order)
    index = LineIndex([each.anchors for each in ordered])
    read: dict[int, _Lines] = {}
    copies = []
    for number, each in enumerate(ordered):
        file = each.file
        may_be_fragments = len(file) <= _CUT_LINES and not file.ended
        possible = None if may_be_fragments else index.files_with(_whole_lines(file))
        numbers = read if possible is None else [at for at in possible if at in read]
        whole = next((read[at].file for at in numbers if _is_copy(file, read[at].file)), None)
        if whole is None:
            read[number] = each
        else:
            copies.append(FileCopy(file.file, whole.file, file.size, file.sha256, file.lines))
    return sorted(read.values(), key=lambda each: each.file.file.file_no), copies


def _whole_lines(file: HashedFile) -> HashVector:
    """Return the hashes of the lines that are whole where a file was cut out of another; of two lines, the first."""
    return file.hashes[int(len(file) > _CUT_LINES) : len(file) - int(len(file) > 1)]


def _is_copy(part: HashedFile, whole: HashedFile) -> bool:
    if part.sha256 == whole.sha256:
        return True
    for at in _places(part, whole):
        same = _same_times(part, whole, Stretch(at, 0, len(part)))
        if same or (same is None and not (_are_parts(part, whole) and len(part) < _LEAST_LINES_OF_PARTS)):
            return True
    return False


def _are_parts(a: HashedFile, b: HashedFile) -> bool:
    """Return whether the names are of two parts of one rotated file."""
    one, other = rotated_part(a.file.name), rotated_part(b.file.name)
    return one.continues(other) or other.continues(one)


def _places(part: HashedFile, whole: HashedFile) -> list[int]:
    """Return the indexes in `whole` at which all lines of `part` follow each other.

    The first line of `part` may lack its beginning, and the last one its end if it has no newline.
    """
    count = len(part)
    starts = line_sequences.positions(whole.hashes, _whole_lines(part)) - int(count > _CUT_LINES)
    starts = starts[(starts >= 0) & (starts + count <= len(whole))]
    equal_head = whole.hashes[starts] == part.hashes[0]
    equal_tail = whole.hashes[starts + count - 1] == part.hashes[-1]
    if (equal_head & equal_tail).any():
        return [int(at) for at in starts[equal_head & equal_tail]]
    if count <= _CUT_LINES:
        return _places_of_fragments(part, whole)
    if not len(starts):
        return []
    texts = lines_at(whole, [*starts.tolist(), *(starts + count - 1).tolist()])
    return [
        at
        for at, same_head, same_tail in zip(starts.tolist(), equal_head, equal_tail, strict=True)
        if (same_head or _lacks_beginning(part, texts[at])) and (same_tail or _lacks_end(part, texts[at + count - 1]))
    ]


def _lacks_beginning(part: HashedFile, text: bytes) -> bool:
    return text.endswith(part.first) or (bool(part.file.wrapping) and part.first.endswith(text))


def _lacks_end(part: HashedFile, text: bytes) -> bool:
    # The wrapping of a line without an end cannot be taken off, so its text is not known.
    return not part.ended and (text.startswith(part.last) or bool(part.file.wrapping))


def _places_of_fragments(part: HashedFile, whole: HashedFile) -> list[int]:
    """Return the first index at which one or two lines are found that were cut at the beginning or at the end."""
    if part.ended or len(part.first) + len(part.last) < _LEAST_FRAGMENT_BYTES:
        return []
    if len(part) == 1:
        return next(([at] for at, text in enumerate(whole.texts()) if part.last in text), [])
    pairs = enumerate(pairwise(whole.texts()))
    return next(([at] for at, (a, b) in pairs if a.endswith(part.first) and b.startswith(part.last)), [])


def _same_times(a: HashedFile, b: HashedFile, stretch: Stretch) -> bool | None:
    """Return whether the times stamped on equal lines are the same; None if they have none in one of the files.

    `stretch` gives the lines of `b` first, then those of `a`.
    """
    if not len(a.at_ms) or not len(b.at_ms):
        return None
    at_a = a.at_ms[stretch.second : stretch.second + stretch.lines]
    at_b = b.at_ms[stretch.first : stretch.first + stretch.lines]
    both = (at_a != NO_TIME) & (at_b != NO_TIME)
    return bool(np.median(np.abs(at_a[both] - at_b[both])) <= _MAX_STAMP_DIFFERENCE_MS) if both.any() else None


def _overlaps(files: Sequence[_Lines]) -> Iterator[Overlap]:
    for first, second in pairs_with_common_anchors([each.anchors for each in files]):
        if found := _overlap(files[first], files[second]):
            yield found


def _overlap(first: _Lines, second: _Lines) -> Overlap | None:
    a, b = first.file, second.file
    if stretch := _at_ends(a, b):
        return _as_overlap(a, b, [stretch])
    if stretch := _at_ends(b, a):
        return _as_overlap(a, b, [Stretch(stretch.second, stretch.first, stretch.lines)])
    in_a, in_b, possible = line_sequences.common_anchors(first.anchors, second.anchors)
    in_a, in_b = _with_same_times(a, b, in_a, in_b)
    least = _LEAST_LINES_OF_PARTS if _are_parts(a, b) else _LEAST_IN_ORDER
    in_order = line_sequences.longest_increasing(in_a)
    common = list(line_sequences.stretches(a.hashes, b.hashes, in_a, in_b))
    if in_order >= max(_LEAST_SHARE * possible, least):
        return _as_overlap(a, b, common)
    longest = max(common, key=lambda each: each.lines, default=None)
    return _as_overlap(a, b, [longest]) if longest and longest.lines >= _LEAST_STRETCH else None


def _at_ends(a: HashedFile, b: HashedFile) -> Stretch | None:
    """Return the lines that end `a` and begin `b`, but are not all lines of one; one of them occurs once in both."""
    ends_at = len(a) if a.ended else len(a) - 1
    for begin in (0, 1):
        found = line_sequences.end_to_start(a.hashes[:ends_at], b.hashes[begin:], _LEAST_AT_ENDS[a.file.role])
        if found is None:
            continue
        stretch = Stretch(found.first, found.second + begin, found.lines)
        if stretch.first == 0 or stretch.second + stretch.lines == len(b):
            return None
        if _same_times(b, a, stretch) is not False and _occurs_once(a, b, stretch):
            return stretch
    return None


def _occurs_once(a: HashedFile, b: HashedFile, stretch: Stretch) -> bool:
    few = b.hashes[stretch.second : stretch.second + min(stretch.lines, 64)]
    return any(int((a.hashes == each).sum()) == 1 and int((b.hashes == each).sum()) == 1 for each in few)


def _with_same_times(a: HashedFile, b: HashedFile, in_a: IntVector, in_b: IntVector) -> tuple[IntVector, IntVector]:
    """Return the pairs of equal lines without those on which different times are stamped."""
    if not len(a.at_ms) or not len(b.at_ms):
        return in_a, in_b
    at_a, at_b = a.at_ms[in_a], b.at_ms[in_b]
    same = (at_a == NO_TIME) | (at_b == NO_TIME) | (np.abs(at_a - at_b) <= _MAX_STAMP_DIFFERENCE_MS)
    return in_a[same], in_b[same]


def _as_overlap(a: HashedFile, b: HashedFile, common: Sequence[Stretch]) -> Overlap:
    in_a = (min(each.first for each in common), max(each.first + each.lines for each in common) - 1)
    in_b = (min(each.second for each in common), max(each.second + each.lines for each in common) - 1)
    return Overlap(
        a.file,
        b.file,
        sum(each.lines for each in common),
        (a.line(in_a[0]), a.line(in_a[1])),
        (b.line(in_b[0]), b.line(in_b[1])),
    )
