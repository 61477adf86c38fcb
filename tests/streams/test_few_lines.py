"""A block of very many lines is read in parts, which hold the same lines at the same places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.streams.blocks import Block, of_few_lines


@given(st.lists(st.sampled_from([b"\n", b"x\n", b"line of a log\n"]), max_size=60), st.integers(1, 9), st.booleans())
def test_the_parts_of_a_block_are_its_lines_in_order(lines: list[bytes], most: int, torn: bool) -> None:
    data = b"".join(lines) + (b"rest" if torn else b"")
    parts = list(of_few_lines([Block(data, 7, 100, torn)], most))
    assert b"".join(each.data for each in parts) == data
    assert [each.torn for each in parts] == [False] * (len(parts) - 1) + [torn]
    at_line, at_byte = 7, 100
    for each in parts:
        assert (each.first_line, each.first_byte) == (at_line, at_byte)
        at_line, at_byte = at_line + each.data.count(b"\n"), at_byte + len(each.data)
    assert all(each.data.count(b"\n") <= most for each in parts)
