"""Packed records come back as they were appended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.sessions.machine import SessionIncident
from toolkit.sessions.packed_records import PackedRecords


def incidents(first: int, count: int) -> list[SessionIncident]:
    return [SessionIncident("resync", 0, "aster", "seq_gap", ((0, line),)) for line in range(first, first + count)]


@pytest.mark.parametrize("counts", [(0, 0), (1, 0), (255, 256), (257, 600), (1_000, 1)])
def test_batches_that_are_taken_follow_those_that_are_there(counts: tuple[int, int]) -> None:
    sequences = [PackedRecords(SessionIncident), PackedRecords(SessionIncident)]
    records = incidents(0, counts[0]), incidents(counts[0], counts[1])
    for sequence, each in zip(sequences, records, strict=True):
        for record in each:
            sequence.append(record)
        assert list(sequence) == each
    whole, other = sequences
    whole.take(other)
    whole.append(last := incidents(-1, 1)[0])
    assert list(whole) == list(whole.drain()) == [*records[0], *records[1], last]
    assert list(other) == list(whole) == []


def test_sequences_of_equal_records_are_equal() -> None:
    first, second = PackedRecords(SessionIncident), PackedRecords(SessionIncident)
    for record in incidents(0, 300):
        first.append(record)
    assert first != second
    second.take(first)
    for record in incidents(0, 300):
        first.append(record)
    assert first == second


@given(st.integers(0, 600), st.lists(st.tuples(st.integers(0, 599), st.integers(-9, -1))))
def test_records_are_read_and_replaced_by_their_index(count: int, replaced: list[tuple[int, int]]) -> None:
    sequence, plain = PackedRecords(SessionIncident), incidents(0, count)
    for record in plain:
        sequence.append(record)
    for index, line in replaced:
        if index < count:
            (sequence[index],) = (plain[index],) = incidents(line, 1)
            assert sequence[index] == plain[index]
    assert [sequence[index] for index in range(len(sequence))] == list(sequence) == list(sequence.drain()) == plain
