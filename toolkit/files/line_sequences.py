"""Search for equal sequences of lines in two files, by the hashes of the lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HashVector = npt.NDArray[np.uint64]
IntVector = npt.NDArray[np.int64]

MAX_POSITIONS = 1_000
"""Positions that are returned of those at which a sequence occurs: a log that repeats itself has one at each line."""
_MAX_COMPARED = 1 << 27
"""Lines that are compared to examine candidates one by one; a log that repeats itself is searched in linear time."""
_MAX_ANCHORS = 1 << 16
_PROBES = 16
_BASE = 0x9E3779B97F4A7C15
"""Odd number whose powers weight the values of a sequence."""
_FIRST_PIECE, _LARGEST_PIECE = 64, 1 << 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """A sequence of `lines` equal lines: the index of its first line in each of two files."""

    first: int
    second: int
    lines: int


@dataclass(frozen=True, slots=True)
class Anchors:
    """Lines of a file that occur in it once: hashes in ascending order, and the index of each.

    `repeated` are the hashes of the lines that occur more than once.
    Only lines are included whose hash has no bit of `mask`, so that the number is bounded for a file of any length and
    two files have the same lines.
    """

    hashes: HashVector
    indexes: IntVector
    repeated: HashVector
    mask: int

    def sampled(self, mask: int) -> Anchors:
        """Return the anchors whose hashes have no bit of `mask`."""
        chosen, repeated = (self.hashes & np.uint64(mask)) == 0, (self.repeated & np.uint64(mask)) == 0
        return Anchors(self.hashes[chosen], self.indexes[chosen], self.repeated[repeated], mask)


def anchors(hashes: HashVector) -> Anchors:
    """Return the lines that occur once, at most about `_MAX_ANCHORS`."""
    mask = 0
    while len(hashes) > _MAX_ANCHORS * (mask + 1):
        mask = mask * 2 + 1
    indexes = np.flatnonzero((hashes & np.uint64(mask)) == 0) if mask else np.arange(len(hashes))
    values, first, counts = np.unique(hashes[indexes], return_index=True, return_counts=True)
    once = counts == 1
    return Anchors(values[once], indexes[first[once]], values[~once], mask)


def common_anchors(a: Anchors, b: Anchors) -> tuple[IntVector, IntVector, int]:
    """Return the indexes in both files of the anchors they share, in order of the second file, and the possible number.

    The possible number is that of the anchors of the file that has fewer, without those that the other file has
    more than once.
    """
    mask = max(a.mask, b.mask)
    a, b = a.sampled(mask), b.sampled(mask)
    possible = min(
        len(a.hashes) - int(np.isin(a.hashes, b.repeated).sum()),
        len(b.hashes) - int(np.isin(b.hashes, a.repeated).sum()),
    )
    _, in_a, in_b = np.intersect1d(a.hashes, b.hashes, assume_unique=True, return_indices=True)
    order = np.argsort(b.indexes[in_b])
    return a.indexes[in_a][order], b.indexes[in_b][order], possible


def longest_increasing(numbers: IntVector) -> int:
    """Return the length of the longest increasing subsequence."""
    ends: list[int] = []
    for number in numbers.tolist():
        at = bisect_left(ends, number)
        ends[at : at + 1] = [number]
    return len(ends)


def positions(whole: HashVector, part: HashVector) -> IntVector:
    """Return the first `MAX_POSITIONS` indexes at which `part` occurs in `whole`."""
    count = len(part)
    if not count or count > len(whole):
        return np.empty(0, np.int64)
    starts = _starts(whole, part, _probes(part))
    if len(starts) * count > _MAX_COMPARED:
        return _places_by_sums(whole, part)[:MAX_POSITIONS]
    found = [at for at in starts.tolist() if _equal_run(whole[at : at + count], part) == count]
    return np.array(found[:MAX_POSITIONS], np.int64)


def _probes(part: HashVector) -> list[int]:
    """Return the indexes of some lines that are spread over `part`; lines that occur once are preferred."""
    once = np.sort(anchors(part).indexes)
    chosen = once if len(once) else np.arange(len(part))
    return sorted({0, *(int(chosen[int(at)]) for at in np.linspace(0, len(chosen) - 1, _PROBES))})


def _starts(whole: HashVector, part: HashVector, probes: list[int]) -> IntVector:
    """Return the indexes at which `part` may begin, as its lines at `probes` are at their places."""
    fewest: IntVector | None = None
    for probe in probes:
        found = np.flatnonzero(whole == part[probe]) - probe
        if not len(found):
            return found
        fewest = found if fewest is None or len(found) < len(fewest) else fewest
        if len(found) == 1:
            break
    if fewest is None:
        return np.empty(0, np.int64)
    starts = fewest[(fewest >= 0) & (fewest <= len(whole) - len(part))]
    for probe in probes:
        starts = starts[whole[starts + probe] == part[probe]]
    return starts


def stretches(a: HashVector, b: HashVector, in_a: IntVector, in_b: IntVector) -> Iterator[Stretch]:
    """Yield the longest equal sequences around pairs of equal lines, which are given in the order of `b`."""
    end = -1
    for first, second in zip(in_a.tolist(), in_b.tolist(), strict=True):
        if second < end:
            continue
        before = _equal_run(a[:first][::-1], b[max(end, 0) : second][::-1])
        after = _equal_run(a[first:], b[second:])
        end = second + after
        yield Stretch(first - before, second - before, before + after)


def _equal_run(a: HashVector, b: HashVector) -> int:
    """Return the number of equal values at the beginning of both."""
    at, size, count = 0, _FIRST_PIECE, min(len(a), len(b))
    while at < count:
        end = min(at + size, count)
        differ = a[at:end] != b[at:end]
        if differ.any():
            return at + int(np.argmax(differ))
        at, size = end, min(2 * size, _LARGEST_PIECE)
    return count


def end_to_start(a: HashVector, b: HashVector, least: int) -> Stretch | None:
    """Return the longest sequence of at least `least` lines that ends `a` and begins `b`; None if there is none."""
    if min(len(a), len(b)) < least:
        return None
    from_index = max(len(a) - len(b), 0)
    heads = len(a) - from_index - least + 1
    equal = np.ones(heads, np.bool_)
    for offset in range(least):
        equal &= a[from_index + offset : from_index + offset + heads] == b[offset]
    candidates = from_index + np.flatnonzero(equal)
    if len(candidates) * (len(a) - from_index) > _MAX_COMPARED:
        candidates = from_index + _ends_by_sums(a[from_index:], b)
        candidates = candidates[candidates <= len(a) - least][:1]
    for begin in candidates.tolist():
        if _equal_run(a[begin:], b) == len(a) - begin:
            return Stretch(begin, 0, len(a) - begin)
    return None


def _prefix_sums(values: HashVector) -> tuple[HashVector, HashVector]:
    """Return the sums of the first values, each times a power of an odd number, and these powers; all modulo 2^64.

    Two sequences of equal length are equal if their sums are, divided by the power at which each begins.
    """
    powers = np.full(len(values) + 1, _BASE, np.uint64)
    powers[0] = 1
    np.multiply.accumulate(powers, out=powers)
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum(values * powers[:-1], out=sums[1:])
    return sums, powers


def _places_by_sums(whole: HashVector, part: HashVector) -> IntVector:
    """Return the indexes at which `part` occurs in `whole`; near matches cost no time."""
    sums, powers = _prefix_sums(whole)
    wanted, count = _prefix_sums(part)[0][-1], len(part)
    return np.flatnonzero(sums[count:] - sums[: len(sums) - count] == powers[: len(sums) - count] * wanted)


def _ends_by_sums(a: HashVector, b: HashVector) -> IntVector:
    """Return the indexes from which all values of `a` are those at the beginning of `b`, which is not shorter."""
    sums, powers = _prefix_sums(a)
    starts = _prefix_sums(b[: len(a)])[0]
    return np.flatnonzero(sums[-1] - sums[:-1] == powers[:-1] * starts[:0:-1])
