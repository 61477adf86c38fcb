"""Log templates: lines that differ from an earlier line only in their numbers are recognised without the parser.

A long log repeats a few hundred messages millions of times. A line's shape is the line without its digits. A shape that
many lines have is learnt as an extraction plan, and its lines are parsed as a group, if each fits the plan completely.
All other lines go to the parser, so the result equals that of parsing every line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np
import pyarrow as pa

from toolkit.runlog.bulk.groups.extraction import Extent, ExtractionPlan, learn_plan
from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.groups.stamps import times_ms, utc_times_ms
from toolkit.runlog.bulk.numbers import MAX_DIGITS, BlockLines, DigitRuns, IntVector, Mask, Offsets
from toolkit.runlog.parse import LogRecord

MAX_PLANS = 20_000
"""Number of shapes that are learnt; lines of further shapes are parsed one by one."""
MAX_TEMPLATE_BYTES = 4_096
"""Length of a line beyond which its shape is not learnt."""
MIN_LINES_TO_LEARN = 16
"""Lines of a block that must have a shape for it to be learnt: for fewer, learning takes longer than parsing."""

_NEW = -1


@dataclass(frozen=True, slots=True)
class TemplateGroup(LineGroup):
    """Lines of a block that fit one plan: they differ in their numbers only.

    `starts` and `ends` are the byte offsets in the block at which each number of each line begins and ends: one row per
    line, one column per number.
    """

    plan: ExtractionPlan
    starts: Offsets
    ends: Offsets

    @property
    def varying(self) -> Collection[str]:
        """The fields whose values may differ from line to line."""
        return self.plan.varying

    def select(self, mask: Mask) -> TemplateGroup:
        """Return the group reduced to the lines that `mask` selects."""
        stamped_ms = None if self.stamped_ms is None else self.stamped_ms[mask]
        return replace(
            self, indexes=self.indexes[mask], starts=self.starts[mask], ends=self.ends[mask], stamped_ms=stamped_ms
        )

    def texts(self, field: str) -> list[str]:
        """Return the value of a varying field in each line."""
        return [each.decode() for each in self.octets(self.plan.varying[field])]

    def json_texts(self, field: str) -> pa.StringArray:
        """Return the value of a varying field in each line, which is the same in a JSON string.

        The values are every second text of those into which their ends divide the block.
        """
        boundaries = np.column_stack(self._offsets(self.plan.varying[field])).astype(np.int32).ravel()
        buffers = [None, pa.py_buffer(boundaries), pa.py_buffer(self.lines.data)]
        pieces = pa.Array.from_buffers(pa.string(), len(boundaries) - 1, buffers)
        return pieces.take(pa.array(np.arange(0, len(boundaries), 2)))

    def octets(self, extent: Extent) -> list[bytes]:
        """Return the bytes of a part of each line."""
        data, (starts, ends) = self.lines.data, self._offsets(extent)
        return [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def _offsets(self, extent: Extent) -> tuple[Offsets, Offsets]:
        """Return the byte offsets in the block at which a part of each line begins and ends."""
        return self.starts[:, extent.first] - extent.before, self.ends[:, extent.last] + extent.behind


@dataclass(frozen=True, slots=True)
class SortedLines:
    """Lines of a block: in groups, and the indexes (ascending) of those `left` to the parser."""

    groups: list[TemplateGroup]
    left: IntVector


class TemplateMatcher:
    """Learner of line shapes, which sorts the lines of blocks into groups by the shapes learnt so far.

    `eligible` returns true for records whose lines may be grouped.
    """

    def __init__(self, eligible: Callable[[LogRecord], bool] = lambda _: True) -> None:
        self._eligible = eligible
        self._kind_of_shape: dict[bytes, int] = {}
        self._plans: list[ExtractionPlan | None] = []

    def sort(self, lines: BlockLines) -> SortedLines:
        """Sort the lines of a block into groups and lines left to the parser."""
        kinds = self._kinds(lines)
        # For 16-bit integers the stable sort is a radix sort, which compares nothing.
        order = np.argsort(kinds.astype(np.int16), kind="stable")
        edges = np.flatnonzero(np.diff(kinds[order])) + 1
        left: list[int] = []
        groups: list[TemplateGroup] = []
        numbers = DigitRuns(lines) if kinds.max(initial=-1) >= 0 else None
        for indexes in np.split(order, edges):
            kind = int(kinds[indexes[0]]) if len(indexes) else -1
            plan = self._plans[kind] if kind >= 0 else None
            if plan is None or numbers is None:
                left += indexes.tolist()
            else:
                group, unfit = _fit(plan, indexes, lines, numbers)
                groups += [group] if len(group.indexes) else []
                left += unfit
        return SortedLines(groups, np.sort(np.array(left, np.int64)))

    def _kinds(self, lines: BlockLines) -> IntVector:
        """Return the number of each line's shape; `_NEW` if the shape is not learnt."""
        shapes = lines.shapes()
        kinds = np.fromiter(map(self._kind_of_shape.get, shapes, repeat(_NEW)), np.int64, len(shapes))
        new = np.flatnonzero(kinds == _NEW).tolist()
        counts = Counter(map(shapes.__getitem__, new))
        frequent = {shape for shape, count in counts.items() if count >= MIN_LINES_TO_LEARN}
        for index in new if frequent else ():
            if (shape := shapes[index]) in frequent:
                kinds[index] = self._learn_kind(shape, lines, index)
        return kinds

    def _learn_kind(self, shape: bytes, lines: BlockLines, index: int) -> int:
        """Return the number of a shape; learn it from the line at `index`."""
        if (known := self._kind_of_shape.get(shape)) is not None:
            return known
        if len(self._plans) >= MAX_PLANS:
            return _NEW
        kind = self._kind_of_shape[shape] = len(self._plans)
        self._plans.append(self._plan(lines[index]))
        return kind

    def _plan(self, line: bytes) -> ExtractionPlan | None:
        if len(line) > MAX_TEMPLATE_BYTES:
            return None
        try:
            return learn_plan(line.decode("utf-8"), self._eligible)
        except UnicodeDecodeError:
            return None


