"""Lines whose order among other lines matters: they are split from groups and from lines that are summarised.

A line that repeats the family of many lines before it matters only where something changed since. Life-cycle lines stay
in their groups, although sessions and lives read them in order; those of no group are summarised with other lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np

from toolkit.model.vocabulary import ALL_VENUES, MAX_ERRORS
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.life_cycle import BOOKS, STAGES, is_life_cycle
from toolkit.runlog.bulk.numbers import IntVector, Mask
from toolkit.runlog.bulk.rx_columns import all_integers
from toolkit.runlog.bulk.single_lines import SingleLine, readings
from toolkit.runlog.family_groups import ENDINGS
from toolkit.runlog.panic_messages import MAX_MESSAGE_LINES
from toolkit.runlog.parse import RX_STATS, LogRecord
from toolkit.runlog.session_lines import may_be_about_session, session_line

Records = Sequence[tuple[int, Sequence[LogRecord]]]
"""Records of the lines that are parsed one by one, with the lines' indexes in the block."""
_LIFE_STARTS = frozenset(("audit_reconnect", "audit_publisher", "startup", "startup_short"))
"""Families of the lines with which a life may begin."""
_PANICS = frozenset(("panic", "panic_quoted"))
_KEPT = (ENDINGS, _PANICS, frozenset(("build_error", "build_cause")))
"""Families of which the facts of a run keep the first lines and the last one of each life."""
_ALL_KEPT = frozenset[str]().union(*_KEPT)
_WITH_MESSAGE = _PANICS | {"supervisor_panic"}
"""Families of lines that are read in order unless the panic is alone, without lines of a message after it."""
_ORDERED = (_LIFE_STARTS - {"audit_reconnect"}) | {"build_finished", "applied_book"}
MAX_SUMMARISED_CHARS = 4_096
"""Length of a line beyond which it is read with the ordered ones, where its values are cut."""


_Reader = Literal["nobody", "lives", "all"]
"""The readers that need the lines of a family in order: none, sessions and lives, or the facts of the run as well."""


@cache
def _reader_in_order(family: str, is_kept: bool) -> _Reader:
    """Return who reads a line of a family in order; the facts read it if they keep it.

    Lines of rx statistics have columns of their own.
    """
    if family in _LIFE_STARTS:
        return "lives"
    if family in (*_ORDERED, RX_STATS) or is_kept:
        return "all"
    return "lives" if may_be_about_session(family) else "nobody"


def is_groupable(record: LogRecord) -> bool:
    """Return true if lines of such a record may be grouped; `split_ordered` takes out those whose order matters."""
    if record.family == RX_STATS:
        return all_integers(record.fields)
    return record.family not in _ORDERED


def split_apart(groups: Iterable[LineGroup], apart: Mask, alone: Mask) -> tuple[list[LineGroup], list[LineGroup]]:
    """Split the lines marked in `apart`, and those that may not be grouped, from groups; return both.

    Panics may be grouped if they are `alone`.
    """
    remaining, split_off = list[LineGroup](), list[LineGroup]()
    for group in groups:
        marked = apart[group.indexes]
        if group.record.family in _WITH_MESSAGE:
            marked |= ~alone[group.indexes]
        if marked.all() or not is_groupable(group.record):
            split_off.append(group)
        elif marked.any():
            remaining.append(group.select(~marked))
            split_off.append(group.select(marked))
        else:
            remaining.append(group)
    return remaining, split_off


class SplitLines(NamedTuple):
    """Lines that were parsed singly: those that are read in order, and those of which no more than records matters.

    Sessions and lives read the records of the `life_cycle` in order; the order of `unordered` lines does not matter.
    """

    ordered: list[SingleLine]
    life_cycle: list[SingleLine]
    unordered: list[SingleLine]


def split_unordered(
    single: Sequence[SingleLine], in_order: Mask, alone: Mask, groups: Sequence[LineGroup]
) -> SplitLines:
    """Split the lines of a block that were parsed singly into those whose order matters and the others.

    The lines marked `in_order` are of the first ones. So is each line that one before it may need to be understood: the
    rest of a record, or the message of a panic that is not `alone`. Lives may begin in these lines and in the `groups`.
    """
    split, is_in_order, is_alone = SplitLines([], [], []), in_order.tolist(), alone.tolist()
    is_kept = _kept_lines(single, is_in_order, is_alone, groups)
    awaited, message_until = False, -1
    for each in single:
        index, parsed = each.index, each.parsed
        records, is_whole = parsed.records, parsed.partial is None and parsed.alone is None
        has_message = not is_alone[index] and any(record.family in _WITH_MESSAGE for record in records)
        is_free = is_whole and len(records) == 1 and not has_message
        if is_free and not (awaited or is_in_order[index] or index <= message_until):
            reader = _reader_in_order(records[0].family, index in is_kept)
            if reader == "nobody" and len(each.text) <= MAX_SUMMARISED_CHARS:
                split.unordered.append(each)
                continue
            # The limits of names count `all` as a venue, and the rows of its counters have none.
            if reader == "lives" and len(each.text) <= MAX_SUMMARISED_CHARS and records[0].venue != ALL_VENUES:
                split.life_cycle.append(each)
                continue
        split.ordered.append(each)
        awaited = not is_whole
        if has_message:
            message_until = index + MAX_MESSAGE_LINES + 1
    return split


