"""Blocks of a log whose lines may be wrapped: no line that a collector split crosses two blocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from toolkit.runlog.wrapping.kinds import Wrapping
from toolkit.runlog.wrapping.section_blocks import (
    HeldLines,
    Read,
    SectionBlock,
    SectionResult,
    expected_held,
    lines_of,
    read_section,
    with_held,
)
from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import Block
from toolkit.streams.ordered_calls import OrderedCalls

_TAIL_LINES = 1_000
"""Last lines of a block that show what will be held back, unless a line was begun before them."""

T = TypeVar("T")
P = TypeVar("P")

SectionCall = tuple[SectionBlock, LogWrappings]
"""A block, and the wrappings that its lines may have."""


@dataclass
class OpenLines:
    """The last lines of a log's part whose rest may be in the next part; `block` is None if there are none."""

    block: Block | None = None

    @property
    def count(self) -> int:
        """Number of the lines."""
        return self.block.data.count(b"\n") if self.block else 0


def wrapped_blocks(stream: Iterable[Block], layers: Sequence[Wrapping]) -> Iterator[tuple[Block, UnwrappedLines]]:
    """Yield the blocks of a log whose lines all have these wrappings, with their unwrapped lines."""

    def read(block: Block, lines: UnwrappedLines | None, _: int) -> tuple[tuple[Block, UnwrappedLines], list[bytes]]:
        return (block, lines or LogWrappings().unwrap(lines_of(block))), []

    return SectionReader(LogWrappings(tuple(layers)), read).blocks(stream)


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

    def __post_init__(self) -> None:
        self._held = HeldLines(self.begun.block, self.begun.count)
        self.begun.block = None
        self._tail_lines = _TAIL_LINES
        self._again = deque[Block]()
        """Blocks that come before the others of the stream: they were taken from it too early."""

    def blocks(self, stream: Iterable[Block], more_follow: bool = False) -> Iterator[T]:
        """Yield what `read` makes of each block of a file, or of its first ones if `more_follow`."""
        for section in self._sections(iter(stream), more_follow):
            result = read_section(section, self.wrappings, self.read)
            while self.wrappings.learn(result.unread):
                result = read_section(section, self.wrappings, self.read)
            self._held = section.lines_held(result.held)
            if result.value is not None:
                yield result.value
        if not more_follow:
            self.begun.block = self._held.block

    def blocks_ahead(
        self,
        stream: Iterator[Block],
        start: Callable[[Iterator[SectionCall]], OrderedCalls[SectionCall, SectionResult[P]]],
    ) -> Iterator[P]:
        """Yield what the calls that `start` begins make of each block of a file; later blocks may be read before.

        They are read as if no further wrapping was learnt from the blocks before, and as if the lines held back were
        the expected ones. Where it turns out otherwise, they are read again: the result is that of `blocks`.
        """
        calls = start(self._calls(stream))
        for (section, _), result in calls.results():
            later = [each for each, _ in calls.pending]
            if learnt := self.wrappings.learn(result.unread):
                self._held, later = section.held_lines, [section, *later]
            elif result.held != section.expected:
                self._held = section.lines_held(result.held)
                self._tail_lines *= 2
            if learnt or result.held != section.expected:
                self._again.extendleft(own for each in reversed(later) if (own := each.own) is not None)
                calls.restart(self._calls(stream))
            if not learnt and result.value is not None:
                yield result.value
        self.begun.block = self._held.block

    def _calls(self, stream: Iterator[Block]) -> Iterator[SectionCall]:
        """Yield each block after the lines that are expected to be held back then."""
        for section in self._sections(stream):
            expected = expected_held(section, self.wrappings, self._tail_lines)
            self._held = section.lines_held(expected)
            yield replace(section, expected=expected), self.wrappings

    def _sections(self, stream: Iterator[Block], more_follow: bool = False) -> Iterator[SectionBlock]:
        """Yield each block with the lines that are held back when it is asked for."""
        while (block := self._again.popleft() if self._again else next(stream, None)) is not None:
            if not block.torn and not block.skipped:
                yield with_held(self._held, block)
            elif self._held.block is None:
                yield SectionBlock(block)
            else:
                self._again.appendleft(block)
                yield from self._held_lines()
        if not more_follow and (self._held.before or not self.rest_follows):
            yield from self._held_lines()

    def _held_lines(self) -> Iterator[SectionBlock]:
        if (block := self._held.block) is not None:
            yield SectionBlock(block, len(block.data), self._held.before)
