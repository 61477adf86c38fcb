"""Verdict on each figure of a comparison: which test it gets, the correction for their number, and the rules around it.

Counts of separate events are tested exactly, percentiles of ages on batches. Every other figure is compared without a
test: with one run a side, its difference is an observation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from toolkit.comparison.age_test import AgePercentiles, age_test
from toolkit.comparison.comparability import FigurePair, RunSide
from toolkit.comparison.disturbances import Disturbance
from toolkit.comparison.statistics import LEVEL, BatchTest, RatioTest, count_test, holm, least_p
from toolkit.model.series import AgeSeries
from toolkit.model.vocabulary import Better, Bound, Verdict

EQUIVALENT = (0.8, 1.25)
"""Range of ratios within which a difference is called none, if the whole interval lies in it."""

EVENTS = re.compile(
    r"reconnects|disconnects|connect_failures|resyncs|read_timeouts_kept|pings\.failed|plateau_\w+\.count"
    r"|enforcer\.restarts|supervisor\.\w+|rest_fallback\.activations|cap_hits\.ticks"
)
"""Metrics, without the reason, that count separate events."""
AGES = re.compile(r"(age_(?:apply|event)_ms)\.p\d+")
NO_EVENT = "no event in either run"
"""Why two exact counts of 0 have no test: they do not differ."""
TOO_FEW_EVENTS = "{} events in both runs are too few to show a difference"
"""Why counts with this sum say nothing about a difference."""
ALL_EQUAL = "the same value in every run"
"""Why runs that do not differ have no test."""
_COMMON_SHIFT_VENUES = 3
"""Least number of venues for a shift that is common to all of them."""


@dataclass(frozen=True, slots=True)
class FigureTest:
    """Test of one figure. `family` names the figures it is corrected with. `change` is positive for a rise.

    `untested` says why the test says nothing, which takes it out of the family; `withheld` why it gives no verdict all
    the same; `powerless` why no difference of any size would be shown. `corrected_p` is None where the test is outside
    its family.
    """

    family: str
    result: RatioTest
    change: float
    untested: str | None = None
    withheld: str | None = None
    powerless: str | None = None
    corrected_p: float | None = None


def figure_tests(pairs: Iterable[FigurePair], *, paired: bool = False) -> dict[str, FigureTest]:
    """Return the test of each figure that has one, by full name, corrected within each family after Holm.

    `paired` tests ages on the differences of parts of the same time.
    """
    pairs = list(pairs)
    shifts = common_shifts(pairs)
    return corrected({pair.name: test for pair in pairs if (test := _test(pair, shifts, paired))})


def corrected(tests: Mapping[str, FigureTest]) -> dict[str, FigureTest]:
    """Return the tests, with the probabilities of those that say something corrected within each family after Holm."""
    families: dict[str, list[str]] = defaultdict(list)
    for name, test in tests.items():
        if test.untested is None:
            families[test.family].append(name)
    found = dict(tests)
    for names in families.values():
        probabilities = holm([tests[name].result.p for name in names])
        found.update((name, replace(tests[name], corrected_p=p)) for name, p in zip(names, probabilities, strict=True))
    return found


def verdict(better: str, test: FigureTest | None, disturbed: Sequence[Disturbance] = ()) -> tuple[Verdict, str | None]:
    """Return the verdict on a figure that may be compared, and the reason where the values do not show it.

    `better` is the direction in which the figure improves; `disturbed` are the disturbances of the runs.
    """
    if test is None:
        return Verdict.DESCRIPTIVE, None
    if test.untested in (NO_EVENT, ALL_EQUAL):
        return Verdict.NO_DIFFERENCE, None
    reason = test.withheld or (None if test.powerless else test.untested)
    if reason is None and test.corrected_p is not None and test.corrected_p < LEVEL:
        improves = (test.change < 0) is (better == Better.LOWER)
        if not improves or not disturbed:
            return (Verdict.IMPROVED if improves else Verdict.REGRESSED), None
        reason = f"{disturbed[0].side} {disturbed[0].short}: no improvement"
    low, high = test.result.low, test.result.high
    if reason is None and low is not None and high is not None and EQUIVALENT[0] <= low and high <= EQUIVALENT[1]:
        return Verdict.NO_DIFFERENCE, None
    return Verdict.INCONCLUSIVE, reason or test.powerless


def _test(pair: FigurePair, shifts: Mapping[str, str], paired: bool) -> FigureTest | None:
    figure = pair.figure
    if figure.better == Better.NONE or any(side.value(pair.name) is None for side in pair.sides):
        return None
    if age := AGES.fullmatch(figure.metric):
        found = compare_ages(pair, shifts, paired=paired)
        change = _delta(pair) or 0
        return FigureTest(age[1], found.test.ratio_test(), change, found.untested, found.withheld) if found else None
    family = event_family(figure.metric)
    return _count_test(pair, family) if family else None


def event_family(metric: str) -> str | None:
    """Return the metric, with a placeholder for its reason, if it counts separate events; None if it does not."""
    for name, label in ((metric, ""), (metric.rpartition(".")[0], ".<reason>")):
        if EVENTS.fullmatch(name):
            return name + label
    return None


def _count_test(pair: FigurePair, family: str) -> FigureTest | None:
    exposure = exposure_ratio(pair)
    before, after = (side.value(pair.name) for side in pair.sides)
    if exposure is None or not isinstance(before, int) or not isinstance(after, int) or min(before, after) < 0:
        return None
    bounds = [side.name for side in pair.sides if side.figures[pair.name].bound is not Bound.EXACT]
    untested = f"{' and '.join(bounds)}: not an exact count" if bounds else None
    if untested is None and before == after == 0:
        untested = NO_EVENT
    elif untested is None and least_p(before + after, exposure) >= LEVEL:
        untested = TOO_FEW_EVENTS.format(before + after)
    return FigureTest(family, count_test(before, after, exposure), after / exposure - before, untested)


def exposure_ratio(pair: FigurePair) -> float | None:
    """Return the length of the after run over that of the before run; lengths within a tick are equal."""
    before, after = (side.observed_ms for side in pair.sides)
    if not before or not after:
        return None
    tick_ms = pair.before.value("run.tick_gap_ms.p50") or 0
    return 1.0 if abs(after - before) <= tick_ms else after / before


@dataclass(frozen=True, slots=True)
class AgeComparison:
    """Test of a percentile of an age, and why it says nothing (`untested`) or gives no verdict (`withheld`)."""

    test: BatchTest
    untested: str | None
    withheld: str | None


def compare_ages(pair: FigurePair, shifts: Mapping[str, str], *, paired: bool = False) -> AgeComparison | None:
    """Test a percentile of an age; None for another figure, and where the series or the tick times are not known.

    `shifts` are the common shifts of all venues; `paired` runs ran at the same time.
    """
    series = [side.age_series.get(pair.name) for side in pair.sides]
    ticks = [side.value("run.tick_gap_ms.p50") for side in pair.sides]
    if series[0] is None or series[1] is None or not ticks[0] or not ticks[1]:
        return None
    tick_ms = float(max(ticks[0], ticks[1]))
    found = age_test(_arrays(series[0]), _arrays(series[1]), tick_ms, paired=paired)
    before, after = (side.value(pair.name) or 0 for side in pair.sides)
    untested = None
    if not found.long_enough:
        untested = f"worth {float(found.stretches):.0f} independent stretches, a verdict needs {found.least_stretches}"
    withheld = shifts.get(pair.name) or ("within one tick" if abs(after - before) <= tick_ms else None)
    return AgeComparison(found.test, untested, withheld)


def _arrays(series: AgeSeries) -> AgePercentiles:
    return AgePercentiles(np.array(series.batches), np.array(series.steps))


def common_shifts(pairs: Iterable[FigurePair]) -> dict[str, str]:
    """Return, for each age that moved at all venues by the same amount within a tick, a sentence that says so."""
    pairs = list(pairs)
    return shifts_of_all_venues({pair.name: _delta(pair) for pair in pairs}, pairs[0].before if pairs else None)


def shifts_of_all_venues(deltas: Mapping[str, float | None], side: RunSide | None) -> dict[str, str]:
    """Return the same for differences of figures by full name; `side` is a run with the distance of the ticks."""
    moved: dict[str, list[str]] = defaultdict(list)
    for name in deltas:
        if AGES.fullmatch(metric := name.partition(".")[2]):
            moved[metric].append(name)
    tick_ms = (side.value("run.tick_gap_ms.p50") if side else None) or 0
    found = {}
    for names in moved.values():
        known = [delta for name in names if (delta := deltas[name]) is not None]
        if len(known) < max(len(names), _COMMON_SHIFT_VENUES) or max(known) - min(known) > tick_ms:
            continue
        if min(known) > 0 or max(known) < 0:
            text = f"common shift: all venues moved by {min(known):.0f} to {max(known):.0f} ms"
            found.update(dict.fromkeys(names, text))
    return found


def _delta(pair: FigurePair) -> float | None:
    before, after = (side.value(pair.name) for side in pair.sides)
    return None if before is None or after is None else after - before