def indexes_of_panics(groups: Iterable[LineGroup], lines: Iterable[SingleLine]) -> IntVector:
    """Return the indexes of the lines of a block, among groups and lines of one record each, that are panics."""
    grouped = [group.indexes for group in groups if group.record.family in _PANICS]
    single = [each.index for each in lines if each.parsed.records[0].family in _PANICS]
    found: IntVector = np.concatenate([np.array(single, np.int64), *grouped])
    return found


def _kept_lines(
    single: Sequence[SingleLine], is_in_order: Sequence[bool], is_alone: Sequence[bool], groups: Sequence[LineGroup]
) -> set[int]:
    """Return the indexes of the lines parsed singly that the facts of a run keep, of those not read in order anyway."""
    of_families: dict[str, list[int]] = {}
    for each in single:
        for record in each.parsed.records if not is_in_order[each.index] else ():
            if record.family in _ALL_KEPT and (record.family not in _PANICS or is_alone[each.index]):
                of_families.setdefault(record.family, []).append(each.index)
    if not of_families:
        return set()
    lines = [sorted(chain.from_iterable(of_families.get(family, ()) for family in families)) for families in _KEPT]
    starts = _life_starts(groups, _records(single))
    return {index for each in lines for index in _ends_of_stretches(np.array(each, np.int64), starts).tolist()}


def _records(single: Iterable[SingleLine]) -> Records:
    """Return the records of lines as they may read, whatever the lines before and after them are."""
    return [(each.index, each.parsed.records) for each in readings(single)]


def _life_starts(groups: Iterable[LineGroup], single: Records) -> IntVector:
    """Return the indexes of the lines of a block at which a life may begin, ascending."""
    starts = [index for index, records in single for each in records if each.family in _LIFE_STARTS]
    grouped = [each.indexes for each in groups if each.record.family in _LIFE_STARTS]
    found: IntVector = np.sort(np.concatenate([np.array(starts, np.int64), *grouped]))
    return found


def split_ordered(groups: Sequence[LineGroup], single: Iterable[SingleLine]) -> tuple[list[LineGroup], list[LineGroup]]:
    """Split the lines whose order matters from groups of lines that may be grouped; return both.

    `single` are the other lines of the block.
    """
    if not groups:
        return [], []
    others = _records(single)
    remaining, stages = _split_stage_changes(groups, others)
    remaining, ends = _split_ends(remaining, others)
    return remaining, [*stages, *ends]


def _split_ends(groups: Sequence[LineGroup], single: Records) -> tuple[list[LineGroup], list[LineGroup]]:
    """Split off the first `MAX_ERRORS` lines and the last one of each stretch in which no life begins."""
    remaining, split_off = list(groups), list[LineGroup]()
    for families in _KEPT:
        lines = [group.indexes for group in remaining if group.record.family in families]
        if not lines:
            continue
        kept = _ends_of_stretches(np.sort(np.concatenate(lines)), _life_starts(groups, single))
        is_kept = [np.isin(each.indexes, kept) for each in remaining]
        split_off += _selected(remaining, is_kept)
        remaining = _selected(remaining, [~each for each in is_kept])
    return remaining, split_off


def _selected(groups: Sequence[LineGroup], masks: Sequence[Mask]) -> list[LineGroup]:
    return [group.select(mask) for group, mask in zip(groups, masks, strict=True) if mask.any()]


def _ends_of_stretches(lines: IntVector, starts: IntVector) -> IntVector:
    """Return the first `MAX_ERRORS` lines and the last one of each stretch between two starts."""
    stretch = np.searchsorted(starts, lines)
    firsts = np.searchsorted(stretch, stretch)
    is_last = np.append(stretch[1:] != stretch[:-1], True)
    kept: IntVector = lines[(np.arange(len(lines)) - firsts < MAX_ERRORS) | is_last]
    return kept


def _split_stage_changes(groups: Sequence[LineGroup], single: Records) -> tuple[list[LineGroup], list[LineGroup]]:
    """Split from groups of stages the lines that may advance a session: the first after each change of its venue.

    A book counts only once its session has reached an earlier stage, so the lines split off for that stage count as
    changes for the books.
    """
    remaining = [group for group in groups if group.record.family not in (*STAGES, *BOOKS)]
    if len(remaining) == len(groups):
        return remaining, []
    changes: dict[str | None, list[int]] = {}
    for index, records in single:
        for record in records:
            if (event := session_line(record, (0, 0))) is not None:
                changes.setdefault(event.venue, []).append(index)
    for group in remaining:
        if is_life_cycle(group.record) and (event := session_line(group.record, (0, 0))) is not None:
            changes.setdefault(event.venue, []).extend(group.indexes.tolist())
    split_off = list[LineGroup]()
    for families in (STAGES, BOOKS):
        chosen = [group for group in groups if group.record.family in families]
        venues = {group.record.venue for group in chosen}
        known = {venue: np.sort(np.array(changes.get(venue, ()), np.int64)) for venue in venues}
        for group in chosen:
            venue = group.record.venue
            changes_before = np.searchsorted(known[venue], group.indexes)
            first = np.diff(changes_before, prepend=-1) > 0
            changes.setdefault(venue, []).extend(group.indexes[first].tolist())
            split_off += _selected([group], [first])
            remaining += [] if first.all() else [group.select(~first)]
    return remaining, split_off
