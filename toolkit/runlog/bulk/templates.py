"""Lines that differ from an earlier one only in their numbers: read once, then recognised by their shape.

A long log says a few hundred things millions of times. The shape of a line is the line without its digits. A shape that
many lines have is learnt; its lines are then taken apart together, for each must be of the plan in full. What is not
goes to the parser, so the outcome is that of parsing every line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from toolkit.runlog.bulk.extraction import Extent, ExtractionPlan, learn_plan
from toolkit.runlog.bulk.numbers import MAX_DIGITS, BlockLines, DigitRuns, IntVector, Mask, Offsets
from toolkit.runlog.bulk.stamps import times_ms, utc_times_ms
from toolkit.runlog.parse import LogRecord

MAX_PLANS = 20_000
"""More shapes are not learnt: their lines are parsed one by one."""
MAX_TEMPLATE_BYTES = 4_096
MIN_LINES_TO_LEARN = 16
"""A shape that fewer lines of a block have is parsed line by line: learning it takes longer."""

_UNLEARNT, _NEW, _UNLEARNT_BREAK = -1, -2, -3


@dataclass(frozen=True, slots=True)
class LineGroup:
    """The lines of one plan in a block: their indexes, ascending, and where the numbers of each begin and end.

    `stamped_ms` are the times (epoch) stamped on them, none where the plan has no stamp.
    """

    plan: ExtractionPlan
    lines: BlockLines
    indexes: IntVector
    starts: Offsets
    ends: Offsets
    stamped_ms: IntVector | None = None

    def only(self, kept: Mask) -> LineGroup:
        """The group with none of its lines but those."""
        stamped_ms = None if self.stamped_ms is None else self.stamped_ms[kept]
        return replace(
            self, indexes=self.indexes[kept], starts=self.starts[kept], ends=self.ends[kept], stamped_ms=stamped_ms
        )

    def places(self, extent: Extent) -> tuple[Offsets, Offsets]:
        """Where a part of each line begins and ends."""
        return self.starts[:, extent.first] - extent.before, self.ends[:, extent.last] + extent.behind

    def texts(self, extent: Extent) -> list[bytes]:
        """The text of a part of each line."""
        data, (starts, ends) = self.lines.data, self.places(extent)
        return [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


class TemplateMatcher:
    """Knows the shapes seen so far.

    `eligible` says of which records the lines may be taken together, `breaks` of which shapes the line after is left to
    the parser.
    """

    def __init__(
        self, eligible: Callable[[LogRecord], bool], breaks: Callable[[bytes], bool] = lambda _: False
    ) -> None:
        self._eligible = eligible
        self._breaks = breaks
        self._breaking = [_UNLEARNT_BREAK]
        self._numbers: dict[bytes, int] = {}
        self._plans: list[ExtractionPlan | None] = []

    def sort(self, lines: BlockLines, alone: Collection[int] = ()) -> tuple[list[LineGroup], list[int]]:
        """Sort the lines of a block into groups and the indexes left to the parser.

        The lines at the indexes `alone` are left to the parser whatever their shape.
        """
        kinds = self._kinds(lines)
        after = np.flatnonzero(np.isin(kinds, self._breaking)) + 1
        kinds[after[after < len(kinds)]] = _UNLEARNT
        kinds[[index for index in alone if index < len(lines)]] = _UNLEARNT
        # Of numbers so short the stable order is found without comparing them.
        order = np.argsort(kinds.astype(np.int16), kind="stable")
        edges = np.flatnonzero(np.diff(kinds[order])) + 1
        left: list[int] = []
        groups: list[LineGroup] = []
        numbers = DigitRuns(lines) if kinds.max(initial=-1) >= 0 else None
        for indexes in np.split(order, edges):
            kind = int(kinds[indexes[0]]) if len(indexes) else -1
            plan = self._plans[kind] if kind >= 0 else None
            if plan is None or numbers is None:
                left += indexes.tolist()
            else:
                group, strays = _taken_apart(plan, indexes, lines, numbers)
                groups += [group] if len(group.indexes) else []
                left += strays
        return groups, sorted(left)

    def _kinds(self, lines: BlockLines) -> IntVector:
        """The number of each line's shape, negative where it has none."""
        of = lines.shapes()
        kinds = np.fromiter(map(self._numbers.get, of, repeat(_NEW)), np.int64, len(of))
        new = np.flatnonzero(kinds == _NEW).tolist()
        counts = Counter(of[index] for index in new)
        for index in new:
            kinds[index] = self._number(of[index], lines, index, counts[of[index]])
        return kinds

    def _number(self, shape: bytes, lines: BlockLines, index: int, count: int) -> int:
        if shape in self._numbers:
            return self._numbers[shape]
        if count < MIN_LINES_TO_LEARN or len(self._plans) >= MAX_PLANS:
            return _UNLEARNT_BREAK if self._breaks(shape) else _UNLEARNT
        number = self._numbers[shape] = len(self._plans)
        self._plans.append(self._learnt(lines[index]))
        self._breaking += [number] if self._breaks(shape) else []
        return number

    def _learnt(self, line: bytes) -> ExtractionPlan | None:
        if len(line) > MAX_TEMPLATE_BYTES:
            return None
        try:
            return learn_plan(line.decode("utf-8"), self._eligible)
        except UnicodeDecodeError:
            return None


