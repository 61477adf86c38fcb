"""Rounds that need no computation, because they raise the same bounds by the same time as the round before.

Two timers that contradict each other after the last anchor raise each other's lower bounds in every round, since no
upper bound stops them. Consider a round that raised all lower bounds from one line on by the same time, and no others.
If these lines have no upper bounds, and no span connects them to lines before, they depend on one another only. The
next round starts from bounds that are all later by that time, so it makes the same comparisons and raises the bounds by
that time again. Their sums are rounded alike if all bounds have one exponent, and the rise is an even multiple of their
unit in the last place.

The same holds for upper bounds before the first anchor: negated and in reverse order, these are such lower bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import frexp, inf, ulp
from sys import float_info
from typing import TypeAlias

IndexedSpan: TypeAlias = tuple[int, int, int, int, float, float]
"""A span by the indexes of its lines, their indexes from the end, and the bounds (ms) on the time between them."""

Sides: TypeAlias = tuple[list[float], list[float]]
"""Lower bounds, and the negated upper bounds in reverse order (ms), so that neither is less than the one before it."""


def after_repeated_rounds(before: Sides, after: Sides, spans: Sequence[IndexedSpan], rounds: int) -> Sides | None:
    """Return the bounds after `rounds` more rounds if each repeats the last one; None if it may not.

    The last round raised the bounds from `before` to `after`; `spans` are those that it left.
    """
    low = _raised(before[0], after[0], after[1], ((span[0], span[1]) for span in spans), rounds)
    high = _raised(before[1], after[1], after[0], ((span[3], span[2]) for span in spans), rounds)
    return None if low is None or high is None else (low, high)


def _raised(
    before: list[float], after: list[float], opposite: list[float], ends: Iterable[tuple[int, int]], rounds: int
) -> list[float] | None:
    """Return one side after more rounds; `opposite` is the other side, `ends` the indexes of each span's lines."""
    if before == after:
        return after
    first = next(index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new)
    rise = after[-1] - before[-1]
    repeats = (
        opposite[-1 - first] == -inf
        and _adds_exactly(rise, before[first], after[-1] + rounds * rise)
        and all(new - old == rise for old, new in zip(before[first:], after[first:], strict=True))
        and not any(begin < first <= end for begin, end in ends)
    )
    return after[:first] + [bound + rounds * rise for bound in after[first:]] if repeats else None


def _adds_exactly(rise: float, least: float, most: float) -> bool:
    """Return true if sums between `least` and `most` are rounded alike when raised by `rise`."""
    return (
        frexp(least)[1] == frexp(most)[1] <= float_info.mant_dig and least * most > 0 and rise % (2 * ulp(least)) == 0
    )
