"""The numbers of a block, found for all its lines at once, are those that each line holds."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from toolkit.runlog.bulk.numbers import BlockLines, DigitRuns

PIECES = st.integers(0, 10**18 - 1).map(str) | st.sampled_from(["0", "007", "x", " ", "\n", "\n\n", "µ", "-", "\r\n"])
BLOCKS = st.lists(PIECES, max_size=40).map(lambda pieces: "|".join(pieces).encode())


@given(BLOCKS)
def test_lines_are_what_stands_between_newlines(block: bytes) -> None:
    lines = BlockLines(block)
    own = block.split(b"\n") if block and not block.endswith(b"\n") else block.split(b"\n")[:-1]
    assert [lines[index] for index in range(len(lines))] == own
    assert lines.shapes() == [re.sub(rb"[0-9]", b"", line) for line in own]


@given(BLOCKS)
def test_each_line_holds_its_own_numbers(block: bytes) -> None:
    lines = BlockLines(block)
    numbers = DigitRuns(lines)
    for index in range(len(lines)):
        own, at = re.findall(rb"[0-9]+", lines[index]), np.array([index])
        assert numbers.has_count(at, len(own)).all()
        starts, ends = numbers.offsets(at, len(own))
        assert [block[start:end] for start, end in zip(starts[0], ends[0], strict=True)] == own
        assert lines.values(starts, ends).tolist() == [[int(number) for number in own]]
