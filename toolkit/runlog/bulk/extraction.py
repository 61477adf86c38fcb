"""What the parser makes of a line, learnt number by number: how to take apart the lines that differ in numbers only.

A number that the parser ignores or copies into a field may differ from line to line, any other must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import msgspec

from toolkit.runlog.bulk.numbers import MAX_DIGITS
from toolkit.runlog.parse import LogRecord, parse
from toolkit.runlog.sanitize import could_be_stamped, stamp_span

_NUMBER = re.compile(r"(?<![A-Za-z_0-9])[0-9]+")
_DIGITS = re.compile(rb"[0-9]+")
_ANY_LENGTH = 1 << 30
_MARK = "739154826"
"""A number put in place of another, to see where the parser takes it."""

Octets = tuple[int, int]
"""From one byte of a line to another."""


@dataclass(frozen=True, slots=True)
class NumberSlot:
    """A number of a plan's lines: the octets before it that are no digits, and how many digits it may have.

    `text` is what it must be; it is empty where any number will do.
    """

    before: int
    least: int
    most: int
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Extent:
    """A part of a line from its number `first` to its number `last`, and octets before the one and behind the other."""

    first: int
    before: int
    last: int
    behind: int


@dataclass(frozen=True, slots=True)
class ExtractionPlan:
    """How to take apart the lines of one shape without the parser.

    `found` is what the parser made of the first of them. Each of the `numbers` must be as it says. `varying` is where
    the values stand that differ from line to line, by their field, and `stamp` where a CI system's stamp does.
    """

    record: LogRecord
    numbers: tuple[NumberSlot, ...]
    varying: Mapping[str, Extent]
    stamp: Extent | None = None


def learn_plan(text: str, eligible: Callable[[LogRecord], bool]) -> ExtractionPlan | None:
    """The plan for the lines of this one's shape; None where they must be parsed one by one."""
    line = parse(text)
    if line.partial is not None or len(line.records) != 1 or not eligible(line.records[0]):
        return None
    (found,) = line.records
    if line.stamped_ms is None and could_be_stamped(text):
        return None
    stamp = stamp_span(text) if line.stamped_ms is not None else None
    spans: dict[str, tuple[int, int]] = {}
    ignored: list[tuple[int, int]] = []
    for number in _NUMBER.finditer(text, stamp[1] if stamp else 0):
        taken = _field_of(text, found, number.start(), number.end())
        if taken == ("", 0):
            ignored.append(number.span())
        elif taken is not None:
            field, start = taken
            spans[field] = (start, start + len(found.fields[field]))
    if any(text[slice(*span)] != found.fields[field] for field, span in spans.items()):
        return None
    if any(msgspec.json.encode(value := found.fields[field]) != f'"{value}"'.encode() for field in spans):
        return None
    return _plan(text, found, dict(sorted(spans.items(), key=lambda each: each[1])), ignored, stamp)


def _field_of(text: str, found: LogRecord, start: int, end: int) -> tuple[str, int] | None:
    """The field that copies the number at this place, and where in the line its value begins.

    An empty name where the parser ignores the number; None where the number means more than itself.
    """
    marked = parse(text[:start] + _MARK + text[end:])
    if len(marked.records) != 1:
        return None
    other = marked.records[0]
    same = all(getattr(other, name) == getattr(found, name) for name in ("family", "venue", "reason", "column"))
    if not same or list(other.fields) != list(found.fields):
        return None
    changed = [name for name, value in other.fields.items() if value != found.fields[name]]
    if not changed:
        return "", 0
    offset = other.fields[changed[0]].find(_MARK)
    if len(changed) > 1 or offset < 0:
        return None
    return changed[0], start - offset


def _plan(
    text: str,
    found: LogRecord,
    spans: Mapping[str, Octets],
    ignored: Sequence[Octets],
    stamp: Octets | None,
) -> ExtractionPlan | None:
    parts = sorted(chain(spans.values(), ignored, [stamp] if stamp else []))
    if any(after[0] < before[1] for before, after in pairwise(parts)):
        return None
    octets = text.encode()
    digits = [match.span() for match in _DIGITS.finditer(octets)]
    within = [
        (start + n.start(), start + n.end()) for start, end in spans.values() for n in _NUMBER.finditer(text[start:end])
    ]
    free = {_octets(text, each) for each in (*ignored, *within)}
    if not free <= set(digits):
        return None
    stamped = _octets(text, stamp) if stamp else (0, 0)
    numbers, before, at = list[NumberSlot](), 0, 0
    for start, end in digits:
        before, at = before + start - at, end
        if (start, end) in free:
            numbers.append(NumberSlot(before, 1, MAX_DIGITS))
        elif stamped[0] <= start < stamped[1]:
            fraction = octets[start - 1 : start] == b"."
            numbers.append(
                NumberSlot(before, 1, _ANY_LENGTH) if fraction else NumberSlot(before, end - start, end - start)
            )
        else:
            numbers.append(NumberSlot(before, end - start, end - start, octets[start:end]))
    extents = {field: _extent(_octets(text, span), digits) for field, span in spans.items()}
    return ExtractionPlan(found, tuple(numbers), extents, _extent(stamped, digits) if stamp else None)


def _octets(text: str, span: Octets) -> Octets:
    start = len(text[: span[0]].encode())
    return start, start + len(text[slice(*span)].encode())


def _extent(span: Octets, digits: Sequence[Octets]) -> Extent:
    own = [place for place, (start, end) in enumerate(digits) if span[0] <= start and end <= span[1]]
    return Extent(own[0], digits[own[0]][0] - span[0], own[-1], span[1] - digits[own[-1]][1])
