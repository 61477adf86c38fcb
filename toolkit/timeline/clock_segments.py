"""Segments between two steps of a clock: those that contain a time by that clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from math import floor

Segment = tuple[int, int, float]
"""Number, first and last time (epoch ms) of a segment."""

SegmentRange = tuple[int, int | None, int | None]
"""A time (epoch ms), and the first and the last segment that contain the times from it on; None if none does."""


def segment_ranges(segments: Iterable[Segment]) -> Iterator[SegmentRange]:
    """Yield, in order of time, a range wherever other segments begin to contain the (whole) times."""
    waiting = sorted(((begin, floor(last) + 1, number) for number, begin, last in segments), reverse=True)
    lowest, highest = list[tuple[int, int]](), list[tuple[int, int]]()
    for at_ms in sorted({time for begin, end, _ in waiting for time in (begin, end)}):
        while waiting and waiting[-1][0] <= at_ms:
            _, end, number = waiting.pop()
            heappush(lowest, (number, end))
            heappush(highest, (-number, end))
        for heap in (lowest, highest):
            # Segments below the top may have ended too; they are removed when they come to the top.
            while heap and heap[0][1] <= at_ms:
                heappop(heap)
        yield at_ms, lowest[0][0] if lowest else None, -highest[0][0] if highest else None
