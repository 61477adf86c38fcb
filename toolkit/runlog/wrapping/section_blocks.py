"""One block of a log whose lines may be wrapped, and how it is read: by itself, in any process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import Block, count_newlines

_MAX_OPEN_BYTES = 16 << 20
"""Bytes that are held back because the rest of a split line may follow."""

T = TypeVar("T")

Read = Callable[[Block, UnwrappedLines | None, int], tuple[T, Sequence[bytes]]]
"""Function that makes something of a block.

It gets the block, its lines without their wrappings, None for a plain log, and the number of the lines that are of the
log's part before. It also returns lines that hold the program's words and were not understood.
"""


@dataclass(frozen=True, slots=True)
class HeldLines:
    """The last lines of a block whose rest may follow, None if there are none; `before` are of the part before."""

    block: Block | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """A block with the lines in front of it that were held back: its first `held` bytes.

    Its first `before` lines are of the log's part before. Its own last lines may be held back again if it `may_hold`;
    `expected` is the number of bytes that are then expected to be.
    """

    block: Block
    held: int = 0
    before: int = 0
    may_hold: bool = False
    expected: int = 0

    @property
    def held_lines(self) -> HeldLines:
        """The lines that were held back."""
        return HeldLines(replace(self.block, data=self.block.data[: self.held]) if self.held else None, self.before)

    @property
    def own(self) -> Block | None:
        """The block without the lines that were held back; None for those alone."""
        return _after(self.block, self.held) if self.held < len(self.block.data) or not self.held else None

    def lines_held(self, size: int) -> HeldLines:
        """Return the lines that follow if the last `size` bytes are held back."""
        if not size:
            return HeldLines()
        rest = _after(self.block, len(self.block.data) - size)
        return HeldLines(rest, max(0, self.before - (rest.first_line - self.block.first_line)))


def with_held(held: HeldLines, block: Block) -> SectionBlock:
    """Return a block with held lines in front of it."""
    data = b"" if held.block is None else held.block.data
    # The numbers and offsets of lines of the part before are below those of the first line.
    whole = Block(data + block.data, block.first_line - count_newlines(data), block.first_byte - len(data))
    return SectionBlock(whole, len(data), held.before, may_hold=True)


def _after(block: Block, cut: int) -> Block:
    """Return what follows the first `cut` bytes of a block."""
    lines = count_newlines(memoryview(block.data)[:cut])
    return replace(block, data=block.data[cut:], first_line=block.first_line + lines, first_byte=block.first_byte + cut)


@dataclass(frozen=True, slots=True)
class SectionResult(Generic[T]):
    """Result of reading a block, None if all of it is held back; its last `held` bytes are.

    `unread` are lines that hold the program's words and were not understood.
    """

    value: T | None
    unread: Sequence[bytes] = ()
    held: int = 0


def read_section(section: SectionBlock, wrappings: LogWrappings, read: Read[T]) -> SectionResult[T]:
    """Read a block without those of its last lines whose rest may follow."""
    block = section.block
    if block.torn or block.skipped:
        return SectionResult(read(block, wrappings.unwrap([block.data]) if wrappings.are_wrapped else None, 0)[0])
    if not wrappings.are_wrapped:
        return SectionResult(*read(block, None, section.before))
    lines = lines_of(block)
    unwrapped = wrappings.unwrap(lines)
    if held := bytes_held(lines, unwrapped) if section.may_hold else 0:
        block = replace(block, data=block.data[: len(block.data) - held])
        lines = lines[: unwrapped.open_from]
        if not lines:
            return SectionResult(None, (), held)
        unwrapped = wrappings.unwrap(lines)
    return SectionResult(*read(block, unwrapped, min(section.before, len(lines))), held)


def expected_held(section: SectionBlock, wrappings: LogWrappings, tail_lines: int) -> int:
    """Return how many of a block's last bytes will be held back, as far as its last `tail_lines` lines show."""
    if not section.may_hold or not wrappings.split_lines:
        return 0
    # The text behind the last newline is empty.
    lines = section.block.data.rsplit(b"\n", tail_lines + 1)[:-1]
    lines = lines[-tail_lines:]
    return bytes_held(lines, wrappings.unwrap(lines))


def bytes_held(lines: Sequence[bytes], unwrapped: UnwrappedLines) -> int:
    """Return the size of the lines whose rest may follow; 0 if they are too long to be one line."""
    size = sum(len(line) + 1 for line in lines[unwrapped.open_from :])
    return size if size <= _MAX_OPEN_BYTES else 0


def lines_of(block: Block) -> list[bytes]:
    """Return the lines of a block that ends with a newline."""
    return block.data.split(b"\n")[:-1]
