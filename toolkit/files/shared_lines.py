"""Index of the lines of many files, by which only files that have lines in common are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from toolkit.files.line_sequences import Anchors, HashVector, IntVector

_NEXT_FILES = 8
"""Files after each one that are named for a line which many files have."""


class LineIndex:
    """The files that have a line, by the line's hash: all lines of short files, the sampled ones of long files."""

    def __init__(self, files: Sequence[Anchors]) -> None:
        self._mask = max((each.mask for each in files), default=0)
        sampled = [each.sampled(self._mask) for each in files]
        hashes = [np.concatenate([each.hashes, each.repeated]) for each in sampled]
        self._hashes, self._owners = _sorted(hashes)

    def files_with(self, lines: HashVector) -> list[int] | None:
        """Return the numbers of the files that have the rarest of some lines; None where none of them is sampled."""
        sampled = np.unique(lines[(lines & np.uint64(self._mask)) == 0])
        if not len(sampled):
            return None
        begins, ends = (np.searchsorted(self._hashes, sampled, side) for side in ("left", "right"))
        rarest = int(np.argmin(ends - begins))
        return [int(each) for each in self._owners[begins[rarest] : ends[rarest]]]


def pairs_with_common_anchors(files: Sequence[Anchors]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of each two files of which a line occurs once in both, in ascending order.

    Of a line that more than nine files have, only the pairs with the next eight files are named. A long file, of which
    only some lines are sampled, is in a pair with each other file.
    """
    hashes, owners = _sorted([each.hashes for each in files])
    pairs = set[tuple[int, int]]()
    for distance in range(1, _NEXT_FILES + 1):
        same = hashes[distance:] == hashes[:-distance]
        found = np.stack([owners[:-distance][same], owners[distance:][same]], axis=1)
        pairs.update((int(first), int(second)) for first, second in np.unique(found, axis=0))
    long = [number for number, each in enumerate(files) if each.mask]
    pairs.update((min(one, other), max(one, other)) for one in long for other in range(len(files)) if one != other)
    yield from sorted(pairs)


def _sorted(hashes: Sequence[HashVector]) -> tuple[HashVector, IntVector]:
    """Return the hashes of all files in ascending order, and the number of the file of each; equal ones by file."""
    if not hashes:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    values = np.concatenate(hashes)
    owners = np.repeat(np.arange(len(hashes)), [len(each) for each in hashes])
    order = np.argsort(values, kind="stable")
    return values[order], owners[order]
