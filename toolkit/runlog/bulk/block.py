"""Parser of one block of a log, independent of the blocks before it.

Several processes parse blocks in parallel; the loader combines the results in file order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
from msgspec import structs

from toolkit.runlog.bulk.columns import BlockTables, block_tables
from toolkit.runlog.bulk.life_cycle import LifeCycleGroup, are_on_this_machine, is_life_cycle, life_cycle_group
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.bulk.ordered import is_groupable, split_ordered
from toolkit.runlog.bulk.templates import LineGroup, TemplateMatcher
from toolkit.runlog.interleaving import may_continue_on_next_line
from toolkit.runlog.panic_messages import possible_message_lines
from toolkit.runlog.parse import OTHER, UNKNOWN, LogRecord, ParsedLine, has_program_words, parse_plain
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import BLOCK_BYTES, Block
from toolkit.streams.spans import span_blocks

_BYTES_OF_TEXT = re.compile(r'"MESSAGE" ?: ?\[')
_PARSED_SINGLY = {0, 1}
"""Indexes of lines that may complete a record of the block before: two, as a file before it may have the first."""


class SingleLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A line parsed singly: its index in the block (from 0) and the offset of its first byte in the file.

    `text` is the line without decoration.
    `sender` is the container or service that wrote it; empty if the log does not tell.
    """

    index: int
    byte: int
    text: str
    parsed: ParsedLine
    sender: str = ""


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """Summary of a line group: its common record, line count, and its first and last line (index and text).

    `senders` counts its lines by sender, `loopback` tells of sockets whether their addresses are on this machine.
    """

    record: LogRecord
    count: int
    first: tuple[int, str]
    last: tuple[int, str]
    senders: Mapping[str, int] = field(default_factory=dict)
    loopback: frozenset[bool] = frozenset()


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """A block of `lines` lines, each of which is in `single`, covered by `groups` and `tables`, or in `parts`.

    `life_cycle` has what sessions and lives read of lines in groups.

    `head` is the first line, `first_byte` its offset in the file. A `skipped` or `torn` block is that line alone
    and is not parsed. `head_ms` is the time (epoch ms) stamped on a wrapped head, `wrapped_head` the head with its
    wrapping. `parts` gives, for each line that was joined to a line before it, as a collector had split them, the
    index of that line in `single`. The first `before` lines are the last ones of the log's part before, whose rest may
    be in this one. `unread` are lines, with their wrappings, that hold the program's words and are not understood.
    """

    first_byte: int
    head: bytes
    lines: int = 1
    single: Sequence[SingleLine] = ()
    groups: Sequence[GroupSummary] = ()
    life_cycle: Sequence[LifeCycleGroup] = ()
    tables: BlockTables | None = None
    torn: bool = False
    skipped: bool = False
    head_ms: int | None = None
    wrapped_head: bytes = b""
    parts: Mapping[int, int] = field(default_factory=dict)
    before: int = 0
    unread: Sequence[bytes] = ()


def log_templates() -> TemplateMatcher:
    """Return a matcher that has learnt no log template yet."""
    return TemplateMatcher(is_groupable, may_continue_on_next_line)


def parse_block(
    block: Block, templates: TemplateMatcher, unwrapped: UnwrappedLines | None = None, before: int = 0
) -> ParsedBlock:
    """Parse a block without the blocks before it; `templates` learns the block's log templates.

    `unwrapped` are the block's lines without what a log collector put around them; None for a plain log. The first
    `before` lines are of the log's part before.
    """
    if block.skipped or (block.torn and unwrapped is None):
        return ParsedBlock(block.first_byte, block.data, torn=block.torn, skipped=block.skipped)
    if unwrapped is not None and block.torn:
        head, head_ms = unwrapped.lines[0], unwrapped.at_ms[0]
        return ParsedBlock(block.first_byte, head, torn=True, head_ms=head_ms, wrapped_head=block.data)
    lines = BlockLines(block.data if unwrapped is None else unwrapped.data)
    physical = lines if unwrapped is None else BlockLines(block.data)
    bytes_ = block.first_byte + physical.starts
    ungrouped = {*range(before), *(before + index for index in _PARSED_SINGLY), *possible_message_lines(lines)}
    ungrouped |= set() if unwrapped is None else unwrapped.parsed_singly
    stamps = [None] * len(lines) if unwrapped is None else unwrapped.at_ms
    senders = [""] * len(lines) if unwrapped is None else unwrapped.senders
    groups, left = templates.sort(lines, ungrouped)
    if unwrapped is not None and unwrapped.is_stamped:
        times = np.array([at_ms or 0 for at_ms in stamps], np.int64)
        groups = [replace(group, stamped_ms=times[group.indexes]) for group in groups]

    # Lists are indexed in a third of the time of arrays.
    starts, ends, offsets = lines.starts.tolist(), lines.ends.tolist(), bytes_.tolist()

    def parse_lines(indexes: Iterable[int]) -> list[SingleLine]:
        return [parse_single(lines.data[starts[i] : ends[i]], i, offsets[i], stamps[i], senders[i]) for i in indexes]

    parts = {} if unwrapped is None else unwrapped.parts
    single = parse_lines(index for index in left if index not in parts)
    groups, ordered = split_ordered(groups, [(each.index, each.parsed.records) for each in _readings(single)])
    single += parse_lines(ordered)
    summaries = [_summary(group, [] if unwrapped is None else senders) for group in groups]
    return ParsedBlock(
        block.first_byte,
        lines[before] if before < len(lines) else b"",
        len(lines),
        sorted(single, key=lambda each: each.index),
        summaries,
        [life_cycle_group(each) for each in groups if is_life_cycle(each.plan.record)],
        block_tables(groups, bytes_),
        head_ms=stamps[before] if before < len(lines) else None,
        wrapped_head=b"" if unwrapped is None or before == len(lines) else physical[before],
        parts=parts,
        before=before,
        unread=[physical[index] for index in _unread(single, summaries)],
    )


