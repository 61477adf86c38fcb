"""Answer expectations that compare both runs: that a figure falls, rises, or does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.comparison.comparability import RunSide
from toolkit.comparison.declared_tests import DeclaredTest
from toolkit.comparison.statistics import RatioTest
from toolkit.evidence.answers.setting_pair import SettingPair
from toolkit.model.evidence import Answer, Direction, Observation
from toolkit.model.runs import RunInfo

_CHANGES = {Direction.LOWER: "fall", Direction.HIGHER: "rise", Direction.UNCHANGED: "change"}
_OPPOSITES = {Direction.LOWER: "rise", Direction.HIGHER: "fall", Direction.UNCHANGED: "change"}


def answer_direction(
    observation: Observation, test: DeclaredTest | None, not_compared: str, sides: tuple[RunSide, RunSide]
) -> Observation:
    """Answer whether a figure moved in its declared direction. `not_compared` is the reason where there is no test."""
    direction = observation.expectation.direction
    assert direction is not None
    if test is None:
        lost = _lost_book(observation, sides) if direction is Direction.LOWER else None
        return replace(
            observation, answer=Answer.NOT_SUPPORTED if lost else Answer.INCONCLUSIVE, why=lost or not_compared
        )
    observation = _with_test(observation, test)
    least = "" if test.exact else ", at the least favourable end of a value that is only bounded"
    if test.shown:
        return replace(observation, answer=Answer.SUPPORTED, why=f"declared one-sided test{least}")
    if test.opposite_shown:
        why = f"the opposite is shown: a {_OPPOSITES[direction]}, p = {test.corrected_opposite_p:.2g}"
        return replace(observation, answer=Answer.NOT_SUPPORTED, why=why + least)
    why = test.withheld or test.untested or f"no {_CHANGES[direction]} is shown{least}"
    if observation.mde is None and test.expected is not None and not test.withheld:
        why += f"; no {_CHANGES[direction]} could be shown"
    return replace(observation, why=why)


def _lost_book(observation: Observation, sides: tuple[RunSide, RunSide]) -> str | None:
    """Return a sentence if a venue had a book before and none after: its age has no value, and nothing is worse."""
    scope, _, metric = observation.expectation.figure.partition(".")
    unknown = [side.value(f"{scope}.age_apply_unknown.share") for side in sides]
    has_lost = metric.startswith("age_apply_ms") and unknown[1] == 1 and unknown[0] is not None and unknown[0] < 1
    return f"{scope} never had a book in the after run" if has_lost else None


def answer_unchanged(
    observation: Observation,
    test: DeclaredTest | None,
    not_compared: str,
    runs: tuple[Sequence[RunInfo], Sequence[RunInfo]],
) -> Observation:
    """Answer whether a figure is unchanged as intended.

    It is if its setting is equal on both sides, or if its interval lies inside the declared range of ratios. A figure
    that is not shown to change has not been shown to be the same.
    """
    reasons = [not_compared] if test is None else []
    if test is not None:
        observation = _with_test(observation, test)
        decided = _by_interval(observation, test)
        if decided is not None:
            return decided
        reasons = [test.withheld or test.untested or "no change is shown, which does not prove that there is none"]
    if observation.expectation.setting is not None:
        setting = SettingPair.of(observation.expectation, runs)
        if setting.is_equal and not (test and test.opposite_shown):
            lines = tuple(sorted({*observation.lines, *setting.after.lines}))
            before_lines = tuple(sorted({*observation.before_lines, *setting.before.lines}))
            return replace(
                observation, answer=Answer.UNCHANGED, why=setting.text, lines=lines, before_lines=before_lines
            )
        reasons.insert(0, setting.text)
    return replace(observation, why="; ".join(reasons))


def _by_interval(observation: Observation, test: DeclaredTest) -> Observation | None:
    """Return the answer of the test and the declared range; None where they decide nothing."""
    within = observation.expectation.within
    moved = f"a change is shown, p = {test.corrected_opposite_p:.2g}" if test.opposite_shown else ""
    if within is None:
        return replace(observation, answer=Answer.NOT_SUPPORTED, why=moved) if moved else None
    low, high = observation.low, observation.high
    if test.withheld or test.untested or low is None:
        return None
    declared = f"the declared {within[0]:g} to {within[1]:g}"
    if high is not None and within[0] <= low and high <= within[1]:
        return replace(observation, answer=Answer.UNCHANGED, why=f"the interval of the ratio lies inside {declared}")
    if low > within[1] or (high is not None and high < within[0]):
        return replace(
            observation, answer=Answer.NOT_SUPPORTED, why=f"the interval of the ratio lies outside {declared}"
        )
    why = f"the interval of the ratio is not inside {declared}"
    return replace(observation, why="; ".join(each for each in (moved, why) if each)) if moved else None


def _with_test(observation: Observation, test: DeclaredTest) -> Observation:
    """Return the observation with the numbers of its test."""
    result = test.expected
    if result is None:
        return observation
    is_either = observation.expectation.direction is Direction.UNCHANGED
    observation = replace(
        observation,
        p=result.p,
        p_corrected=test.corrected_opposite_p if is_either else test.corrected_p,
        mde=_smallest_change(result, observation.expectation.direction),
    )
    return replace(observation, low=result.low, high=result.high) if test.exact else observation


def _smallest_change(result: RatioTest, direction: Direction | None) -> float | None:
    if direction is Direction.LOWER:
        return result.smallest_fall
    return result.smallest_rise
