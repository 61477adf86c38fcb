"""Tests of declared hypotheses: one-sided, corrected as a family, at the least favourable end of a bounded value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.reports.made_pair import figure, run_figures, run_info
from toolkit.comparison.comparability import FigureRuns, RunSide
from toolkit.comparison.declared_tests import DeclaredTest, declared_tests
from toolkit.comparison.statistics import Alternative, count_test
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Bound, Ended

LOWER, HIGHER, EITHER = Alternative.LOWER, Alternative.HIGHER, Alternative.EITHER


def count(venue: str, value: int, **other: object) -> Figure:
    return figure(f"{venue}.reconnects", value, **other)


def pairs(before: list[Figure], after: list[Figure], ended: Ended = Ended.COMPLETED) -> list[FigureRuns]:
    venues = tuple(each.scope for each in before)
    left = RunAnalysis(run_info(venues=venues, ended=Ended.COMPLETED), (), (*run_figures(), *before))
    right = RunAnalysis(run_info(venues=venues, ended=ended), (), (*run_figures(), *after))
    sides = RunSide.all_of("before", [left]), RunSide.all_of("after", [right])
    return [FigureRuns(each.figure, *sides) for each in before]


def one_test(before: Figure, after: Figure, alternative: Alternative, ended: Ended = Ended.COMPLETED) -> DeclaredTest:
    found = pairs([before], [after], ended)
    return declared_tests([(found[0], alternative)], found)[0]


def test_a_declared_fall_is_tested_one_sided_and_alone_needs_no_correction() -> None:
    found = one_test(count("lighter", 10), count("lighter", 1), LOWER)
    assert found.corrected_p == 12 / 2**11
    assert found.shown and not found.opposite_shown
    assert found.expected == count_test(10, 1, alternative=LOWER)


def test_a_fall_where_a_rise_was_declared_is_the_opposite() -> None:
    found = one_test(count("lighter", 10), count("lighter", 1), HIGHER)
    assert found.opposite_shown and not found.shown


def test_hypotheses_are_corrected_as_one_family_and_those_that_can_show_nothing_are_no_part_of_it() -> None:
    before = [count("a", 10), count("b", 9), count("c", 2)]
    after = [count("a", 1), count("b", 2), count("c", 2)]
    found = pairs(before, after)
    first, second, third = declared_tests([(each, LOWER) for each in found], found)
    assert first.corrected_p == 2 * 12 / 2**11
    assert second.corrected_p == 67 / 2**11
    assert third.corrected_p is None
    assert third.untested == "4 events in both runs are too few to show a difference"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (count("a", 10, bound=Bound.LOWER, high=None), count("a", 1), True),
        (count("a", 10), count("a", 1, bound=Bound.LOWER, high=None), False),
        (count("a", 10), count("a", 1, bound=Bound.LOWER, high=2), True),
        (count("a", 10), count("a", 1, bound=Bound.LOWER, high=7), False),
        (count("a", 10, bound=Bound.UPPER, low=None), count("a", 1), False),
    ],
)  # fmt: skip
def test_a_bounded_count_shows_a_fall_only_at_its_least_favourable_end(
    before: Figure, after: Figure, shown: bool
) -> None:
    found = one_test(before, after, LOWER)
    assert (found.shown, found.exact) == (shown, False)


def test_a_change_is_against_a_hypothesis_that_expects_none() -> None:
    moved, same = (one_test(count("a", 10), count("a", after), EITHER) for after in (1, 9))
    assert moved.opposite_shown and moved.corrected_opposite_p == pytest.approx(24 / 2**11)
    assert not same.opposite_shown and not same.shown


@pytest.mark.parametrize(
    ("alternative", "after", "shown", "opposite"),
    [(LOWER, 1, False, False), (LOWER, 30, False, True), (HIGHER, 30, True, False), (HIGHER, 1, False, False),
     (EITHER, 1, False, False), (EITHER, 30, False, True)],
)  # fmt: skip
def test_a_run_that_died_shows_no_improvement_and_still_a_regression(
    alternative: Alternative, after: int, shown: bool, opposite: bool
) -> None:
    found = one_test(count("a", 10), count("a", after), alternative, Ended.KILLED)
    assert (found.shown, found.opposite_shown) == (shown, opposite)


def test_other_figures_have_no_test() -> None:
    before, after = (replace(count("a", value), figure="run.cap_hits") for value in (10, 1))
    found = one_test(before, after, LOWER)
    assert found.expected is None and found.untested is not None and found.untested.startswith("no test: ")
