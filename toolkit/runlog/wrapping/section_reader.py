"""Blocks of a log whose lines may be wrapped: no line that a collector split crosses two blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from toolkit.runlog.wrapping.kinds import Wrapping
from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import Block

_MAX_OPEN_BYTES = 16 << 20
"""Bytes that are held back because the rest of a split line may follow."""

T = TypeVar("T")


@dataclass
class OpenLines:
    """The last lines of a log's part whose rest may be in the next part; `block` is None if there are none."""

    block: Block | None = None

    @property
    def count(self) -> int:
        """Number of the lines."""
        return self.block.data.count(b"\n") if self.block else 0


Read = Callable[[Block, UnwrappedLines | None, int], tuple[T, Sequence[bytes]]]
"""Function that makes something of a block.

It gets the block, its lines without their wrappings, None for a plain log, and the number of the lines that are of the
log's part before. It also returns lines that hold the program's words and were not understood.
"""


def wrapped_blocks(stream: Iterable[Block], layers: Sequence[Wrapping]) -> Iterator[tuple[Block, UnwrappedLines]]:
    """Yield the blocks of a log whose lines all have these wrappings, with their unwrapped lines."""

    def lines_of(
        block: Block, lines: UnwrappedLines | None, _: int
    ) -> tuple[tuple[Block, UnwrappedLines], list[bytes]]:
        return (block, lines or LogWrappings().unwrap(_lines_of(block))), []

    return SectionReader(LogWrappings(tuple(layers)), lines_of).blocks(stream)


@dataclass
class SectionReader(Generic[T]):
    """Reader of a log whose wrapping may change: a block that shows a further wrapping is read again.

    `begun` are the open lines of the log's part before. Where the log's next part follows (`rest_follows`), the open
    lines at the end are left in `begun`.
    """

    wrappings: LogWrappings
    read: Read[T]
    begun: OpenLines = field(default_factory=OpenLines)
    rest_follows: bool = False
    _kept: Block | None = None
    _before: int = 0
    """Number of the lines kept that are of the part before."""

    def blocks(self, stream: Iterable[Block]) -> Iterator[T]:
        """Yield what `read` makes of each block of a file."""
        self._before, self._kept, self.begun.block = self.begun.count, self.begun.block, None
        for block in stream:
            if block.torn or block.skipped:
                yield from self._kept_lines()
                wrapped = self.wrappings.are_wrapped
                yield self.read(block, self.wrappings.unwrap([block.data]) if wrapped else None, 0)[0]
                continue
            kept = b"" if self._kept is None else self._kept.data
            # The numbers and offsets of lines of the part before are below those of the first line.
            first_line, first_byte = block.first_line - kept.count(b"\n"), block.first_byte - len(kept)
            yield from self._block(Block(kept + block.data, first_line, first_byte))
        if self._kept is not None and self.rest_follows and not self._before:
            self.begun.block = self._kept
        else:
            yield from self._kept_lines()

    def _kept_lines(self) -> Iterator[T]:
        if self._kept is not None:
            yield from self._block(self._kept, may_keep=False)

    def _block(self, block: Block, may_keep: bool = True) -> Iterator[T]:
        """Yield what `read` makes of a block, unless all of it is kept until the next one."""
        while True:
            part, lines, kept = self._unwrapped(block, may_keep)
            before = min(self._before, part.data.count(b"\n")) if self._before else 0
            result = self.read(part, lines, before) if part.data else None
            if result is None or not self.wrappings.learn(result[1]):
                break
        self._kept, self._before = kept, self._before - before
        if result is not None:
            yield result[0]

    def _unwrapped(self, block: Block, may_keep: bool) -> tuple[Block, UnwrappedLines | None, Block | None]:
        """Return a block without the lines whose rest may follow, its unwrapped lines, and the block of those lines."""
        if not self.wrappings.are_wrapped:
            return block, None, None
        lines = _lines_of(block)
        unwrapped = self.wrappings.unwrap(lines)
        part, kept = _split_block(block, lines, unwrapped.open_from) if may_keep else (block, None)
        return part, unwrapped if kept is None else self.wrappings.unwrap(lines[: unwrapped.open_from]), kept


def _lines_of(block: Block) -> list[bytes]:
    return block.data.split(b"\n")[:-1]


def _split_block(block: Block, lines: Sequence[bytes], at: int) -> tuple[Block, Block | None]:
    """Split a block before its line `at`; the second half is None if it is empty, or too long to be one line."""
    rest = sum(len(line) + 1 for line in lines[at:])
    if not rest or rest > _MAX_OPEN_BYTES:
        return block, None
    cut = len(block.data) - rest
    rest_block = Block(block.data[cut:], block.first_line + at, block.first_byte + cut)
    return replace(block, data=block.data[:cut]), rest_block
