"""When the lines of a log were written, told by their order and by what some of them say of time.

An anchor says when its line was written, within bounds; a span says how much time passed between two lines. A line is
never older than the one before it, so every bound holds for its neighbours too: the earliest time of a line is that of
any line before it, the latest that of any line after it. Before the first anchor and after the last one a line has its
order and no time.

An anchor must agree with those of a surer witness; of one witness that contradict each other in order, the largest
number that agree is kept. A span that contradicts what is known is dropped. Drops are counted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from toolkit.timeline.clock_evidence import Anchor, Span, Witness

MOST_ROUNDS = 12
"""Rounds in which spans tighten bounds; further ones would gain less than they cost."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The times between which a line was written; None where nothing bounds it on that side."""

    line: int
    low_ms: float | None
    high_ms: float | None


class Timeline:
    """The times of one log file's lines, from anchors and spans in any order."""

    def __init__(self, anchors: Iterable[Anchor], spans: Iterable[Span] = ()) -> None:
        everything, listed = sorted(anchors, key=lambda each: each.line), list(spans)
        self._lines = sorted({e.line for e in everything} | {line for s in listed for line in (s.earlier, s.later)})
        kept = list[Anchor]()
        self._set(kept)
        for witness in Witness:
            kept += agreeing([each for each in everything if each.witness is witness and self._allows(each)])
            self._set(kept)
        self.used = tuple(kept)
        self.dropped = len(everything) - len(kept)
        self.spans_dropped = self._tighten(listed)

    def bounds(self) -> Iterator[Bound]:
        """What is known at each line that says anything of time, in order; it holds for the lines between them."""
        for line, low, high in zip(self._lines, self._low, self._high, strict=True):
            yield Bound(line, None if low == -inf else low, None if high == inf else high)

    def at(self, line: int) -> Bound:
        """What is known of any line."""
        before, after = bisect_right(self._lines, line) - 1, bisect_left(self._lines, line)
        low = self._low[before] if before >= 0 else -inf
        high = self._high[after] if after < len(self._lines) else inf
        return Bound(line, None if low == -inf else low, None if high == inf else high)

    def _set(self, anchors: Iterable[Anchor]) -> None:
        lines = self._lines
        self._low, self._high = [-inf] * len(lines), [inf] * len(lines)
        for each in anchors:
            index = bisect_left(lines, each.line)
            self._low[index] = max(self._low[index], each.low_ms)
            self._high[index] = min(self._high[index], each.high_ms)
        for index in range(1, len(lines)):
            self._low[index] = max(self._low[index], self._low[index - 1])
        for index in range(len(lines) - 2, -1, -1):
            self._high[index] = min(self._high[index], self._high[index + 1])

    def _allows(self, anchor: Anchor) -> bool:
        index = bisect_left(self._lines, anchor.line)
        return anchor.low_ms <= self._high[index] and anchor.high_ms >= self._low[index]

    def _tighten(self, spans: Sequence[Span]) -> int:
        """Let the spans carry bounds from line to line until nothing moves; give how many contradict what is known."""
        ends = [(bisect_left(self._lines, s.earlier), bisect_left(self._lines, s.later), s) for s in spans]
        living = sorted(ends, key=lambda each: each[:2])
        for _ in range(MOST_ROUNDS):
            before = (tuple(self._low), tuple(self._high))
            living = [each for each in living if self._carry(*each)]
            living = [each for each in reversed(living) if self._carry(*each)][::-1]
            if before == (tuple(self._low), tuple(self._high)):
                break
        return len(spans) - len(living)

    def _carry(self, earlier: int, later: int, span: Span) -> bool:
        low, high = self._low[earlier] + span.least_ms, self._high[earlier] + span.most_ms
        if low > self._high[later] or high < self._low[later]:
            return False
        self._not_before(later, low)
        self._not_after(later, high)
        self._not_before(earlier, self._low[later] - span.most_ms)
        self._not_after(earlier, self._high[later] - span.least_ms)
        return True

    def _not_before(self, index: int, low: float) -> None:
        while index < len(self._low) and self._low[index] < low:
            self._low[index] = low
            index += 1

    def _not_after(self, index: int, high: float) -> None:
        while index >= 0 and self._high[index] > high:
            self._high[index] = high
            index -= 1


def agreeing(anchors: Sequence[Anchor]) -> list[Anchor]:
    """Of anchors in order of line, a largest number that no two contradict each other.

    Chains grow as in the search for a longest rising sequence: of all chains of a length the one that binds least is
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
    chain, index = list[Anchor](), last[-1] if last else -1
    while index >= 0:
        chain.append(anchors[index])
        index = before[index]
    return chain[::-1]
