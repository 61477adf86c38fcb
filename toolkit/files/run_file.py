"""One file of a run: how it is opened, and its place among the parts of a rotated file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from toolkit.files.rotation import RotatedPart, rotated_part
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role
from toolkit.runlog.wrapping.kinds import Wrapping
from toolkit.streams.blocks import DecompressedStream, Opener, blocks
from toolkit.streams.small_files import SMALL_FILE_BYTES, read_small

_PEEK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class RunFile:
    """One file of a run.

    `name` identifies the file to the user. `path` is set only if the file is on disk and not compressed. `damaged`
    means that its beginning could not be decompressed completely. `wrapping` is what a log collector put around each
    line of a log, the outermost first; `stamp_ms` is the resolution of the stamps in it.
    """

    file_no: int
    name: str
    role: Role
    opener: Opener
    path: Path | None = None
    damaged: bool = False
    wrapping: tuple[Wrapping, ...] = ()
    stamp_ms: int = 1

    def open(self) -> DecompressedStream:
        """Open the decompressed bytes. Raises `InputError` when the file cannot be read."""
        try:
            return DecompressedStream(self.opener())
        except OSError as error:
            raise InputError(self.name, None, f"cannot be read: {error.strerror or error}") from error

    def content(self, most: int = SMALL_FILE_BYTES) -> bytes:
        """Return all decompressed bytes. Raises `InputError` for more than `most` bytes, and for an unreadable file."""
        with self.open() as stream:
            return read_small(stream, self.name, most)

    def first_line(self) -> bytes | None:
        """Return the first line without its newline; None for an empty file or a line that is too long."""
        with self.open() as stream:
            block = next(blocks(stream, _PEEK_BYTES), None)
        return None if block is None or block.skipped else block.data.split(b"\n", 1)[0]


def continues(file: RunFile, before: RunFile | None) -> bool:
    """Return whether `file` and `before` are parts of one rotated file, and `file` was written later."""
    if before is None or file.role is not before.role:
        return False
    return rotated_part(file.name).continues(rotated_part(before.name))


def adjoins(file: RunFile, before: RunFile | None) -> bool:
    """Return whether `file` continues `before` with no part missing between them, as far as their names show."""
    if before is None or not continues(file, before):
        return False
    return rotated_part(file.name).adjoins(rotated_part(before.name))


def rest_may_follow(file: RunFile, after: RunFile | None) -> bool:
    """Return whether the rest of a line that a log collector split may be in `after`, wrapped as `file` is."""
    if after is None or not file.wrapping or not adjoins(after, file):
        return False
    return [each.example for each in file.wrapping] == [each.example for each in after.wrapping]


def reject_same_positions(files: Iterable[RunFile]) -> None:
    """Raise `InputError` where two of the files have the same position among the parts of a rotated file."""
    positions = dict[tuple[Role, RotatedPart], RunFile]()
    for file in files:
        _reject_same_position(file, positions.setdefault((file.role, rotated_part(file.name)), file))


def _reject_same_position(file: RunFile, other: RunFile) -> None:
    # Two files of the same name come from two folders. The same part in two compressions means that one is older, and
    # the names do not tell which.
    if file.name == other.name:
        return
    part = rotated_part(file.name)
    rename = "" if part.date else f", or name the older one {part.base}.{1 - part.before_last} to have it read before"
    raise InputError(
        f"{other.name} and {file.name}",
        None,
        "hold different content, and their names do not tell which was written first; leave out the one that is a copy"
        + rename,
    )
