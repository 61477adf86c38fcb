"""Time bounds of log lines, from the order of the lines and the time evidence of some of them.

An anchor bounds the time at which its line was written; a span bounds the time between two lines. A line is never older
than the line before it, so bounds carry over: a line is not older than any line before it and not younger than any line
after it. Before the first anchor and after the last one, a line is bounded on one side only and gets no time.

An anchor must be consistent with the anchors of more reliable clock sources. If anchors of one source contradict each
other in order, a largest consistent subset is kept. A span that contradicts the bounds is dropped. Drops are counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from toolkit.timeline.clock_evidence import ClockSource, ElapsedSpan, TimeAnchor
from toolkit.timeline.repeated_rounds import IndexedSpan, after_repeated_rounds
from toolkit.timeline.rising_bounds import RisingBounds

MAX_ROUNDS = 12
"""Rounds in which spans tighten bounds; further rounds would gain less than they cost."""


@dataclass(frozen=True, slots=True)
class TimeBound:
    """Earliest and latest time (epoch ms) at which a line was written; None if unbounded on that side."""

    line: int
    low_ms: float | None
    high_ms: float | None


class Timeline:
    """Time bounds of the lines of one log, from anchors and spans in any order.

    `used` are the anchors kept; `dropped` and `spans_dropped` count the dropped anchors and spans.
    """

    def __init__(self, anchors: Iterable[TimeAnchor], spans: Iterable[ElapsedSpan] = ()) -> None:
        all_anchors, all_spans = sorted(anchors, key=lambda each: each.line), list(spans)
        self._lines = sorted({e.line for e in all_anchors} | {line for s in all_spans for line in (s.earlier, s.later)})
        self._index = {line: index for index, line in enumerate(self._lines)}
        kept = list[TimeAnchor]()
        self._set(kept)
        for source in ClockSource:
            kept += largest_consistent_subset(
                [each for each in all_anchors if each.source is source and self._allows(each)]
            )
            self._set(kept)
        self.used = tuple(kept)
        self.dropped = len(all_anchors) - len(kept)
        self.spans_dropped = self._tighten(all_spans)

    def bounds(self) -> Iterator[TimeBound]:
        """Yield the bounds of each line with time evidence, in order; the lines between are bounded by these."""
        for line, low, high in zip(self._lines, self._low, self._high, strict=True):
            yield TimeBound(line, None if low == -inf else low, None if high == inf else high)

    def at(self, line: int) -> TimeBound:
        """Return the bounds of any line (from 1)."""
        before, after = bisect_right(self._lines, line) - 1, bisect_left(self._lines, line)
        low = self._low[before] if before >= 0 else -inf
        high = self._high[after] if after < len(self._lines) else inf
        return TimeBound(line, None if low == -inf else low, None if high == inf else high)

    def _set(self, anchors: Iterable[TimeAnchor]) -> None:
        low, high = [-inf] * len(self._lines), [inf] * len(self._lines)
        for each in anchors:
            index = self._index[each.line]
            low[index] = max(low[index], each.low_ms)
            high[index] = min(high[index], each.high_ms)
        self._low = list(accumulate(low, max))
        self._high = list(accumulate(reversed(high), min))[::-1]

    def _allows(self, anchor: TimeAnchor) -> bool:
        index = self._index[anchor.line]
        return anchor.low_ms <= self._high[index] and anchor.high_ms >= self._low[index]

    def _tighten(self, spans: Sequence[ElapsedSpan]) -> int:
        """Carry bounds along the spans until nothing changes; return how many spans contradict the bounds."""
        low, high = RisingBounds(self._low), RisingBounds(-each for each in reversed(self._high))
        consistent = sorted((self._indexed(each) for each in spans), key=lambda each: each[:2])
        bounds = low.bounds(), high.bounds()
        for left in reversed(range(MAX_ROUNDS)):
            before = bounds
            consistent = _carry(low, high, consistent)
            consistent = _carry(low, high, consistent[::-1])[::-1]
            bounds = low.bounds(), high.bounds()
            if before == bounds:
                break
            if (last := after_repeated_rounds(before, bounds, consistent, left)) is not None:
                bounds = last
                break
        self._low, self._high = bounds[0], [-each for each in reversed(bounds[1])]
        return len(spans) - len(consistent)

    def _indexed(self, span: ElapsedSpan) -> IndexedSpan:
        earlier, later = self._index[span.earlier], self._index[span.later]
        last = len(self._lines) - 1
        return earlier, later, last - earlier, last - later, span.least_ms, span.most_ms


def _carry(low: RisingBounds, high: RisingBounds, spans: Iterable[IndexedSpan]) -> list[IndexedSpan]:
    """Carry bounds along each span in turn; return the spans that do not contradict the bounds.

    `high` has the negated upper bounds in reverse order, so that these rise too. The bounds are read here without a
    call each, which halves the time.
    """
    lows, low_floors, highs, high_floors, shift = low.values, low.floors, high.values, high.floors, low.shift
    consistent = []
    for span in spans:
        earlier, later, earlier_back, later_back, least_ms, most_ms = span
        if (earlier_low := lows[earlier]) < (floor := low_floors[earlier >> shift]):
            earlier_low = floor
        if (later_low := lows[later]) < (floor := low_floors[later >> shift]):
            later_low = floor
        if (earlier_high := highs[earlier_back]) < (floor := high_floors[earlier_back >> shift]):
            earlier_high = floor
        if (later_high := highs[later_back]) < (floor := high_floors[later_back >> shift]):
            later_high = floor
        low_ms, high_ms = earlier_low + least_ms, earlier_high - most_ms
        if low_ms > -later_high or -high_ms < later_low:
            continue
        consistent.append(span)
        if low_ms > later_low:
            low.increase(later, later_low := low_ms)
        if high_ms > later_high:
            high.increase(later_back, later_high := high_ms)
        if later_low - most_ms > earlier_low:
            low.increase(earlier, later_low - most_ms)
        if later_high + least_ms > earlier_high:
            high.increase(earlier_back, later_high + least_ms)
    return consistent


def largest_consistent_subset(anchors: Sequence[TimeAnchor]) -> list[TimeAnchor]:
    """Return a largest subset of anchors, given in order of line, no two of which contradict each other.

    The algorithm is that for a longest increasing subsequence: of all chains of a length, the least restrictive one is
    continued, that is the one whose latest `low_ms` is earliest.
    """
    ends: list[float] = []  # of the best chain of each length: the latest low_ms in it
    last: list[int] = []
    before: list[int] = []
    for index, each in enumerate(anchors):
        length = bisect_right(ends, each.high_ms)
        before.append(last[length - 1] if length else -1)
        end = max(ends[length - 1], each.low_ms) if length else each.low_ms
        if length == len(ends):
            ends.append(end)
            last.append(index)
        elif end < ends[length]:
            ends[length], last[length] = end, index
    chain, index = list[TimeAnchor](), last[-1] if last else -1
    while index >= 0:
        chain.append(anchors[index])
        index = before[index]
    return chain[::-1]