def _fit(
    plan: ExtractionPlan, indexes: IntVector, lines: BlockLines, numbers: DigitRuns
) -> tuple[TemplateGroup, list[int]]:
    """Return the group of the lines that fit the plan, and the indexes of the lines that do not."""
    fits = numbers.has_count(indexes, len(plan.numbers))
    unfit = indexes[~fits].tolist()
    starts, ends = numbers.offsets(indexes[fits], len(plan.numbers))
    group = TemplateGroup(plan.record, lines, indexes[fits], None, plan.is_decorated, plan, starts, ends)
    for check in (_numbers_in_place, _fixed_numbers_equal):
        fits = check(group)
        if not fits.all():
            unfit += group.indexes[~fits].tolist()
            group = group.select(fits)
    if plan.stamp is None or not len(group.indexes):
        return group, unfit
    group, dated = _with_times(group, plan.stamp)
    # A stamp that is no valid date belongs to the line's own text.
    return group.select(dated), [*unfit, *group.indexes[~dated].tolist()]


def _with_times(group: TemplateGroup, stamp: Extent) -> tuple[TemplateGroup, Mask]:
    """Return the group with the times stamped on its lines, and a mask of the lines whose stamp is a valid date."""
    columns = slice(stamp.first, stamp.last + 1)
    starts, ends = group.starts[:, columns], group.ends[:, columns]
    times, dated = np.zeros(len(starts), np.int64), np.zeros(len(starts), bool)
    if stamp.behind:
        # The letter of UTC follows the last number.
        numbers = group.lines.values(np.maximum(starts, ends - MAX_DIGITS), ends)
        times, dated = utc_times_ms(numbers, ends - starts)
    if not dated.all():
        times[~dated], dated[~dated] = times_ms(group.select(~dated).octets(stamp))
    return group.stamped(times), dated


def _numbers_in_place(group: TemplateGroup) -> Mask:
    """Return a mask of the lines whose numbers stand at the plan's places and have an allowed count of digits."""
    digits, line_starts = group.ends - group.starts, group.lines.starts[group.indexes].astype(np.int32)
    other_bytes = group.ends - np.cumsum(digits, axis=1, dtype=np.int32) - line_starts[:, None]
    before, least, most = np.array([(n.before, n.least, n.most) for n in group.plan.numbers], np.int32).reshape(-1, 3).T
    fits = other_bytes == before
    fits &= digits >= least
    fits &= digits <= most
    mask: Mask = fits.all(axis=1)
    return mask


def _fixed_numbers_equal(group: TemplateGroup) -> Mask:
    """Return a mask of the lines whose fixed numbers equal the plan's; their lengths are already checked."""
    equal = np.ones(len(group.indexes), bool)
    for column, number in enumerate(group.plan.numbers):
        for digit, expected in enumerate(number.text):
            equal &= group.lines.octets[group.starts[:, column] + digit] == expected
    return equal
