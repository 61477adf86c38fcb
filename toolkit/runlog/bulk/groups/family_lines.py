"""Lines that differ in more than their numbers, matched by the pattern of a family many at a time.

Such lines have no shape in common. Arrow searches for the texts of all records in one pass over a block: a line without
any is of no family. The pattern of a family is then matched against all lines that hold its text, and the values of
each field are kept as one column. The parser gives the same result.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from toolkit.runlog.bulk.groups.audit_groups import Record, audit_groups
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.groups.templates import MAX_TEMPLATE_BYTES
from toolkit.runlog.bulk.numbers import BlockLines, IntVector, Mask
from toolkit.runlog.bulk.text_search import MIN_LINES, matching, without_digits
from toolkit.runlog.grammar import message_families
from toolkit.runlog.interleaving import JOINED
from toolkit.runlog.panic_messages import MAX_MESSAGE_LINES, lines_after
from toolkit.runlog.parse import AUDIT, audit_record, message_record
from toolkit.runlog.search.families import Candidate, families_of_block, start_of
from toolkit.runlog.search.line_shapes import shape_of
from toolkit.runlog.search.program_phrases import PROGRAM_PHRASES

MAX_GROUPS = 64
"""Groups of the lines of one family in a block; lines that name more venues are in no group."""
_NO_MESSAGE = r'^(?:market_rx_stats tick=| *\n)|"MESSAGE"|\d-\d\d-\d\dT\d\d:'
"""Pattern of lines that are blank or rx statistics, or that may hold a journal's object or a stamp."""
_LEVELS = (b"INFO", b"WARN", b"ERROR")
_VENUE_FIELDS = ("Venue", "venue", "task")
"""Fields of a pattern that tell the venue of a record."""
_FIRST_PRINTED, _LAST_PRINTED, _NEWLINE = ord(" "), ord("~"), ord("\n")


@dataclass(frozen=True, slots=True)
class FamilyGroup(LineGroup):
    """Lines that the pattern of one family matches; `columns` are the values of all fields."""

    columns: dict[str, pa.StringArray]

    @property
    def varying(self) -> Collection[str]:
        """The fields whose values may differ from line to line."""
        return self.columns

    def select(self, mask: Mask) -> FamilyGroup:
        """Return the group reduced to the lines that `mask` selects."""
        stamped_ms = None if self.stamped_ms is None else self.stamped_ms[mask]
        columns = {field: each.filter(pa.array(mask)) for field, each in self.columns.items()}
        return replace(self, indexes=self.indexes[mask], stamped_ms=stamped_ms, columns=columns)

    def texts(self, field: str) -> list[str]:
        """Return the value of a field in each line."""
        texts: list[str] = self.columns[field].to_pylist()
        return texts

    def json_texts(self, field: str) -> pa.StringArray:
        """Return the value of a field in each line, as it stands in a JSON string: no value has control characters."""
        escaped = pc.replace_substring(self.columns[field], "\\", "\\\\")
        return pc.replace_substring(escaped, '"', '\\"')


class SortedByFamily(NamedTuple):
    """Lines of a block: in groups, those of one record each that are in none, and the indexes of others.

    The `foreign` ones are of no family and hold no phrase of the program. Those `left` are for the parser.
    """

    groups: Sequence[LineGroup]
    records: Sequence[Record]
    foreign: IntVector
    left: IntVector


def sort_by_family(lines: BlockLines, indexes: IntVector) -> SortedByFamily:
    """Sort the lines of a block at `indexes` by their families.

    A line is left unless the parser certainly finds one record in it, or none, whatever the lines before and after are.
    """
    if len(indexes) < MIN_LINES:
        return SortedByFamily([], [], np.zeros(0, np.int64), indexes)
    data = without_digits(lines.data)
    plain = indexes[(_are_printed(lines) & ~matching(lines.data, f"{_NO_MESSAGE}|{JOINED}"))[indexes]]
    with_text = matching(data, _known_texts())[plain]
    groups, records, unmatched = _matched(lines, data, plain[with_text])
    foreign = np.concatenate((plain[~with_text], unmatched))
    foreign = np.sort(foreign[~matching(data, _PHRASES)[foreign]])
    of_records = np.array([index for index, _ in records], np.int64)
    done = np.concatenate([foreign, of_records, *(each.indexes for each in groups)])
    return SortedByFamily(groups, records, foreign, np.setdiff1d(indexes, done, assume_unique=True))


_PHRASES = "|".join(re.escape(each) for each in (*PROGRAM_PHRASES, "market_rx_stats tick="))


