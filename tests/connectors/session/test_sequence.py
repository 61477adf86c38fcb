"""One sequence rule serves every venue's numbering."""

from __future__ import annotations

import pytest

from connectors.session.book import SequenceCheck, check_sequence
from connectors.venues.frames import BookDelta


def delta(prev: int | None, seq: int | None, first: int | None = None) -> BookDelta:
    return BookDelta("b", (), (), seq=seq, prev=prev, first=first)


@pytest.mark.parametrize(
    ("state", "prev", "seq", "expected"),
    [
        (10, 10, 15, SequenceCheck.FOLLOWS),
        (10, 5, 10, SequenceCheck.OLD),
        (10, 2, 4, SequenceCheck.OLD),
        (10, 12, 15, SequenceCheck.GAP),
        (10, 8, 15, SequenceCheck.MISMATCH),
        (None, 8, 15, SequenceCheck.FOLLOWS),
        (10, None, None, SequenceCheck.FOLLOWS),
    ],
)
def test_a_delta_is_compared_with_the_stored_state(
    state: int | None, prev: int | None, seq: int | None, expected: SequenceCheck
) -> None:
    assert check_sequence(state, delta(prev, seq)) is expected


@pytest.mark.parametrize(
    ("first", "prev", "seq", "expected"),
    [
        (98, 95, 105, SequenceCheck.FOLLOWS),
        (100, 95, 100, SequenceCheck.FOLLOWS),
        (101, 100, 105, SequenceCheck.FOLLOWS),
        (90, 85, 99, SequenceCheck.OLD),
        (102, 101, 105, SequenceCheck.GAP),
    ],
)
def test_the_first_delta_after_a_rest_snapshot_must_contain_its_number(
    first: int, prev: int, seq: int, expected: SequenceCheck
) -> None:
    assert check_sequence(100, delta(prev, seq, first), bridging=True) is expected


DOCUMENTED = [
    (150, 157, 149, SequenceCheck.OLD),
    (158, 160, 157, SequenceCheck.FOLLOWS),
    (161, 165, 160, SequenceCheck.FOLLOWS),
    (170, 172, 168, SequenceCheck.GAP),
]
"""`U`, `u` and `pu` of events after a snapshot 158, and the result that Aster's documents state for each."""


def test_the_example_of_the_venues_documents_gives_their_results() -> None:
    state, bridging = 158, True
    for first, seq, prev, expected in DOCUMENTED:
        assert check_sequence(state, delta(prev, seq, first), bridging=bridging) is expected
        if expected is SequenceCheck.FOLLOWS:
            state, bridging = seq, False
