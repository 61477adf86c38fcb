"""A block of a log taken apart: all that can be said of its lines without those before it.

Several processes do this at once; what is said is for one of them to put in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import BinaryIO

import numpy as np

from toolkit.runlog.bulk.columns import BlockTables, columns
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.bulk.rx_columns import all_integers
from toolkit.runlog.bulk.templates import LineGroup, TemplateMatcher
from toolkit.runlog.facts import ENDINGS
from toolkit.runlog.interleaving import may_continue_on_next_line
from toolkit.runlog.parse import RX_STATS, UNKNOWN, LogRecord, ParsedLine, parse
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.session_lines import session_line
from toolkit.streams.blocks import BLOCK_BYTES, Block, blocks

_LEFT_OPEN = {0, 1}
"""The lines of a block that those before it may have left something open for: the second where a file before it had the
first."""


@dataclass(frozen=True, slots=True)
class SingleLine:
    """A line that was parsed by itself: its place in the block, and its first byte in the file."""

    index: int
    byte: int
    text: str
    parsed: ParsedLine

    def __reduce__(self) -> tuple[type[SingleLine], tuple[object, ...]]:
        return SingleLine, (self.index, self.byte, self.text, self.parsed)


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """What lines that were taken together have in common, how many they are, and the first and the last of them."""

    record: LogRecord
    count: int
    first: tuple[int, str]
    last: tuple[int, str]


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """A block of `lines` lines, which are either among `single` or among those that `told` and `columns` are of.

    `head` is the first line. A block that is `skipped` or `torn` is that line alone, and nothing more is said of it.
    """

    first_byte: int
    head: bytes
    lines: int = 1
    single: Sequence[SingleLine] = ()
    told: Sequence[GroupSummary] = ()
    columns: BlockTables | None = None
    torn: bool = False
    skipped: bool = False


def log_templates() -> TemplateMatcher:
    """Where the shapes of a log's lines are learnt."""
    return TemplateMatcher(_same_whatever_its_numbers, may_continue_on_next_line)


def parse_block(block: Block, repeats: TemplateMatcher) -> ParsedBlock:
    """Say all of a block that needs none before it."""
    if block.torn or block.skipped:
        return ParsedBlock(block.first_byte, block.data, torn=block.torn, skipped=block.skipped)
    lines = BlockLines(block.data)
    groups, left = repeats.sort(lines, _LEFT_OPEN)
    single = [_read(lines, index, block.first_byte) for index in left]
    groups, first_of_their_kind = _apart(groups, list(rejoin_records(single, None)))
    single += [_read(lines, index, block.first_byte) for index in first_of_their_kind]
    return ParsedBlock(
        block.first_byte,
        lines[0],
        len(lines),
        sorted(single, key=lambda each: each.index),
        [_told(group) for group in groups],
        columns(groups, lines, block.first_byte),
    )


def parse_span(path: Path, start: int, end: int) -> list[ParsedBlock]:
    """The blocks between two byte offsets of a plain file, one but where a line is too long."""
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        # A span ends with the first line that ends behind a block's size.
        spanned = blocks(_Within(file, end - start), 2 * BLOCK_BYTES)
        return [parse_block(replace(block, first_byte=start + block.first_byte), _own_shapes()) for block in spanned]


@cache
def _own_shapes() -> TemplateMatcher:
    """What this process knows, from whichever span."""
    return log_templates()


class _Within:
    """The next octets of a file, and no more."""

    def __init__(self, file: BinaryIO, octets: int) -> None:
        self._file = file
        self._left = octets

    def read(self, size: int) -> bytes:
        """Some of them, at most `size`; none at their end."""
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


def rejoin_records(single: Iterable[SingleLine], begun: str | None) -> Iterator[SingleLine]:
    """The lines, and in place of the rest of a record that another one broke the whole of it.

    `begun` is the beginning of one that the line before them left open.
    """
    for each in single:
        if begun is not None and each.parsed.records[0].family in UNKNOWN:
            whole = begun + strip_decoration(each.text)[0]
            line = parse(whole)
            if line.records[0].family not in UNKNOWN:
                each = replace(each, text=whole, parsed=replace(line, stamped_ms=each.parsed.stamped_ms))
        begun = each.parsed.partial
        yield each


def _read(lines: BlockLines, index: int, first_byte: int) -> SingleLine:
    return parse_single(lines[index], index, first_byte + int(lines.starts[index]))


def parse_single(piece: bytes, index: int, byte: int) -> SingleLine:
    """Parse a line."""
    text = piece.decode("utf-8", "replace")
    return SingleLine(index, byte, text, parse(text))


def _told(group: LineGroup) -> GroupSummary:
    ends = [(index, group.lines[index].decode()) for index in (int(group.indexes[0]), int(group.indexes[-1]))]
    return GroupSummary(group.plan.record, len(group.indexes), *ends)


def _same_whatever_its_numbers(found: LogRecord) -> bool:
    """Whether lines of this kind may be taken together: nothing waits for them in their order but a session's stage."""
    if found.family == RX_STATS:
        return all_integers(found.fields)
    if found.family in _TOLD_ALONE:
        return False
    if found.family in (*_STAGES, *_BOOKS):
        return True
    return session_line(found, (0, 0)) is None and found.family != "applied_book"


def _apart(groups: Sequence[LineGroup], single: Sequence[SingleLine]) -> tuple[list[LineGroup], list[int]]:
    """Take from groups of stages the lines that may bring a session further: the first after each turn of its venue.

    A book counts once its session has reached another stage, so that the lines taken for that are turns for it.
    """
    turns: dict[str | None, list[int]] = {}
    for each in single:
        for found in each.parsed.records:
            if (event := session_line(found, (0, 0))) is not None:
                turns.setdefault(event.venue, []).append(each.index)
    rest = [group for group in groups if group.plan.record.family not in (*_STAGES, *_BOOKS)]
    firsts = list[int]()
    for families in (_STAGES, _BOOKS):
        known = {venue: np.sort(np.array(own, np.int64)) for venue, own in turns.items()}
        for group in groups:
            if group.plan.record.family in families:
                venue = group.plan.record.venue
                since = np.searchsorted(known.get(venue, _NO_TURNS), group.indexes)
                first = np.diff(since, prepend=-1) > 0
                turns.setdefault(venue, []).extend(group.indexes[first].tolist())
                firsts += group.indexes[first].tolist()
                rest += [] if first.all() else [group.only(~first)]
    return rest, firsts


_TOLD_ALONE = ENDINGS | {
    "audit_reconnect", "audit_publisher", "startup", "startup_short", "build_error", "build_cause",
    "build_finished",
}  # fmt: skip
_STAGES = ("ws_subscribed", "ws_first_message")
_BOOKS = ("ws_first_book", "first_decoded_top")
_NO_TURNS = np.zeros(0, np.int64)
