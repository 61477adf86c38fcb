"""Only files that have lines in common are compared."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files import line_sequences
from toolkit.files.line_sequences import Anchors, HashVector, anchors
from toolkit.files.shared_lines import LineIndex, pairs_with_common_anchors

FILES = st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=40), max_size=9)


def hashes(lines: list[int]) -> HashVector:
    return np.array(lines, np.uint64)


@given(FILES)
def test_each_two_files_with_a_line_that_occurs_once_in_both_are_compared(files: list[list[int]]) -> None:
    once = [{line for line in lines if lines.count(line) == 1} for lines in files]
    expected = [(a, b) for a, b in combinations(range(len(files)), 2) if once[a] & once[b]]
    assert list(pairs_with_common_anchors([anchors(hashes(lines)) for lines in files])) == expected


@given(FILES, st.lists(st.integers(0, 30), min_size=1), st.sampled_from([1 << 16, 2]))
def test_each_file_with_all_of_some_lines_is_named(files: list[list[int]], part: list[int], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_sequences, "_MAX_ANCHORS", most)
        named = LineIndex([anchors(hashes(lines)) for lines in files]).files_with(hashes(part))
    having_all = {number for number, lines in enumerate(files) if set(part) <= set(lines)}
    assert having_all <= set(range(len(files)) if named is None else named)


def test_a_line_of_many_files_names_only_neighbours() -> None:
    once = Anchors(hashes([7]), np.zeros(1, np.int64), hashes([]), 0)
    pairs = list(pairs_with_common_anchors([once] * 1_000))
    assert len(pairs) == sum(min(8, 999 - number) for number in range(1_000))


def test_a_long_file_is_compared_with_each_other_file() -> None:
    other, long = anchors(hashes([1, 2])), Anchors(hashes([4]), np.zeros(1, np.int64), hashes([]), 3)
    assert list(pairs_with_common_anchors([other, long, other])) == [(0, 1), (0, 2), (1, 2)]
