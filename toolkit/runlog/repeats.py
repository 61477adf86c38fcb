"""Lines that differ from an earlier one only in their numbers: read once, then recognised by their shape.

A long log says a few hundred things millions of times. The shape of a line is the line without its digits. What the
parser makes of a line is learnt at the first of a shape that many have, number by number: one that the parser ignores
or copies into a field may differ from line to line, any other must be the same. The lines of a shape are then taken
apart together by a pattern that each must match in full. What does not goes to the parser, so the outcome is that of
parsing every line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import msgspec
import numpy as np

from toolkit.runlog.cleaning import STAMP_PATTERN, stamp_span, stamps_ms
from toolkit.runlog.parse import Found, parse

MOST_PLANS = 20_000
"""More shapes are not learnt: their lines are parsed one by one."""
LONGEST_LEARNT = 4_096
WORTH_LEARNING = 16
"""A shape that fewer lines of a block have is parsed line by line: learning it takes longer."""

_UNLEARNT, _NEW, _UNLEARNT_BREAK = -1, -2, -3
_NUMBER = re.compile(r"(?<![A-Za-z_0-9])[0-9]+")
_MARK = "739154826"
"""A number put in place of another, to see where the parser takes it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to take apart the lines of one shape without the parser.

    `found` is what the parser made of the first of them. `pattern` matches such a line with one group for each field
    named in `varying`, and `fields` is the line's fields as JSON, with `%b` where a group's text goes. The pattern of a
    line with a CI system's stamp has one group more, the first, for the stamp.
    """

    found: Found
    pattern: re.Pattern[bytes]
    varying: tuple[str, ...]
    fields: bytes
    stamped: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one plan in a block: their indexes, ascending, and for each the texts of the varying fields.

    `stamped_ms` are the times (epoch) stamped on them, none where the plan has no stamp.
    """

    plan: Plan
    indexes: Sequence[int]
    values: Sequence[tuple[bytes, ...]]
    stamped_ms: Sequence[int] = ()

    def without(self, places: Collection[int]) -> Group:
        """The group without the lines at these places of it."""
        kept = [place for place in range(len(self.indexes)) if place not in places]
        stamped_ms = [self.stamped_ms[place] for place in kept] if self.plan.stamped else ()
        return Group(self.plan, [self.indexes[p] for p in kept], [self.values[p] for p in kept], stamped_ms)

    def column(self, field: str) -> list[bytes]:
        """The text of a field in each line."""
        if field in self.plan.varying:
            place = self.plan.varying.index(field)
            return [each[place] for each in self.values]
        return [self.plan.found.fields[field].encode()] * len(self.values)

    def fields(self) -> list[bytes]:
        """All fields of each line, as JSON."""
        return [self.plan.fields % each for each in self.values]


def shapes(data: bytes) -> list[bytes]:
    """The shape of each line of a block."""
    return data.translate(None, b"0123456789").split(b"\n")


