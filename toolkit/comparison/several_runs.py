"""Tests of figures between several runs a side: the run is the sample, whatever its ticks and events do.

Positive figures are compared by the logarithm of each run's value, counts by the count, or by its rate where the runs
last differently. The test is a permutation of the runs; events of one run may depend on each other, so there is no test
of pooled counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from toolkit.comparison.comparability import FigureRuns, is_total
from toolkit.comparison.statistics import (
    LEVEL,
    Alternative,
    Floats,
    PermutationTest,
    RatioTest,
    batch_test,
    permutation_test,
)
from toolkit.comparison.verdicts import AGES, ALL_EQUAL, FigureTest, corrected, event_family, shifts_of_all_venues
from toolkit.model.vocabulary import Better, Bound

SAME_LENGTH = 0.01
"""Relative difference of the lengths of runs below which counts are not turned into rates."""


def run_tests(groups: Iterable[FigureRuns]) -> dict[str, FigureTest]:
    """Return the test of each figure with a direction that every run knows, corrected within each family after Holm."""
    groups = list(groups)
    deltas = {each.name: _delta(each) for each in groups}
    shifts = shifts_of_all_venues(deltas, groups[0].befores[0] if groups else None)
    tests, least = dict[str, FigureTest](), dict[str, PermutationTest]()
    for group in groups:
        if group.figure.better == Better.NONE or deltas[group.name] is None:
            continue
        if (sides := _compared_values(group)) is not None:
            least[group.name] = permutation_test(*_scaled(group, *sides))
            tests[group.name] = _test(group, sides, least[group.name], shifts)
    found = corrected(tests)
    sizes = Counter(test.family for test in found.values() if test.corrected_p is not None)
    return {name: _limited(test, groups[0], least[name], sizes[test.family]) for name, test in found.items()}


def declared_run_test(group: FigureRuns, alternative: Alternative, shifts: Mapping[str, str]) -> FigureTest | None:
    """Return the test of one figure in a declared direction; None where a run's length or ticks are not known.

    Every run must know the figure. `shifts` are the common shifts of all venues.
    """
    sides = _compared_values(group)
    if sides is None:
        return None
    return _test(group, sides, permutation_test(*_scaled(group, *sides), alternative), shifts, alternative)


def _delta(group: FigureRuns) -> float | None:
    before, after = group.typical(group.befores), group.typical(group.afters)
    return None if before is None or after is None else after - before


def _compared_values(group: FigureRuns) -> tuple[Floats, Floats] | None:
    """Return each run's value: a count as a rate where lengths differ, an age as at least half a tick.

    None where the length of a run or the distance of its ticks is needed and not known.
    """
    sides = (*group.befores, *group.afters)
    values = np.array(group.values(sides), float)
    if is_total(group.figure):
        lengths = np.array([side.observed_ms or np.nan for side in sides], float)
        if np.isnan(lengths).any():
            return None
        if np.ptp(lengths) > SAME_LENGTH * lengths.max():
            values = values * lengths[0] / lengths
    elif AGES.fullmatch(group.figure.metric):
        ticks = [side.value("run.tick_gap_ms.p50") for side in sides]
        if not all(ticks):
            return None
        values = np.maximum(values, max(tick or 0 for tick in ticks) / 2)
    return values[: len(group.befores)], values[len(group.befores) :]


def _scaled(group: FigureRuns, before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Return logarithms of positive values that are no counts, other values as they are."""
    ratios = not is_total(group.figure) and min(before.min(), after.min()) > 0
    return (np.log(before), np.log(after)) if ratios else (before, after)


def _test(
    group: FigureRuns,
    sides: tuple[Floats, Floats],
    test: PermutationTest,
    shifts: Mapping[str, str],
    alternative: Alternative = Alternative.EITHER,
) -> FigureTest:
    metric, values = group.figure.metric, np.concatenate(sides)
    untested = _not_exact(group)
    if untested is None and np.ptp(values) == 0:
        untested = "within one tick" if AGES.fullmatch(metric) else ALL_EQUAL
    powerless = None
    if untested is None and test.least_p >= LEVEL:
        untested = powerless = _nothing_below(group, test.least_p)
    result = _ratio_test(*sides, test.p, alternative, shows=powerless is None)
    family = event_family(metric) or metric.partition(".")[0]
    return FigureTest(family, result, test.difference, untested, shifts.get(group.name), powerless)


def _not_exact(group: FigureRuns) -> str | None:
    sides = [*group.befores, *group.afters] if is_total(group.figure) else []
    bounds = [side.name for side in sides if side.figures[group.name].bound is not Bound.EXACT]
    return f"{', '.join(bounds)}: not an exact count" if bounds else None


def _nothing_below(group: FigureRuns, p: float) -> str:
    return f"{len(group.befores)} + {len(group.afters)} runs can show nothing below p = {p:.2g}"


def _ratio_test(before: Floats, after: Floats, p: float, alternative: Alternative, *, shows: bool) -> RatioTest:
    """Return the probability with the t interval of the ratio of geometric means.

    There is no interval with one run a side, a value of 0 or less, or no spread; no smallest change where the
    permutations show none.
    """
    nothing = RatioTest(p, None, None, None, None)
    if min(len(before), len(after)) < 2 or min(before.min(), after.min()) <= 0:
        return nothing
    test = batch_test(np.log(before), np.log(after))
    if not test.error > 0:
        return nothing
    found = replace(test.ratio_test(alternative), p=p)
    return found if shows else replace(found, smallest_fall=None, smallest_rise=None)


def _limited(test: FigureTest, group: FigureRuns, alone: PermutationTest, tests: int) -> FigureTest:
    """Return the test with the reason where its family is too large for so few runs to show anything."""
    least = min(1.0, alone.least_p * tests)
    if test.corrected_p is None or least < LEVEL:
        return test
    why = f"{_nothing_below(group, alone.least_p)}, which is {least:.2g} corrected for {tests} figures"
    result = replace(test.result, smallest_fall=None, smallest_rise=None)
    return replace(test, powerless=why, result=result)
