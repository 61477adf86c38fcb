"""Each time by a clock that steps has the first and the last segment that contain it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.timeline.clock_segments import Segment, segment_ranges

TIMES = st.integers(0, 30)
SEGMENTS = st.lists(st.tuples(TIMES, st.one_of(TIMES, st.floats(-1, 31)))).map(
    lambda times: [(number, begin, last) for number, (begin, last) in enumerate(times)]
)


@given(SEGMENTS)
def test_the_range_of_a_time_names_the_first_and_the_last_segment_with_it(segments: list[Segment]) -> None:
    ranges = list(segment_ranges(segments))
    for at_ms in range(-1, 33):
        fitting = [number for number, begin, last in segments if begin <= at_ms <= last]
        low, high = next(((low, high) for from_ms, low, high in reversed(ranges) if from_ms <= at_ms), (None, None))
        assert (low, high) == (min(fitting, default=None), max(fitting, default=None))


def test_ranges_are_in_order_of_time_and_no_more_than_twice_the_segments() -> None:
    ranges = list(segment_ranges([(0, 0, 100.0), (1, 50, 60.5), (2, 10, 200.0)]))
    assert ranges == [(0, 0, 0), (10, 0, 2), (50, 0, 2), (61, 0, 2), (101, 2, 2), (201, None, None)]
