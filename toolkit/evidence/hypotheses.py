"""Answer the hypotheses of a specification from the comparison of two runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from toolkit.analysis.metrics import catalogue, matches
from toolkit.comparison.comparability import FigureRuns, RunSide, blocked_sides
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
_Sides = tuple[tuple[RunSide, ...], tuple[RunSide, ...]]
_ALTERNATIVES = {
    Direction.LOWER: Alternative.LOWER, Direction.HIGHER: Alternative.HIGHER, Direction.UNCHANGED: Alternative.EITHER,
}  # fmt: skip


def answer_hypotheses(specification: Specification, comparison: RunComparison) -> tuple[HypothesisAnswer, ...]:
    """Return the answer of the runs to each hypothesis, in order. The worst answer to an expectation is that of all.

    The tests of all hypotheses are corrected as one family, each in its declared direction. With several runs a side,
    the runs are the sample, and a limit must hold in every run after.
    """
    befores, afters = comparison.runs_before or (comparison.before,), comparison.runs_after or (comparison.after,)
    sides = RunSide.all_of("before", befores), RunSide.all_of("after", afters)
    expectations = [each for hypothesis in specification.hypotheses for each in hypothesis.expects]
    tests = _tests(expectations, comparison, sides)
    return tuple(_answer(each, comparison, sides, tests) for each in specification.hypotheses)


def _answer(
    hypothesis: Hypothesis,
    comparison: RunComparison,
    sides: _Sides,
    tests: Mapping[Expectation, DeclaredTest],
) -> HypothesisAnswer:
    observations = tuple(_observation(each, comparison, sides, tests.get(each)) for each in hypothesis.expects)
    return HypothesisAnswer(hypothesis, worst_answer(observations), observations)


def worst_answer(observations: Sequence[Observation]) -> Answer:
    """Return the worst answer to the expectations of a hypothesis, which is that to the hypothesis."""
    return min((each.answer for each in observations), key=_WORST_FIRST.index)


def _tests(
    expectations: Iterable[Expectation], comparison: RunComparison, sides: _Sides
) -> dict[Expectation, DeclaredTest]:
    """Return the test of each expectation of a change, or of none, whose figure may be compared."""
    comparable = {
        row.figure: FigureRuns(row.figure, *sides)
        for row in comparison.rows
        if row.verdict is not Verdict.NOT_COMPARABLE
    }
    valued = {name for name in comparable if all(run.value(name) is not None for side in sides for run in side)}
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
    sides: _Sides,
    test: DeclaredTest | None,
) -> Observation:
    name = expectation.figure
    befores, afters = sides
    row = next((each for each in comparison.rows if each.figure == name), None)
    observation = Observation(
        expectation, Answer.INCONCLUSIVE, "", _unit(name, (*befores, *afters)),
        row.before if row else None, row.after if row else None,
    )  # fmt: skip
    if len(befores) == len(afters) == 1:
        lines, before_lines = (figure_lines(run, name) for run in (comparison.after, comparison.before))
        observation = replace(observation, lines=lines, before_lines=before_lines)
    compares = expectation.direction in _ALTERNATIVES
    if blocked := blocked_sides(*(befores if compares else ()), *afters):
        return replace(observation, answer=Answer.BLOCKED, why="; ".join(blocked))
    if not compares:
        answer = answer_instrumented if expectation.direction is Direction.INSTRUMENTED else answer_limits
        return _worst({each.name: answer(observation, befores[0], each) for each in afters})
    not_compared = _missing(name) if row is None else row.why or "not comparable"
    if expectation.direction is Direction.UNCHANGED:
        runs = [each.run for each in befores], [each.run for each in afters]
        return answer_unchanged(observation, test, not_compared, runs)
    return answer_direction(observation, test, not_compared, (befores[0], afters[0]))


def _worst(observations: Mapping[str, Observation]) -> Observation:
    """Return the observation with the worst answer; of several runs, with the name of its run."""
    name, worst = min(observations.items(), key=lambda item: _WORST_FIRST.index(item[1].answer))
    is_named = len(observations) > 1 and worst.answer is not Answer.SUPPORTED
    return replace(worst, why=f"{name}: {worst.why.removeprefix('after: ')}") if is_named else worst


def _missing(name: str) -> str:
    plateau = _PLATEAU.search(name)
    return "neither run has this figure" + (f"; --plateau {plateau[1]} makes it" if plateau else "")


def _unit(name: str, sides: Sequence[RunSide]) -> str:
    figure = next((side.figures[name] for side in sides if name in side.figures), None)
    if figure is not None:
        return figure.unit
    return next((spec.unit for spec in catalogue() if matches(spec.name, name)), "")
