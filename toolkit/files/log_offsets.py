"""Where the bytes of a log lie that others tell of: in its one file, or in the parts into which it was rotated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from toolkit.files.discovery import RunFile, adjoins
from toolkit.files.rotation import rotated_part
from toolkit.model.vocabulary import Role


@dataclass(frozen=True, slots=True)
class LogOffsets:
    """A log's files, the oldest first, with the byte of the whole log at which each begins, and the log's size."""

    files: tuple[int, ...]
    begins: tuple[int, ...]
    size: int

    def locate(self, byte: int) -> tuple[int, int]:
        """The number of the file that holds this byte of the log, and the byte there."""
        index = bisect_right(self.begins, byte) - 1
        return self.files[index], byte - self.begins[index]

    def covers(self, byte: int) -> bool:
        """Whether the log reaches up to this byte. One that does not has lost a part, which may be its beginning."""
        return byte <= self.size


def log_offsets(sources: Sequence[RunFile], log: str) -> LogOffsets | None:
    """The log of that name among the sources; None where there is none, or more than one, or a part of it is missing.

    A file that still grows counts with its size at this moment. Raises `InputError` for an unreadable file.
    """
    wanted = PurePath(log).name
    files = [each for each in sources if each.role is Role.LOG and rotated_part(each.name).base == wanted]
    if not files or not all(adjoins(after, before) for before, after in pairwise(files)):
        return None
    begins = [0]
    for each in files:
        begins.append(begins[-1] + _size(each))
    return LogOffsets(tuple(each.file_no for each in files), tuple(begins[:-1]), begins[-1])


def _size(source: RunFile) -> int:
    if source.path is not None:
        return source.path.stat().st_size
    with source.open() as stream:
        while stream.read(1 << 20):
            pass
        return stream.size
