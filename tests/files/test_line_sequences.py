"""Equal sequences of lines are found, also in files that repeat themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.files import line_sequences
from toolkit.files.line_sequences import HashVector, end_to_start, positions

Values = st.lists(st.integers(0, 2), max_size=24)


def hashes(values: list[int]) -> HashVector:
    return np.array(values, np.uint64)


@pytest.mark.parametrize("compared", [0, 1 << 25], ids=["in linear time", "one by one"])
@given(whole=Values, part=Values, least=st.integers(1, 4))
def test_a_sequence_is_found_wherever_it_occurs(compared: int, whole: list[int], part: list[int], least: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_sequences, "_MAX_COMPARED", compared)
        starts = [at for at in range(len(whole)) if part and whole[at : at + len(part)] == part]
        assert positions(hashes(whole), hashes(part)).tolist() == starts
        shared = [n for n in range(least, min(len(whole), len(part)) + 1) if whole[len(whole) - n :] == part[:n]]
        found = end_to_start(hashes(whole), hashes(part), least)
        assert (found and found.lines) == (max(shared) if shared else None)


def test_files_that_repeat_one_line_are_compared_in_linear_time() -> None:
    line, end = [7] * 300_000, [8]
    assert positions(hashes(line * 2), hashes(line + end)).tolist() == []
    assert end_to_start(hashes(line + end), hashes(line), 3) is None
    found = end_to_start(hashes(end + line), hashes(line + end), 3)
    assert found is not None
    assert found.lines == len(line)
