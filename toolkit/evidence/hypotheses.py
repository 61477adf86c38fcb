"""Answer the hypotheses of a specification from the comparison of two runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from toolkit.analysis.metrics import catalogue, matches
from toolkit.comparison.comparability import FigurePair, RunSide, blocked_sides
from toolkit.comparison.declared_tests import DeclaredTest, declared_tests
from toolkit.comparison.statistics import Alternative
from toolkit.evidence.answers.changes import answer_direction, answer_unchanged
from toolkit.evidence.answers.figure_lines import figure_lines
from toolkit.evidence.answers.values import answer_instrumented, answer_limits
from toolkit.model.comparisons import RunComparison
from toolkit.model.evidence import (
    Answer,
    Direction,
    Expectation,
    Hypothesis,
    HypothesisAnswer,
    Observation,
    Specification,
)
from toolkit.model.vocabulary import PLATEAU_LIMIT_PATTERN, Design, Verdict

_WORST_FIRST = (Answer.BLOCKED, Answer.NOT_SUPPORTED, Answer.INCONCLUSIVE, Answer.SUPPORTED, Answer.UNCHANGED)
_PLATEAU = re.compile(rf"\.plateau_(?:event_)?({PLATEAU_LIMIT_PATTERN})\.")
_ALTERNATIVES = {
    Direction.LOWER: Alternative.LOWER, Direction.HIGHER: Alternative.HIGHER, Direction.UNCHANGED: Alternative.EITHER,
}  # fmt: skip


def answer_hypotheses(specification: Specification, comparison: RunComparison) -> tuple[HypothesisAnswer, ...]:
    """Return the answer of two runs to each hypothesis, in order. The worst answer to an expectation is that of all.

    The tests of all hypotheses are corrected as one family, each in its declared direction.
    """
    sides = RunSide.of("before", comparison.before), RunSide.of("after", comparison.after)
    expectations = [each for hypothesis in specification.hypotheses for each in hypothesis.expects]
    tests = _tests(expectations, comparison, sides)
    return tuple(_answer(each, comparison, sides, tests) for each in specification.hypotheses)


def _answer(
    hypothesis: Hypothesis,
    comparison: RunComparison,
    sides: tuple[RunSide, RunSide],
    tests: Mapping[Expectation, DeclaredTest],
) -> HypothesisAnswer:
    observations = tuple(_observation(each, comparison, sides, tests.get(each)) for each in hypothesis.expects)
    answers = {each.answer for each in observations}
    return HypothesisAnswer(hypothesis, next(each for each in _WORST_FIRST if each in answers), observations)


def _tests(
    expectations: Iterable[Expectation], comparison: RunComparison, sides: tuple[RunSide, RunSide]
) -> dict[Expectation, DeclaredTest]:
    """Return the test of each expectation of a change, or of none, whose figure may be compared."""
    comparable = {
        row.figure: FigurePair(row.figure, *sides)
        for row in comparison.rows
        if row.verdict is not Verdict.NOT_COMPARABLE
    }
    valued = {name for name in comparable if all(side.value(name) is not None for side in sides)}
    declared = {
        each: (comparable[each.figure], _ALTERNATIVES[each.direction])
        for each in expectations
        if each.direction in _ALTERNATIVES and each.figure in valued
    }
    paired = comparison.method.get("design") == Design.PAIRED
    tests = declared_tests(list(declared.values()), comparable.values(), paired=paired)
    return dict(zip(declared, tests, strict=True))


def _observation(
    expectation: Expectation,
    comparison: RunComparison,
    sides: tuple[RunSide, RunSide],
    test: DeclaredTest | None,
) -> Observation:
    name = expectation.figure
    before, after = (side.value(name) for side in sides)
    observation = Observation(
        expectation, Answer.INCONCLUSIVE, "", _unit(name, sides), before, after,
        lines=figure_lines(comparison.after, name), before_lines=figure_lines(comparison.before, name),
    )  # fmt: skip
    compares = expectation.direction in _ALTERNATIVES
    if blocked := blocked_sides(*(sides if compares else sides[1:])):
        return replace(observation, answer=Answer.BLOCKED, why="; ".join(blocked))
    if expectation.direction is Direction.INSTRUMENTED:
        return answer_instrumented(observation, *sides)
    if not compares:
        return answer_limits(observation, *sides)
    row = next((each for each in comparison.rows if each.figure == name), None)
    not_compared = _missing(name) if row is None else row.why or "not comparable"
    if expectation.direction is Direction.UNCHANGED:
        return answer_unchanged(observation, test, not_compared, (comparison.before.run, comparison.after.run))
    return answer_direction(observation, test, not_compared, sides)


def _missing(name: str) -> str:
    plateau = _PLATEAU.search(name)
    return "neither run has this figure" + (f"; --plateau {plateau[1]} makes it" if plateau else "")


def _unit(name: str, sides: Sequence[RunSide]) -> str:
    figure = next((side.figures[name] for side in sides if name in side.figures), None)
    if figure is not None:
        return figure.unit
    return next((spec.unit for spec in catalogue() if matches(spec.name, name)), "")
