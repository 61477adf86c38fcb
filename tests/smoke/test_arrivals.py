"""Tests of the arrival times file: rows round-trip, and a byte offset finds its piece."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.errors import InputError
from toolkit.model.recorded.arrivals import Arrival, header, line, parse

ROWS = st.lists(
    st.builds(Arrival, byte=st.integers(0, 1 << 40), at_ms=st.integers(0, 1 << 44), error_ms=st.integers(0, 10_000))
).map(lambda rows: sorted(rows, key=lambda row: row.byte))


@given(ROWS, st.integers(0, 20))
def test_rows_round_trip_and_a_torn_last_line_loses_only_that_row(rows: list[Arrival], torn: int) -> None:
    lines = [header("run.log"), *map(line, rows)]
    lines[-1] = lines[-1][: len(lines[-1]) - torn]
    assert parse(lines).rows == tuple(rows if torn == 0 else rows[:-1])


@given(ROWS, st.integers(0, 1 << 41))
def test_a_byte_belongs_to_the_last_piece_that_began_at_or_before_it(rows: list[Arrival], byte: int) -> None:
    before = [row for row in rows if row.byte <= byte]
    assert parse([header("run.log"), *map(line, rows)]).at(byte) == (before[-1] if before else None)


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ([b"not json\n"], 1),
        ([b"[1]\n"], 1),
        ([header("run.log"), b'{"byte":0,"at_ms":"soon","error_ms":1}\n'], 2),
        ([header("run.log"), line(Arrival(9, 1, 1)), line(Arrival(8, 2, 1))], 3),
    ],
)
def test_the_error_for_an_invalid_line_names_its_number(lines: list[bytes], number: int) -> None:
    with pytest.raises(InputError) as raised:
        parse(lines)
    assert (raised.value.file, raised.value.line) == ("run.log.times.jsonl", number)