class Repeats:
    """Knows the shapes seen so far.

    `eligible` says of which records the lines may be taken together, `breaks` of which shapes the line after is left to
    the parser.
    """

    def __init__(self, eligible: Callable[[Found], bool], breaks: Callable[[bytes], bool] = lambda _: False) -> None:
        self._eligible = eligible
        self._breaks = breaks
        self._breaking = [_UNLEARNT_BREAK]
        self._numbers: dict[bytes, int] = {}
        self._plans: list[Plan | None] = []

    def sort(self, data: bytes, lines: Sequence[bytes], alone: Collection[int] = ()) -> tuple[list[Group], list[int]]:
        """Sort the lines of a block (`data` split at its newlines) into groups and the indexes left to the parser.

        The lines at the indexes `alone` are left to the parser whatever their shape.
        """
        kinds = self._kinds(data, lines)
        after = np.flatnonzero(np.isin(kinds, self._breaking)) + 1
        kinds[after[after < len(kinds)]] = _UNLEARNT
        kinds[[index for index in alone if index < len(lines)]] = _UNLEARNT
        order = np.argsort(kinds, kind="stable")
        edges = np.flatnonzero(np.diff(kinds[order])) + 1
        left: list[int] = []
        groups: list[Group] = []
        for indexes in np.split(order, edges):
            kind = int(kinds[indexes[0]]) if len(indexes) else -1
            plan = self._plans[kind] if kind >= 0 else None
            if plan is None:
                left += indexes.tolist()
            else:
                group, strays = _taken_apart(plan, indexes.tolist(), lines)
                groups += [group] if group.indexes else []
                left += strays
        return groups, sorted(left)

    def _kinds(self, data: bytes, lines: Sequence[bytes]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The number of each line's shape, negative where it has none."""
        of = shapes(data)[: len(lines)]
        kinds = np.fromiter(map(self._numbers.get, of, repeat(_NEW)), np.int64, len(of))
        new = np.flatnonzero(kinds == _NEW).tolist()
        counts = Counter(of[index] for index in new)
        for index in new:
            kinds[index] = self._number(of[index], lines[index], counts[of[index]])
        return kinds

    def _number(self, shape: bytes, line: bytes, count: int) -> int:
        if shape in self._numbers:
            return self._numbers[shape]
        if count < WORTH_LEARNING or len(self._plans) >= MOST_PLANS:
            return _UNLEARNT_BREAK if self._breaks(shape) else _UNLEARNT
        number = self._numbers[shape] = len(self._plans)
        self._plans.append(self._learnt(line))
        self._breaking += [number] if self._breaks(shape) else []
        return number

    def _learnt(self, line: bytes) -> Plan | None:
        if len(line) > LONGEST_LEARNT:
            return None
        try:
            return learn(line.decode("utf-8"), self._eligible)
        except UnicodeDecodeError:
            return None


def _taken_apart(plan: Plan, indexes: list[int], lines: Sequence[bytes]) -> tuple[Group, list[int]]:
    """The lines that the plan fits, and the indexes of those that it does not."""
    own = [lines[index] for index in indexes]
    values = _values(plan, b"\n".join(own))
    if len(values) == len(own):
        return _timed(plan, indexes, values)
    fits = [plan.pattern.fullmatch(line) is not None for line in own]
    fitting = [index for index, fit in zip(indexes, fits, strict=True) if fit]
    values = _values(plan, b"\n".join(line for line, fit in zip(own, fits, strict=True) if fit)) if fitting else []
    group, strays = _timed(plan, fitting, values)
    return group, [*strays, *(index for index, fit in zip(indexes, fits, strict=True) if not fit)]


def _timed(plan: Plan, indexes: list[int], values: list[tuple[bytes, ...]]) -> tuple[Group, list[int]]:
    """The lines with their stamps read, and the indexes of those whose stamp is no date, thus the line's own text."""
    if not plan.stamped:
        return Group(plan, indexes, values), []
    times = stamps_ms([each[0] for each in values])
    group = Group(plan, indexes, [each[1:] for each in values], [at for at in times if at is not None])
    if None not in times:
        return group, []
    undated = {place for place, at in enumerate(times) if at is None}
    dated = Group(plan, indexes, group.values, [at or 0 for at in times]).without(undated)
    return dated, [indexes[place] for place in sorted(undated)]


def _values(plan: Plan, text: bytes) -> list[tuple[bytes, ...]]:
    found = plan.pattern.findall(text)
    match plan.pattern.groups:
        case 0:
            return [()] * len(found)
        case 1:
            return list(zip(found, strict=True))
        case _:
            return found


def learn(text: str, eligible: Callable[[Found], bool]) -> Plan | None:
    """The plan for the lines of this one's shape; None where they must be parsed one by one."""
    line = parse(text)
    if line.begun is not None or len(line.found) != 1 or not eligible(line.found[0]):
        return None
    (found,) = line.found
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
    return _plan(text, found, spans, ignored, stamp)


def _field_of(text: str, found: Found, start: int, end: int) -> tuple[str, int] | None:
    """The field that copies the number at this place, and where in the line its value begins.

    An empty name where the parser ignores the number; None where the number means more than itself.
    """
    marked = parse(text[:start] + _MARK + text[end:])
    if len(marked.found) != 1:
        return None
    other = marked.found[0]
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
    found: Found,
    spans: Mapping[str, tuple[int, int]],
    ignored: Sequence[tuple[int, int]],
    stamp: tuple[int, int] | None,
) -> Plan | None:
    varying = sorted(spans, key=lambda field: spans[field])
    if any(msgspec.json.encode(value := found.fields[field]) != f'"{value}"'.encode() for field in varying):
        return None
    pieces, at = ([re.escape(text[: stamp[0]]), f"({STAMP_PATTERN})"], stamp[1]) if stamp else ([], 0)
    for start, end, captured in sorted(chain(((*spans[f], True) for f in varying), ((*s, False) for s in ignored))):
        if start < at:
            return None
        pieces += [re.escape(text[at:start]), f"({_numbers_free(text[start:end])})" if captured else "[0-9]{1,18}"]
        at = end
    pattern = "".join([*pieces, re.escape(text[at:])])
    compiled = re.compile(rb"(?m)^" + pattern.encode() + rb"$")
    return Plan(found, compiled, tuple(varying), _json(found, varying), stamp is not None)


def _numbers_free(value: str) -> str:
    return "".join(_digits_free(value))


def _digits_free(value: str) -> Iterator[str]:
    at = 0
    for number in _NUMBER.finditer(value):
        yield re.escape(value[at : number.start()])
        yield "[0-9]{1,18}"
        at = number.end()
    yield re.escape(value[at:])


def _json(found: Found, varying: Sequence[str]) -> bytes:
    entries = [
        msgspec.json.encode(name).replace(b"%", b"%%")
        + b":"
        + (b'"%b"' if name in varying else msgspec.json.encode(value).replace(b"%", b"%%"))
        for name, value in found.fields.items()
    ]
    return b"{" + b",".join(entries) + b"}"
