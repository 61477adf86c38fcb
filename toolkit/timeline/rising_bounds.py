"""Lower bounds of a sequence of times, in which no time is less than one before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from math import inf


class RisingBounds:
    """Lower bounds (ms) by index, none less than the one before; an increase carries over to the bounds after it.

    The bounds are kept in blocks of about the square root of their number. `floors` has a bound of a whole block, so an
    increase writes one part of a block and one entry for each block after it. The bound at index i is the greater of
    `values[i]` and `floors[i >> shift]`.
    """

    def __init__(self, values: Iterable[float]) -> None:
        self.values = list(values)
        self.shift = len(self.values).bit_length() // 2 + 1
        self.floors = [-inf] * ((len(self.values) >> self.shift) + 1)

    def bounds(self) -> list[float]:
        """Return the bound at each index."""
        bounds = self.values.copy()
        for block, floor in enumerate(self.floors):
            begin = block << self.shift
            end = bisect_left(bounds, floor, begin, min(begin + (1 << self.shift), len(bounds)))
            bounds[begin:end] = [floor] * (end - begin)
        return bounds

    def increase(self, index: int, bound: float) -> None:
        """Raise the bound at `index`, and each one after it, to at least `bound`."""
        next_block = (index >> self.shift) + 1
        block_end = min(next_block << self.shift, len(self.values))
        end = bisect_left(self.values, bound, index, block_end)
        self.values[index:end] = [bound] * (end - index)
        if end == block_end:
            last = bisect_left(self.floors, bound, next_block)
            self.floors[next_block:last] = [bound] * (last - next_block)
