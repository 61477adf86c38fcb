"""Lines at the end of a log's part, of which the rest may be in the next part."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.wrapping.kinds import Wrapping


@dataclass(frozen=True, slots=True)
class UnendedLine:
    """The last line of a file if it has no newline; its rest may be the first line of the log's next part."""

    piece: bytes
    ref: Ref
    byte: int
    at_ms: int | None = None
    files: tuple[int, ...] = ()
    """Numbers of the files that hold a piece of it, each piece one line."""
    wrapped: bytes = b""
    """The line with its wrapping; empty for a plain log."""
    layers: tuple[Wrapping, ...] = ()
    """The wrappings of its file. Those detected in the next part may be others, as both have a part of a line."""


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Place of a line: its file's number, its number from 1, and the offset of its first byte."""

    file_no: int
    line: int
    byte: int