def _are_printed(lines: BlockLines) -> Mask:
    """Return a mask of short lines of printed characters without decoration among or just before them."""
    printed: Mask = lines.ends - lines.starts <= MAX_TEMPLATE_BYTES
    octets = lines.octets
    unusual = np.flatnonzero(((octets < _FIRST_PRINTED) & (octets != _NEWLINE)) | (octets > _LAST_PRINTED))
    places = np.unique(np.searchsorted(lines.starts, unusual, side="right") - 1)
    decorated = np.array([place for place in places.tolist() if not _is_printed(lines[place])], np.int64)
    # Decoration may hide the first line of a panic, of which all that follow may be the message.
    printed &= ~lines_after(decorated - 1, decorated + MAX_MESSAGE_LINES + 2, len(lines))
    return printed


def _is_printed(line: bytes) -> bool:
    try:
        return line.decode().isprintable()
    except UnicodeDecodeError:
        return False


@cache
def _known_texts() -> str:
    """Return a pattern of texts without digits of which each message of a known family holds one."""
    texts = {AUDIT.encode()}
    for family in message_families():
        clauses: list[tuple[bytes, ...]] = [tuple(map(shape_of, clause)) for clause in family.needs]
        texts |= set(max(clauses, key=_rarity))
    return "|".join(re.escape(each.decode()) for each in sorted(texts))


def _rarity(clause: Iterable[bytes]) -> int:
    """Return the length of the shortest text of a clause; 0 if lines of any program may hold it."""
    return min(0 if each.strip(b" :") in _LEVELS else len(each) for each in clause)


def _matched(
    lines: BlockLines, data: bytes, indexes: IntVector
) -> tuple[Sequence[LineGroup], Sequence[Record], IntVector]:
    """Return groups and records of lines that hold one record each at most, and the indexes of those of no family.

    `data` are the lines of the block without digits.
    """
    texts = lines.data.decode("utf-8", "replace").split("\n")
    shapes = data.split(b"\n")
    families_of = families_of_block(data)
    audited, unmatched = list[Record](), list[int]()
    by_start: dict[str, list[int]] = defaultdict(list)
    for index in indexes.tolist():
        if (text := texts[index]).startswith(AUDIT):
            audited.append((index, audit_record(text)))
        else:
            by_start[start_of(text)].append(index)
    of_audits, records = audit_groups(lines, audited)
    groups: list[LineGroup] = [*of_audits]
    for start, remaining in by_start.items():
        if len(remaining) < MIN_LINES:
            continue
        for needed, _, candidate in families_of(start):
            possible = [index for index in remaining if needed in shapes[index]]
            matches = list(map(candidate.match, map(texts.__getitem__, possible)))
            matched = [index for index, match in zip(possible, matches, strict=True) if match]
            if matched:
                rows = [match for match in matches if match]
                if found := _family_groups(candidate, lines, np.array(matched), rows):
                    groups += found
                else:
                    records += [
                        (index, message_record(candidate, row)) for index, row in zip(matched, rows, strict=True)
                    ]
                remaining = sorted(set(remaining).difference(matched))
        unmatched += remaining
    return groups, records, np.array(unmatched, np.int64)


def _family_groups(
    candidate: Candidate, lines: BlockLines, indexes: IntVector, matches: Sequence[re.Match[str]]
) -> list[FamilyGroup]:
    """Return the lines of a family in groups by the venues that they name and by the fields that they have.

    `matches` are those of the family's pattern. There are no groups of lines that name many venues.
    """
    columns = list(zip(*(match.groups() for match in matches), strict=True))
    names = candidate.family.pattern.groupindex
    if any(len(set(columns[names[field] - 1])) > MAX_GROUPS for field in _VENUE_FIELDS if field in names):
        return []
    values = {field: pa.array(columns[place - 1], pa.string()) for field, place in names.items()}
    codes = np.zeros(len(indexes), np.int64)
    for field, column in values.items():
        if field in _VENUE_FIELDS:
            codes = 2 * MAX_GROUPS * codes + column.dictionary_encode().indices.fill_null(MAX_GROUPS).to_numpy()
        elif column.null_count:
            codes = 2 * codes + column.is_null().to_numpy(zero_copy_only=False)
    if len(found := np.unique(codes)) > MAX_GROUPS:
        return []
    groups = list[FamilyGroup]()
    for mask in (codes == code for code in found):
        record = message_record(candidate, matches[int(mask.argmax())])
        of_group = {field: values[field].filter(pa.array(mask)) for field in record.fields}
        groups.append(FamilyGroup(record, lines, indexes[mask], None, False, of_group))
    return groups
