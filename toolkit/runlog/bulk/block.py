"""Parser of one block of a log, independent of the blocks before it.

Several processes parse blocks in parallel; the loader combines the results in file order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from operator import attrgetter
from pathlib import Path

import msgspec
import numpy as np

from toolkit.runlog.bulk.columns import BlockTables, block_tables, single_tables
from toolkit.runlog.bulk.groups.family_lines import sort_by_family
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.groups.templates import SortedLines, TemplateMatcher
from toolkit.runlog.bulk.life_cycle import LifeCycleGroup, LifeCycleRecord, is_life_cycle, life_cycle_group
from toolkit.runlog.bulk.numbers import BlockLines, IntVector, Mask
from toolkit.runlog.bulk.ordered import indexes_of_panics, split_apart, split_ordered, split_unordered
from toolkit.runlog.bulk.single_lines import SingleLine, SingleLineReader, without_lines
from toolkit.runlog.bulk.summaries import (
    NOTHING_QUOTED,
    LinesSummary,
    QuotedInBlock,
    foreign_summary,
    group_summary,
    quoted_in_block,
    single_summaries,
)
from toolkit.runlog.bulk.text_search import continued_lines
from toolkit.runlog.cause_chains import possible_chain_lines
from toolkit.runlog.panic_messages import PanicLines, panic_lines
from toolkit.runlog.parse import OTHER
from toolkit.runlog.search.program_phrases import has_program_words
from toolkit.runlog.wrapping.section_blocks import SectionBlock, SectionResult, read_section
from toolkit.runlog.wrapping.sections import LogWrappings
from toolkit.runlog.wrapping.unwrap import UnwrappedLines
from toolkit.streams.blocks import BLOCK_BYTES, Block, of_few_lines
from toolkit.streams.spans import span_blocks

_BYTES_OF_TEXT = re.compile(r'"MESSAGE" ?: ?\[')
_FIRST_LINES = 2
"""Lines that may complete a record of the block before: two, as a file before it may have the first."""


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """A block of `lines` lines, each of which is in `single`, covered by `summaries` and `tables`, or in `parts`.

    `life_cycle` and `life_cycle_single` have what sessions and lives read of the lines that are not in `single`, and
    `quoted` the records that those lines quote.

    `head` is the first line, `first_byte` its offset in the file. A `skipped` or `torn` block is that line alone
    and is not parsed. `head_ms` is the time (epoch ms) stamped on a wrapped head, `wrapped_head` the head with its
    wrapping. `parts` gives, for each line that was joined to a line before it, as a collector had split them, the
    index of that line in `single`. The first `before` lines are the last ones of the log's part before, whose rest may
    be in this one. `unread` are lines, with their wrappings, that hold the program's words and are not understood.
    `panics` are the indexes of panics that are not in `single`.
    """

    first_byte: int
    head: bytes
    lines: int = 1
    single: Sequence[SingleLine] = ()
    summaries: Sequence[LinesSummary] = ()
    life_cycle: Sequence[LifeCycleGroup] = ()
    life_cycle_single: Sequence[LifeCycleRecord] = ()
    quoted: QuotedInBlock = NOTHING_QUOTED
    tables: BlockTables | None = None
    torn: bool = False
    skipped: bool = False
    head_ms: int | None = None
    wrapped_head: bytes = b""
    parts: Mapping[int, int] = field(default_factory=dict)
    before: int = 0
    unread: Sequence[bytes] = ()
    panics: IntVector = field(default_factory=lambda: np.zeros(0, np.int64))


def parse_block(
    block: Block, templates: TemplateMatcher, unwrapped: UnwrappedLines | None = None, before: int = 0
) -> ParsedBlock:
    """Parse a block without the blocks before it; `templates` learns the block's log templates.

    `unwrapped` are the block's lines without what a log collector put around them; None for a plain log. The first
    `before` lines are of the log's part before.
    """
    if block.skipped or block.torn:
        return _unparsed(block, unwrapped)
    lines = BlockLines(block.data if unwrapped is None else unwrapped.data)
    physical = lines if unwrapped is None else BlockLines(block.data)
    offsets, parts = block.first_byte + physical.starts, {} if unwrapped is None else unwrapped.parts
    panics = panic_lines(lines)
    in_order = _read_in_order(lines, panics, unwrapped, before)
    stamps, senders = (None, None) if unwrapped is None else (unwrapped.at_ms, unwrapped.senders)
    reader = SingleLineReader(lines, offsets, stamps, senders)
    groups, single, foreign = _sort_lines(reader, templates.sort(lines), in_order, panics, parts)
    if unwrapped is not None and unwrapped.is_stamped:
        times = np.array([at_ms or 0 for at_ms in unwrapped.at_ms], np.int64)
        groups = [group.stamped(times[group.indexes]) for group in groups]
    split = split_unordered(single, in_order, panics.alone, groups)
    summaries = [
        *(group_summary(group, senders or []) for group in groups),
        *single_summaries(split.unordered),
        *single_summaries(split.life_cycle, with_names=False),
        *([foreign_summary(lines, foreign, senders or [])] if len(foreign) else []),
    ]
    return ParsedBlock(
        block.first_byte,
        lines[before] if before < len(lines) else b"",
        len(lines),
        split.ordered,
        summaries,
        [life_cycle_group(each) for each in groups if is_life_cycle(each.record)],
        [LifeCycleRecord(each.index, each.parsed.records[0]) for each in split.life_cycle],
        quoted_in_block([*split.unordered, *split.life_cycle]),
        block_tables(groups, offsets).joined(single_tables([*split.unordered, *split.life_cycle])),
        head_ms=stamps[before] if stamps is not None and before < len(lines) else None,
        wrapped_head=b"" if unwrapped is None or before == len(lines) else physical[before],
        parts=parts,
        before=before,
        unread=[physical[index] for index in _unread(split.ordered, summaries)],
        panics=indexes_of_panics(groups, split.unordered),
    )


def _sort_lines(
    reader: SingleLineReader, by_shape: SortedLines, in_order: Mask, panics: PanicLines, parts: Mapping[int, int]
) -> tuple[list[LineGroup], list[SingleLine], IntVector]:
    """Return the groups of a block, the lines that are in none, and the indexes of those of no family.

    The lines marked `in_order` are in no group. Those that are `parts` of a line before them are left out.
    """
    lines, apart = reader.lines, in_order.copy()
    following = continued_lines(lines, by_shape.left) + 1
    apart[following[following < len(lines)]] = True
    left = by_shape.left[~np.isin(by_shape.left, list(parts))]
    by_family = sort_by_family(lines, left[~apart[left]])
    groups, singly = split_apart([*by_shape.groups, *by_family.groups], apart, panics.alone)
    single = reader.parse(np.concatenate((left[apart[left]], by_family.left)).tolist())
    single += reader.of_records(by_family.records)
    single += chain.from_iterable(map(reader.from_group, without_lines(singly, parts)))
    single.sort(key=attrgetter("index"))
    groups, ordered = split_ordered(groups, single)
    if ordered:
        single += chain.from_iterable(map(reader.from_group, ordered))
        single.sort(key=attrgetter("index"))
    return groups, single, by_family.foreign


def _unparsed(block: Block, unwrapped: UnwrappedLines | None) -> ParsedBlock:
    """Return a block of one line that is too long or has no end."""
    if block.skipped or unwrapped is None:
        return ParsedBlock(block.first_byte, block.data, torn=block.torn, skipped=block.skipped)
    head, head_ms = unwrapped.lines[0], unwrapped.at_ms[0]
    return ParsedBlock(block.first_byte, head, torn=True, head_ms=head_ms, wrapped_head=block.data)


def _read_in_order(lines: BlockLines, panics: PanicLines, unwrapped: UnwrappedLines | None, before: int) -> Mask:
    """Return a mask of the lines that are read in order, whatever they are."""
    in_order = panics.of_messages.copy()
    in_order |= possible_chain_lines(lines, in_order, before, () if unwrapped is None else unwrapped.parts)
    in_order[: before + _FIRST_LINES] = True
    if unwrapped is not None:
        in_order[[index for index in unwrapped.parsed_singly if index < len(lines)]] = True
    return in_order


def _unread(single: Iterable[SingleLine], summaries: Iterable[LinesSummary]) -> list[int]:
    """Return the indexes of lines that hold the program's words and are not understood, not all of a group."""
    lines = [(each.index, each.text) for each in single if each.parsed.records[0].family == OTHER]
    lines += [line for summary in summaries for line in summary.examples]
    # A journal may give a text as the numbers of its bytes.
    return sorted(index for index, text in lines if has_program_words(text) or _BYTES_OF_TEXT.search(text))


