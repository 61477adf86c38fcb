"""Map byte offsets of a whole log to its file, or to the parts into which it was rotated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath

from toolkit.files.rotation import rotated_part
from toolkit.files.run_file import RunFile, adjoins
from toolkit.model.vocabulary import Role


@dataclass(frozen=True, slots=True)
class LogOffsets:
    """File numbers of a log's parts, the oldest first, and the offset in the whole log at which each part starts.

    Offsets and `size` are in decompressed bytes, zero-based.
    """

    files: tuple[int, ...]
    starts: tuple[int, ...]
    size: int

    def locate(self, byte: int) -> tuple[int, int]:
        """Return the number of the file that holds a byte of the whole log, and the offset of the byte in that file."""
        index = bisect_right(self.starts, byte) - 1
        return self.files[index], byte - self.starts[index]

    def covers(self, byte: int) -> bool:
        """Return whether the log is at least `byte` bytes long. A shorter log has lost a part, perhaps its first."""
        return byte <= self.size


def log_offsets(files: Sequence[RunFile], log: str) -> LogOffsets | None:
    """Return the offsets of the log with that name; None where there is no such log, several, or a part is missing.

    A file that still grows counts with its present size. Raises `InputError` for an unreadable file.
    """
    base = PurePath(log).name
    parts = [each for each in files if each.role is Role.LOG and rotated_part(each.name).base == base]
    if not parts or not all(adjoins(after, before) for before, after in pairwise(parts)):
        return None
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + _size(part))
    return LogOffsets(tuple(part.file_no for part in parts), tuple(starts[:-1]), starts[-1])


def _size(file: RunFile) -> int:
    if file.path is not None:
        return file.path.stat().st_size
    with file.open() as stream:
        while stream.read(1 << 20):
            pass
        return stream.size
