"""Tests of hypotheses that were declared before the runs: a family of their own, in their declared direction.

A value that is only bounded is tested at the end of its range that is least favourable to the claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.comparison.comparability import FigurePair, FigureRuns
from toolkit.comparison.disturbances import disturbances_of_all
from toolkit.comparison.several_runs import declared_run_test
from toolkit.comparison.statistics import LEVEL, Alternative, RatioTest, count_test, holm, least_p
from toolkit.comparison.verdicts import (
    NO_EVENT,
    TOO_FEW_EVENTS,
    compare_ages,
    event_family,
    exposure_ratio,
    shifts_of_all_venues,
)
from toolkit.model.vocabulary import Bound

NO_TEST = "no test: with one run a side, only counts of separate events and percentiles of ages are tested"
_OPPOSITE = {Alternative.LOWER: Alternative.HIGHER, Alternative.HIGHER: Alternative.LOWER}


@dataclass(frozen=True, slots=True)
class DeclaredTest:
    """Test of one declared hypothesis, for or against a change of one figure.

    `expected` looks in the declared direction, `opposite` in the other one; both are two-sided, and the same, where no
    change is declared. Either is None where it cannot show anything. `untested` says why `expected` says nothing,
    `withheld` why its result gives no answer. `corrected_…` are the probabilities within all declared hypotheses.
    `exact` is false where a value is only bounded, so that the interval is of the least favourable values.
    """

    expected: RatioTest | None
    opposite: RatioTest | None = None
    untested: str | None = None
    withheld: str | None = None
    exact: bool = True
    corrected_p: float | None = None
    corrected_opposite_p: float | None = None

    @property
    def shown(self) -> bool:
        """True if the declared change is shown."""
        return self._gives_answer(self.corrected_p)

    @property
    def opposite_shown(self) -> bool:
        """True if the opposite is shown: the other direction, or any change where none is declared."""
        return self._gives_answer(self.corrected_opposite_p)

    def _gives_answer(self, p: float | None) -> bool:
        return self.withheld is None and p is not None and p < LEVEL


def declared_tests(
    declared: Sequence[tuple[FigureRuns, Alternative]], comparable: Iterable[FigureRuns], *, paired: bool = False
) -> list[DeclaredTest]:
    """Return the test of each declared figure, in order; `EITHER` declares that the figure does not change.

    Every run must know the declared figures. `comparable` are all figures that may be compared: a shift that all venues
    share is no change of one of them. The tests for the hypotheses are corrected as one family after Holm, those
    against them as another. With several runs a side, the runs are the sample; `paired` tests the ages of one run a
    side on the differences of parts of the same time.
    """
    groups = list(comparable)
    shifts = shifts_of_all_venues(
        {each.name: _delta(each) for each in groups}, groups[0].befores[0] if groups else None
    )
    tests = [_declared_test(group, alternative, shifts, paired) for group, alternative in declared]
    directed = [alternative is not Alternative.EITHER for _, alternative in declared]
    claims = [each.expected if is_directed and not each.untested else None
              for each, is_directed in zip(tests, directed, strict=True)]  # fmt: skip
    for_, against = _corrected(claims), _corrected([each.opposite for each in tests])
    return [
        replace(each, corrected_p=p, corrected_opposite_p=opposite)
        for each, p, opposite in zip(tests, for_, against, strict=True)
    ]


def _corrected(family: Sequence[RatioTest | None]) -> list[float | None]:
    corrected = iter(holm([each.p for each in family if each]))
    return [next(corrected) if each else None for each in family]


def _delta(group: FigureRuns) -> float | None:
    before, after = group.typical(group.befores), group.typical(group.afters)
    return None if before is None or after is None else after - before


def _declared_test(
    group: FigureRuns, alternative: Alternative, shifts: Mapping[str, str], paired: bool
) -> DeclaredTest:
    if len(group.befores) > 1 or len(group.afters) > 1:
        found = _run_test(group, alternative, shifts)
    elif event_family(group.figure.metric) is not None:
        found = _count_test(group.pairs[0], alternative)
    else:
        found = _age_test(group.pairs[0], alternative, shifts, paired)
    return _without_improvement(group, alternative, found)


def _run_test(group: FigureRuns, alternative: Alternative, shifts: Mapping[str, str]) -> DeclaredTest:
    expected = declared_run_test(group, alternative, shifts)
    opposite = declared_run_test(group, _OPPOSITE.get(alternative, alternative), shifts)
    if expected is None or opposite is None:
        return DeclaredTest(None, untested="no test: the length or the ticks of a run are not known")
    against = None if opposite.untested else opposite.result
    return DeclaredTest(expected.result, against, expected.untested, expected.withheld)


def _without_improvement(group: FigureRuns, alternative: Alternative, found: DeclaredTest) -> DeclaredTest:
    """Remove what would be an improvement if a run was disturbed: a shorter run has fewer events and other ages."""
    disturbed = disturbances_of_all(group.befores, group.afters)
    delta = _delta(group)
    if not disturbed or delta is None:
        return found
    why = f"{disturbed[0].side} {disturbed[0].short}: no improvement"
    improvement = group.figure.better.value
    if alternative is Alternative.EITHER:
        improves = improvement == (Alternative.LOWER if delta < 0 else Alternative.HIGHER)
        return replace(found, untested=found.untested or why, opposite=None) if improves else found
    if improvement == alternative:
        return replace(found, untested=found.untested or why)
    if improvement == _OPPOSITE[alternative]:
        return replace(found, opposite=None)
    return found


def _age_test(pair: FigurePair, alternative: Alternative, shifts: Mapping[str, str], paired: bool) -> DeclaredTest:
    found = compare_ages(pair, shifts, paired=paired)
    if found is None:
        return DeclaredTest(None, untested=NO_TEST)
    bounded = _not_exact(pair)
    expected = found.test.ratio_test(alternative)
    opposite = found.test.ratio_test(_OPPOSITE.get(alternative, alternative))
    untested = found.untested or (f"{bounded}: not an exact age" if bounded else None)
    return DeclaredTest(expected, None if untested else opposite, untested, found.withheld)


def _not_exact(pair: FigurePair) -> str:
    return " and ".join(side.name for side in pair.sides if side.figures[pair.name].bound is not Bound.EXACT)


def _count_test(pair: FigurePair, alternative: Alternative) -> DeclaredTest:
    exposure = exposure_ratio(pair)
    if exposure is None:
        return DeclaredTest(None, untested="no test: the length of a run is not known")
    bounded = _not_exact(pair)
    if bounded and alternative is Alternative.EITHER:
        return DeclaredTest(None, untested=f"{bounded}: not an exact count")
    expected, why = _sided_count_test(pair, alternative, exposure)
    opposite, why_not = _sided_count_test(pair, _OPPOSITE.get(alternative, alternative), exposure)
    return DeclaredTest(expected, None if why_not else opposite, why, exact=not bounded)


def _sided_count_test(
    pair: FigurePair, alternative: Alternative, exposure: float
) -> tuple[RatioTest | None, str | None]:
    """Return the test of the counts that are least favourable to the alternative, and why it can show nothing."""
    before, after = (side.figures[pair.name] for side in pair.sides)
    is_fall = alternative is Alternative.LOWER
    first, second = (before.low, after.high) if is_fall else (before.high, after.low)
    if not isinstance(first, int) or not isinstance(second, int) or min(first, second) < 0:
        return None, f"{_not_exact(pair)}: the count is not bounded on the side that a test needs"
    total = first + second
    why = NO_EVENT if not total else None
    if total and least_p(total, exposure, alternative) >= LEVEL:
        why = TOO_FEW_EVENTS.format(total)
    return count_test(first, second, exposure, alternative), why
