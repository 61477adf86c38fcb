"""Lines get the time bounds of consistent evidence; contradicting evidence is dropped and counted."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.timeline.bounds import TimeBound, Timeline, largest_consistent_subset
from toolkit.timeline.clock_evidence import ClockSource, ElapsedSpan, TimeAnchor

TIMES = st.lists(st.integers(0, 100_000), min_size=2, max_size=30).map(sorted)
"""When each line was written, line 1 first."""


@st.composite
def honest_logs(draw: st.DrawFn) -> tuple[list[int], list[TimeAnchor], list[ElapsedSpan]]:
    times = draw(TIMES)
    lines = st.integers(1, len(times))
    margins = st.integers(0, 5_000)
    anchors = [
        TimeAnchor(
            line, times[line - 1] - draw(margins), times[line - 1] + draw(margins), draw(st.sampled_from(ClockSource))
        )
        for line in draw(st.lists(lines, max_size=12))
    ]
    spans = []
    for earlier, later in draw(st.lists(st.tuples(lines, lines).map(sorted), max_size=12)):
        passed = times[later - 1] - times[earlier - 1]
        spans.append(ElapsedSpan(earlier, later, max(0, passed - draw(margins)), passed + draw(margins)))
    return times, anchors, spans


@given(honest_logs())
def test_honest_evidence_is_all_used_and_no_line_leaves_its_bounds(
    log: tuple[list[int], list[TimeAnchor], list[ElapsedSpan]],
) -> None:
    times, anchors, spans = log
    timeline = Timeline(anchors, spans)
    assert (timeline.dropped, timeline.spans_dropped) == (0, 0)
    for line, time in enumerate(times, 1):
        bound = timeline.at(line)
        assert bound.low_ms is None or bound.low_ms <= time
        assert bound.high_ms is None or time <= bound.high_ms


@given(honest_logs())
def test_bounds_rise_with_the_lines(log: tuple[list[int], list[TimeAnchor], list[ElapsedSpan]]) -> None:
    _, anchors, spans = log
    bounds = list(Timeline(anchors, spans).bounds())
    for before, after in pairwise(bounds):
        assert before.line < after.line
        assert before.low_ms is None or (after.low_ms is not None and before.low_ms <= after.low_ms)
        assert after.high_ms is None or (before.high_ms is not None and before.high_ms <= after.high_ms)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=9))
def test_anchors_that_agree_are_kept_and_of_points_no_larger_number_agrees(points: list[tuple[int, int]]) -> None:
    anchors = [TimeAnchor(line, at, at + width) for line, (at, width) in enumerate(points, 1)]
    kept = largest_consistent_subset(anchors)
    assert all(a.low_ms <= b.high_ms for a, b in combinations(kept, 2))
    if all(width == 0 for _, width in points):
        most = max(
            size
            for size in range(len(anchors) + 1)
            for some in combinations(anchors, size)
            if all(a.low_ms <= b.high_ms for a, b in combinations(some, 2))
        )
        assert len(kept) == most


def test_between_anchors_a_line_lies_between_their_times_and_outside_them_it_has_order_only() -> None:
    timeline = Timeline([TimeAnchor(10, 1_000, 1_020), TimeAnchor(20, 5_000, 5_020)])
    assert timeline.at(9) == TimeBound(9, None, 1_020)
    assert timeline.at(15) == TimeBound(15, 1_000, 5_020)
    assert timeline.at(21) == TimeBound(21, 5_000, None)


def test_one_forged_stamp_is_dropped_and_not_the_many_that_it_contradicts() -> None:
    honest = [TimeAnchor(line, line * 1_000, line * 1_000 + 100, ClockSource.VENUE) for line in (1, 3, 4, 5)]
    timeline = Timeline([honest[0], TimeAnchor(2, 9_999_999, 9_999_999, ClockSource.VENUE), *honest[1:]])
    assert (timeline.used, timeline.dropped) == (tuple(honest), 1)
    assert timeline.at(2) == TimeBound(2, 1_000, 3_100)


def test_many_stamps_of_a_venue_with_a_wrong_clock_do_not_move_this_host_s_own() -> None:
    wrong = [TimeAnchor(line, line * 10 + 3_600_000, line * 10 + 3_600_000, ClockSource.VENUE) for line in range(2, 9)]
    timeline = Timeline([TimeAnchor(1, 0, 10), *wrong, TimeAnchor(9, 500, 510)])
    assert (timeline.dropped, timeline.at(5)) == (7, TimeBound(5, 0, 510))


def test_a_timer_carries_a_time_to_lines_far_from_any_clock_and_back() -> None:
    spans = [ElapsedSpan(1, 5, 5_000, 5_100), ElapsedSpan(5, 9, 5_000, 5_100), ElapsedSpan(9, 12, 5_000, 5_100)]
    timeline = Timeline([TimeAnchor(5, 20_000, 20_000)], spans)
    assert timeline.at(12) == TimeBound(12, 30_000, 30_200)
    assert timeline.at(1) == TimeBound(1, 14_900, 15_000)


def test_a_timer_that_contradicts_the_clocks_is_dropped_and_counted() -> None:
    timeline = Timeline([TimeAnchor(1, 0, 0), TimeAnchor(2, 1_000, 1_000)], [ElapsedSpan(1, 2, 5_000, 5_250)])
    assert (timeline.spans_dropped, timeline.at(2)) == (1, TimeBound(2, 1_000, 1_000))


def test_a_log_without_any_clock_has_no_times() -> None:
    assert list(Timeline([]).bounds()) == []
    assert Timeline([], [ElapsedSpan(1, 2, 10, 10)]).at(2) == TimeBound(2, None, None)