@dataclass(frozen=True, slots=True)
class PackedBlock:
    """A parsed block, whose lines parsed singly are one text: they take a tenth of the memory and of the pickling."""

    block: ParsedBlock
    lines: bytes

    def unpacked(self) -> ParsedBlock:
        """Return the block with its lines."""
        single, summaries, life_cycle, quoted = _LINES.decode(self.lines)
        return replace(self.block, single=single, summaries=summaries, life_cycle_single=life_cycle, quoted=quoted)


_LINES = msgspec.msgpack.Decoder(tuple[list[SingleLine], list[LinesSummary], list[LifeCycleRecord], QuotedInBlock])


def parse_span(path: Path, start: int, end: int) -> list[PackedBlock]:
    """Parse the blocks between two byte offsets of a plain file: one, unless a line is too long or lines are many."""
    # A span ends with the first line that ends behind a block's size.
    blocks = of_few_lines(span_blocks(path, start, end, 2 * BLOCK_BYTES))
    return [_packed(parse_block(each, _process_templates())) for each in blocks]


def parse_section(section: SectionBlock, wrappings: LogWrappings) -> SectionResult[PackedBlock]:
    """Parse a block whose lines may have the wrappings."""

    def parse(block: Block, lines: UnwrappedLines | None, before: int) -> tuple[PackedBlock, Sequence[bytes]]:
        parsed = parse_block(block, _process_templates(), lines, before)
        return _packed(parsed), parsed.unread

    return read_section(section, wrappings, parse)


def _packed(block: ParsedBlock) -> PackedBlock:
    lines = msgspec.msgpack.encode((block.single, block.summaries, block.life_cycle_single, block.quoted))
    rest = replace(block, single=(), summaries=(), life_cycle_single=(), quoted=NOTHING_QUOTED)
    return PackedBlock(rest, lines)


@cache
def _process_templates() -> TemplateMatcher:
    """Return the matcher that this process uses for all its spans."""
    return TemplateMatcher()