def _unread(single: Iterable[SingleLine], groups: Iterable[GroupSummary]) -> list[int]:
    """Return the indexes of lines that hold the program's words and are not understood, not all of a group."""
    lines = [(each.index, each.text) for each in single if each.parsed.records[0].family == OTHER]
    lines += [line for group in groups if group.record.family == OTHER for line in (group.first, group.last)]
    # A journal may give a text as the numbers of its bytes.
    return sorted(index for index, text in lines if has_program_words(text) or _BYTES_OF_TEXT.search(text))


@dataclass(frozen=True, slots=True)
class PackedBlock:
    """A parsed block, whose lines parsed singly are one text: they take a tenth of the memory and of the pickling."""

    block: ParsedBlock
    single: bytes

    def unpacked(self) -> ParsedBlock:
        """Return the block with its lines."""
        return replace(self.block, single=_SINGLE_LINES.decode(self.single))


_SINGLE_LINES = msgspec.msgpack.Decoder(list[SingleLine])


def parse_span(path: Path, start: int, end: int) -> list[PackedBlock]:
    """Parse the blocks between two byte offsets of a plain file: one block unless a line is too long."""
    # A span ends with the first line that ends behind a block's size.
    blocks = span_blocks(path, start, end, 2 * BLOCK_BYTES)
    return [_packed(parse_block(each, _process_templates())) for each in blocks]


def _packed(block: ParsedBlock) -> PackedBlock:
    return PackedBlock(replace(block, single=()), msgspec.msgpack.encode(block.single))


@cache
def _process_templates() -> TemplateMatcher:
    """Return the matcher that this process uses for all its spans."""
    return log_templates()


def rejoined(line: SingleLine, partial: str | None) -> SingleLine | None:
    """Return the whole record whose rest a line is, in place of the line; None if the line is not the rest of one.

    `partial` is the beginning of a record that other output interrupted on the line before.
    """
    if partial is None or line.parsed.records[0].family not in UNKNOWN:
        return None
    whole, _ = strip_decoration(partial + line.text)
    parsed = parse_plain(whole, line.parsed.stamped_ms)
    return None if parsed.records[0].family in UNKNOWN else structs.replace(line, text=whole, parsed=parsed)


def _readings(single: Iterable[SingleLine]) -> Iterator[SingleLine]:
    """Yield the lines as they may read, whatever the lines before and after them are."""
    partial = None
    for each in single:
        yield each
        if (whole := rejoined(each, partial)) is not None:
            yield whole
        if each.parsed.alone is not None:
            yield structs.replace(each, parsed=each.parsed.if_alone)
        partial = each.parsed.partial


def parse_single(data: bytes, index: int, byte: int, at_ms: int | None = None, sender: str = "") -> SingleLine:
    """Parse one line at `index` of its block and offset `byte` of its file; bytes that are no UTF-8 are replaced.

    `at_ms` is the time (epoch ms) stamped on the line's wrapping, None if there is none; `sender` is what the wrapping
    names as its writer.
    """
    text, stamped_ms = strip_decoration(data.decode("utf-8", "replace"))
    return SingleLine(index, byte, text, parse_plain(text, stamped_ms if at_ms is None else at_ms), sender)


def _summary(group: LineGroup, senders: Sequence[str]) -> GroupSummary:
    ends = [
        (index, strip_decoration(group.lines[index].decode())[0])
        for index in (int(group.indexes[0]), int(group.indexes[-1]))
    ]
    first, last = ends
    from_ = Counter(senders[index] for index in group.indexes.tolist()) if senders else {}
    return GroupSummary(group.plan.record, len(group.indexes), first, last, from_, are_on_this_machine(group))