def _taken_apart(
    plan: ExtractionPlan, indexes: IntVector, lines: BlockLines, numbers: DigitRuns
) -> tuple[LineGroup, list[int]]:
    """The lines that the plan fits, and the indexes of those that it does not."""
    fits = numbers.having(indexes, len(plan.numbers))
    strays = indexes[~fits].tolist()
    group = LineGroup(plan, lines, indexes[fits], *numbers.of(indexes[fits], len(plan.numbers)))
    for fitting in (_standing_there, _being_the_same):
        fits = fitting(group)
        if not fits.all():
            strays += group.indexes[~fits].tolist()
            group = group.only(fits)
    if plan.stamp is None or not len(group.indexes):
        return group, strays
    group, dated = _timed(group, plan.stamp)
    # A stamp that is no date is the line's own text.
    return group.only(dated), [*strays, *group.indexes[~dated].tolist()]


def _timed(group: LineGroup, stamp: Extent) -> tuple[LineGroup, Mask]:
    """The lines with their times, and which of them have one."""
    places = slice(stamp.first, stamp.last + 1)
    starts, ends = group.starts[:, places], group.ends[:, places]
    times, dated = np.zeros(len(starts), np.int64), np.zeros(len(starts), bool)
    if stamp.behind:
        # Behind the last number stands the letter of UTC.
        numbers = group.lines.values(np.maximum(starts, ends - MAX_DIGITS), ends)
        times, dated = utc_times_ms(numbers, ends - starts)
    if not dated.all():
        times[~dated], dated[~dated] = times_ms(group.only(~dated).texts(stamp))
    return replace(group, stamped_ms=times), dated


def _standing_there(group: LineGroup) -> Mask:
    """Of which lines the numbers stand between the words where they should, and are as long as they may be."""
    digits, begins = group.ends - group.starts, group.lines.starts[group.indexes].astype(np.int32)
    words = group.ends - np.cumsum(digits, axis=1, dtype=np.int32) - begins[:, None]
    before, least, most = np.array([(n.before, n.least, n.most) for n in group.plan.numbers], np.int32).reshape(-1, 3).T
    fits = words == before
    fits &= digits >= least
    fits &= digits <= most
    there: Mask = fits.all(axis=1)
    return there


def _being_the_same(group: LineGroup) -> Mask:
    """In which lines the numbers that must be the same are; they are as long as they must be."""
    same = np.ones(len(group.indexes), bool)
    for place, number in enumerate(group.plan.numbers):
        for digit, wanted in enumerate(number.text):
            same &= group.lines.octets[group.starts[:, place] + digit] == wanted
    return same
