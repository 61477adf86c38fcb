"""Extraction plans: how to parse lines that differ in their numbers only, learnt by replacing each number in turn.

A number that the parser ignores or copies into a field may vary from line to line; every other number is fixed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import msgspec

from toolkit.runlog.bulk.numbers import MAX_DIGITS
from toolkit.runlog.parse import LogRecord, parse
from toolkit.runlog.sanitize import could_be_stamped, stamp_span, strip_decoration

_NUMBER = re.compile(r"(?<![A-Za-z_0-9])[0-9]+")
_NUMBER_IN_WORD = re.compile(r"(?<=[A-Za-z_])[0-9]+")
"""Number in a word. It may vary if the parser copies it; else the word may be one that the parser knows."""
_DIGITS = re.compile(rb"[0-9]+")
_ANY_LENGTH = 1 << 30
_MARK = "739154826"
"""Number that replaces another one, to find the field into which the parser copies it."""

ByteSpan = tuple[int, int]
"""Start and end offset in a line's bytes."""


@dataclass(frozen=True, slots=True)
class NumberSlot:
    """A number in a plan's lines: the count of non-digit bytes before it, and its least and most digits.

    `text` is the value of a fixed number; it is empty for a number that may vary.
    """

    before: int
    least: int
    most: int
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Extent:
    """Part of a line: numbers `first` to `last`, `before` bytes before them and `behind` bytes after them."""

    first: int
    before: int
    last: int
    behind: int


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """Plan for parsing the lines of one shape without the parser.

    `record` is the parsed record of the line it was learnt from. Each number of a line must fit its slot in `numbers`.
    `varying` maps a field to the part of the line that holds its varying value. `stamp` is the part that holds a CI
    system's time stamp. Lines that are `is_decorated` hold more than the text that is parsed.
    """

    record: LogRecord
    numbers: tuple[NumberSlot, ...]
    varying: Mapping[str, Extent]
    stamp: Extent | None = None
    is_decorated: bool = False


def learn_plan(text: str, eligible: Callable[[LogRecord], bool]) -> ExtractionPlan | None:
    """Return the plan for lines of this line's shape; None if they must be parsed one by one."""
    line = parse(text)
    if line.partial is not None or line.quoted or len(line.records) != 1 or not eligible(line.records[0]):
        return None
    (record,) = line.records
    if line.stamped_ms is None and could_be_stamped(text):
        return None
    stamp = stamp_span(text) if line.stamped_ms is not None else None
    spans: dict[str, tuple[int, int]] = {}
    ignored: list[tuple[int, int]] = []
    in_words: list[tuple[int, int]] = []
    after_stamp = stamp[1] if stamp else 0
    for number in chain(_NUMBER.finditer(text, after_stamp), _NUMBER_IN_WORD.finditer(text, after_stamp)):
        copied = _field_of(text, record, number.start(), number.end())
        if copied == ("", 0):
            ignored += [number.span()] if number.re is _NUMBER else []
        elif copied is not None:
            field, start = copied
            spans[field] = (start, start + len(record.fields[field]))
            in_words += [number.span()] if number.re is _NUMBER_IN_WORD else []
    if any(text[slice(*span)] != record.fields[field] for field, span in spans.items()):
        return None
    if any(msgspec.json.encode(value := record.fields[field]) != f'"{value}"'.encode() for field in spans):
        return None
    return _plan(text, record, dict(sorted(spans.items(), key=lambda each: each[1])), ignored, in_words, stamp)


def _field_of(text: str, record: LogRecord, start: int, end: int) -> tuple[str, int] | None:
    """Return the field into which the number at this place is copied, and where in the line its value begins.

    The name is empty if the parser ignores the number. The result is None if the number influences anything else.
    """
    marked = parse(text[:start] + _MARK + text[end:])
    if len(marked.records) != 1 or marked.quoted:
        return None
    other = marked.records[0]
    same = all(getattr(other, name) == getattr(record, name) for name in ("family", "venue", "reason", "column"))
    if not same or list(other.fields) != list(record.fields):
        return None
    changed = [name for name, value in other.fields.items() if value != record.fields[name]]
    if not changed:
        return "", 0
    offset = other.fields[changed[0]].find(_MARK)
    if len(changed) > 1 or offset < 0:
        return None
    return changed[0], start - offset


def _plan(
    text: str,
    record: LogRecord,
    spans: Mapping[str, ByteSpan],
    ignored: Sequence[ByteSpan],
    in_words: Sequence[ByteSpan],
    stamp: ByteSpan | None,
) -> ExtractionPlan | None:
    parts = sorted(chain(spans.values(), ignored, [stamp] if stamp else []))
    if any(after[0] < before[1] for before, after in pairwise(parts)):
        return None
    octets = text.encode()
    digits = [match.span() for match in _DIGITS.finditer(octets)]
    numbers_in_values = [
        (start + n.start(), start + n.end()) for start, end in spans.values() for n in _NUMBER.finditer(text[start:end])
    ]
    variable = {_byte_span(text, each) for each in (*ignored, *in_words, *numbers_in_values)}
    if not variable <= set(digits):
        return None
    stamped = _byte_span(text, stamp) if stamp else (0, 0)
    numbers, before, at = list[NumberSlot](), 0, 0
    for start, end in digits:
        before, at = before + start - at, end
        if (start, end) in variable:
            numbers.append(NumberSlot(before, 1, MAX_DIGITS))
        elif stamped[0] <= start < stamped[1]:
            fraction = octets[start - 1 : start] == b"."
            numbers.append(
                NumberSlot(before, 1, _ANY_LENGTH) if fraction else NumberSlot(before, end - start, end - start)
            )
        else:
            numbers.append(NumberSlot(before, end - start, end - start, octets[start:end]))
    extents = {field: _extent(_byte_span(text, span), digits) for field, span in spans.items()}
    is_decorated = strip_decoration(text)[0] != text
    return ExtractionPlan(record, tuple(numbers), extents, _extent(stamped, digits) if stamp else None, is_decorated)


def _byte_span(text: str, span: ByteSpan) -> ByteSpan:
    start = len(text[: span[0]].encode())
    return start, start + len(text[slice(*span)].encode())


def _extent(span: ByteSpan, digits: Sequence[ByteSpan]) -> Extent:
    inside = [place for place, (start, end) in enumerate(digits) if span[0] <= start and end <= span[1]]
    return Extent(inside[0], digits[inside[0]][0] - span[0], inside[-1], span[1] - digits[inside[-1]][1])
