"""The bounds of a timeline are those of a plain implementation that pushes each bound line by line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.timeline.bounds import MAX_ROUNDS, TimeBound, Timeline
from toolkit.timeline.clock_evidence import ElapsedSpan, TimeAnchor

LINES = st.integers(1, 40)
DURATIONS = st.sampled_from((-300.0, 0.0, 0.1, 250.0, 5_000.7, 60_000.0, inf))


@st.composite
def anchored_logs(draw: st.DrawFn) -> tuple[list[TimeAnchor], list[ElapsedSpan]]:
    """Draw consistent anchors, also none, and spans that may contradict them and one another."""
    anchored = sorted(draw(st.sets(LINES, max_size=4)))
    at_ms = sorted(draw(st.lists(st.integers(0, 90_000), min_size=len(anchored), max_size=len(anchored))))
    anchors = [TimeAnchor(line, at, at + draw(st.integers(0, 500))) for line, at in zip(anchored, at_ms, strict=True)]
    spans = []
    for earlier, later in draw(st.lists(st.tuples(LINES, LINES).map(sorted), max_size=60)):
        least_ms, most_ms = sorted((draw(DURATIONS), draw(DURATIONS)))
        spans.append(ElapsedSpan(earlier, later, least_ms, most_ms))
    return anchors, spans


@st.composite
def contradicting_timers(draw: st.DrawFn) -> tuple[list[TimeAnchor], list[ElapsedSpan]]:
    """Draw timers of the lines 10 to 60 that push one another on, and anchors on one side of these, on both or among."""
    # From 2⁴¹ on, the unit of a float's last place is twice as large.
    began_ms = draw(st.sampled_from((1_770_324_595_600, 1_770_324_595_600.1, 2**41 - 2_000_000, 1_000_000.1, -90_000)))
    anchored = draw(st.sampled_from(((1,), (1, 2), (99,), (98, 99), (1, 99), (1, 30))))
    apart_ms = draw(st.sampled_from((1_000, 20_000)))
    anchors = [TimeAnchor(line, at, at) for line in anchored for at in (began_ms + apart_ms * line,)]
    spans = []
    for step in draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)):
        lines = range(first := draw(st.integers(10, 14)), draw(st.integers(20, 60)), step)
        fast_ms, slow_ms = (
            draw(st.sampled_from((3_000 + 2**-13, 4_999.7))),
            draw(st.sampled_from((1_000, 1_999.25, 9_000))),
        )
        spans += [ElapsedSpan(*pair, step * fast_ms, draw(st.sampled_from((20_000, inf)))) for pair in pairwise(lines)]
        spans += [ElapsedSpan(first, each, 0.0, (each - first) * slow_ms) for each in lines[1:]]
    return anchors, spans


def by_definition(anchors: Sequence[TimeAnchor], spans: Sequence[ElapsedSpan]) -> tuple[list[TimeBound], int]:
    """Return the bounds of each line with evidence, of anchors that agree, and the number of dropped spans."""
    lines = sorted({each.line for each in anchors} | {line for each in spans for line in (each.earlier, each.later)})
    lows, highs = dict.fromkeys(lines, -inf), dict.fromkeys(lines, inf)

    def push(line: int, low: float, high: float) -> None:
        for each in lines:
            if each >= line and lows[each] < low:
                lows[each] = low
            if each <= line and highs[each] > high:
                highs[each] = high

    def carry(span: ElapsedSpan) -> bool:
        low, high = lows[span.earlier] + span.least_ms, highs[span.earlier] + span.most_ms
        if low > highs[span.later] or high < lows[span.later]:
            return False
        push(span.later, low, high)
        push(span.earlier, lows[span.later] - span.most_ms, highs[span.later] - span.least_ms)
        return True

    for anchor in anchors:
        push(anchor.line, anchor.low_ms, anchor.high_ms)
    kept = sorted(spans, key=lambda each: (each.earlier, each.later))
    for _ in range(MAX_ROUNDS):
        kept = [each for each in kept if carry(each)]
        kept = [each for each in kept[::-1] if carry(each)][::-1]
    bounds = [
        TimeBound(each, None if lows[each] == -inf else lows[each], None if highs[each] == inf else highs[each])
        for each in lines
    ]
    return bounds, len(spans) - len(kept)


@settings(max_examples=400)
@given(anchored_logs())
def test_bounds_are_those_of_pushes_line_by_line(log: tuple[list[TimeAnchor], list[ElapsedSpan]]) -> None:
    timeline = Timeline(*log)
    assert (list(timeline.bounds()), timeline.spans_dropped) == by_definition(*log)


HALF_UNIT = 2.0**-13
"""Half the unit of the last place of times of today in ms: a sum with it is rounded to an even number of units."""
ROUNDED_UNLIKE = (
    [TimeAnchor(1, 1_770_324_595_600, 1_770_324_595_600)],
    [
        ElapsedSpan(4, 5, 100 + HALF_UNIT, 50),
        ElapsedSpan(4, 5, 200 + HALF_UNIT, inf),
        ElapsedSpan(3, 5, 400 + 2 * HALF_UNIT, 400 + 2 * HALF_UNIT),
        ElapsedSpan(4, 5, 400 + 2 * HALF_UNIT, 400 + 2 * HALF_UNIT),
    ],
)
CONTRADICTED_LATER = (
    [TimeAnchor(2, 1_770_324_595_600, 1_770_324_645_600)],
    [ElapsedSpan(2, 3, 10_000, 12_000), ElapsedSpan(2, 3, 0, 1_000)],
)


@settings(max_examples=400)
@example(ROUNDED_UNLIKE)
@example(CONTRADICTED_LATER)
@given(contradicting_timers())
def test_timers_that_push_one_another_on_in_each_round_get_the_bounds_of_all_rounds(
    log: tuple[list[TimeAnchor], list[ElapsedSpan]],
) -> None:
    timeline = Timeline(*log)
    assert (list(timeline.bounds()), timeline.spans_dropped) == by_definition(*log)


@pytest.mark.parametrize("anchored", [1, 400])
def test_timers_that_contradict_one_another_move_the_bounds_of_many_lines_as_pushes_line_by_line_do(
    seed: int, anchored: int
) -> None:
    drawn = random.Random(seed)
    spans = []
    for line in range(1, 700):
        later = min(line + drawn.choice((1, 3, 40, 300)), 700)
        spans.append(ElapsedSpan(line, later, (least_ms := drawn.uniform(0, 9_000)), least_ms + drawn.uniform(0, 500)))
    anchors = [TimeAnchor(line, line * 100, line * 100 + 5_000) for line in range(1, 700, 700 // anchored)]
    assert (list(Timeline(anchors, spans).bounds()), Timeline(anchors, spans).spans_dropped) == by_definition(
        anchors, spans
    )
