"""Summaries of the lines of one family in a block: the facts of a run need no more of them than a few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from operator import itemgetter

import msgspec

from toolkit.model.vocabulary import MAX_ERRORS
from toolkit.runlog.bulk.cause_search import first_of_each_cause, first_text_of_each_cause
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.groups.templates import TemplateGroup
from toolkit.runlog.bulk.life_cycle import are_on_this_machine
from toolkit.runlog.bulk.numbers import BlockLines, IntVector
from toolkit.runlog.bulk.single_lines import SingleLine
from toolkit.runlog.family_groups import CAUSE_FAMILIES
from toolkit.runlog.parse import OTHER, LogRecord
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.program_phrases import has_program_words
from toolkit.runlog.session_lines import is_loopback

MAX_EXAMPLES = 100
"""Lines of no known family that a block gives as examples where no text of them is looked at."""
BlockLine = tuple[int, str]
"""Index of a line in its block, and its text without decoration."""
Named = tuple[str | None, str | None, int, int]
"""A venue and a reason, the number of records that name both, and the index in the block of the first one's line."""


class LinesSummary(msgspec.Struct, frozen=True, array_like=True):
    """Lines of one family in a block: their number, the first and the last one, and what their records name.

    `senders` counts the lines by sender, `loopback` tells of sockets whether their addresses are on this machine.
    `shown` are lines that may show why a build failed. `examples` are lines of no known family.
    """

    family: str
    count: int
    first: BlockLine
    last: BlockLine
    names: Sequence[Named]
    senders: Mapping[str, int]
    loopback: frozenset[bool] = frozenset()
    shown: Sequence[BlockLine] = ()
    examples: Sequence[BlockLine] = ()


class QuotedInBlock(msgspec.Struct, frozen=True, array_like=True):
    """Records that lines of a block quote: their number, and the `first` ones with the indexes of their lines."""

    count: int = 0
    first: Sequence[tuple[int, LogRecord]] = ()


NOTHING_QUOTED = QuotedInBlock()


def quoted_in_block(lines: Iterable[SingleLine]) -> QuotedInBlock:
    """Return the records that lines in any order quote."""
    found = [(each.index, record) for each in lines for record in each.parsed.quoted]
    return QuotedInBlock(len(found), nsmallest(MAX_ERRORS, found, key=itemgetter(0)))


def group_summary(group: LineGroup, senders: Sequence[str]) -> LinesSummary:
    """Return the summary of a group; `senders` are those of all lines of the block, none if the log does not tell."""
    ends = int(group.indexes[0]), int(group.indexes[-1])
    first, last = ((index, strip_decoration(group.lines[index].decode())[0]) for index in ends)
    record, count = group.record, len(group.indexes)
    # The lines of a template differ in numbers only, on which no cause depends.
    is_alike = isinstance(group, TemplateGroup) or record.family not in CAUSE_FAMILIES
    return LinesSummary(
        record.family,
        count,
        first,
        last,
        [(record.venue, record.reason, count, first[0])],
        Counter(senders[index] for index in group.indexes.tolist()) if senders else {},
        are_on_this_machine(group),
        (first, last) if is_alike else [*_first_causes(group.lines, group.indexes), last],
        (first, last) if record.family == OTHER else (),
    )


def single_summaries(lines: Iterable[SingleLine], with_names: bool = True) -> list[LinesSummary]:
    """Return the summaries of lines of one record each, which were parsed singly; they tell names if `with_names`."""
    by_family: dict[str, list[SingleLine]] = {}
    for each in lines:
        by_family.setdefault(each.parsed.records[0].family, []).append(each)
    return [_single_summary(family, each, with_names) for family, each in by_family.items()]


def _single_summary(family: str, lines: Sequence[SingleLine], with_names: bool) -> LinesSummary:
    first, last = ((each.index, each.text) for each in (lines[0], lines[-1]))
    senders = Counter(each.sender for each in lines if each.sender)
    texts = [(each.index, each.text) for each in lines] if family in CAUSE_FAMILIES else []
    if family == OTHER:
        words = [each for each in texts if each[1].strip()]
        return LinesSummary(
            family, len(lines), first, last, (), senders, shown=_shown(words), examples=words or [first]
        )
    loopback = frozenset[bool]()
    if family == "ws_connecting":
        records = (each.parsed.records[0] for each in lines)
        loopback = frozenset(is_loopback(each.fields["url"]) for each in records if each.venue)
    names = _names(lines) if with_names else ()
    return LinesSummary(family, len(lines), first, last, names, senders, loopback, _shown(texts))


def foreign_summary(lines: BlockLines, indexes: IntVector, senders: Sequence[str]) -> LinesSummary:
    """Return the summary of lines of no family; `senders` are those of all lines of the block, if known."""
    chosen = indexes[:: -(-len(indexes) // MAX_EXAMPLES)].tolist()
    *examples, last = ((index, lines[index].decode()) for index in (*chosen, int(indexes[-1])))
    found = Counter(senders[index] for index in indexes.tolist()) if senders else Counter[str]()
    shown = [*_first_causes(lines, indexes), last]
    return LinesSummary(OTHER, len(indexes), examples[0], last, (), found, shown=shown, examples=examples)


def _first_causes(lines: BlockLines, indexes: IntVector) -> list[BlockLine]:
    """Return the first line of each cause among lines of a block without decoration."""
    return [(index, lines[index].decode()) for index in first_of_each_cause(lines, indexes)]


def _names(lines: Iterable[SingleLine]) -> list[Named]:
    found: dict[tuple[str | None, str | None], list[int]] = {}
    for each in lines:
        record = each.parsed.records[0]
        if (place := found.get((record.venue, record.reason))) is None:
            found[record.venue, record.reason] = [1, each.index]
        else:
            place[0] += 1
    return [(venue, reason, count, first) for (venue, reason), (count, first) in found.items()]


def _shown(lines: Sequence[BlockLine]) -> list[BlockLine]:
    """Return the lines from which facts learn something: the first of each cause, one of the program, the last one."""
    shown = [lines[place] for place in first_text_of_each_cause([text for _, text in lines])]
    of_program = next((line for line in lines if has_program_words(line[1])), None)
    return [*shown, *([of_program] if of_program else []), *lines[-1:]]
