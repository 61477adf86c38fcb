"""Answer expectations of the after run alone: that it prints a figure, or that the figure keeps a limit."""

from __future__ import annotations

from dataclasses import replace

from toolkit.comparison.comparability import RunSide, is_total
from toolkit.comparison.disturbances import disturbances
from toolkit.model.evidence import Answer, Observation
from toolkit.model.figures import Figure, Number
from toolkit.model.units import Unit

_NOT_INSTRUMENTED = "not instrumented"
_NO_LINE = "no such line in the log"
"""Note of a 0 that rests on the absence of lines alone: nothing shows that the build can print them."""
_CANNOT_MOVE = "cannot move"


def answer_instrumented(observation: Observation, before: RunSide, after: RunSide) -> Observation:
    """Answer whether the after run prints a figure. A run that does not print it counts as no value, never as 0."""
    name = observation.expectation.figure
    figure, earlier = after.figures.get(name), before.figures.get(name)
    if figure is None or figure.value is None or figure.note == _NO_LINE:
        why = (figure and figure.note) or "the after run does not have this figure"
        answer = Answer.NOT_SUPPORTED if why.startswith(_NOT_INSTRUMENTED) else Answer.INCONCLUSIVE
        return replace(observation, answer=answer, why=f"after: {why}")
    reasons = [_before_text(earlier)]
    if figure.value == 0 and figure.unit == Unit.COUNT:
        reasons.append("untested under load: it never moved")
    reasons += [figure.note] if figure.note else []
    return replace(observation, answer=Answer.SUPPORTED, why="; ".join(reasons))


def _before_text(figure: Figure | None) -> str:
    if figure is None or figure.value is None or figure.note == _NO_LINE:
        return f"new: before, {(figure and figure.note) or 'the run does not have it'}"
    return "in both runs"


def answer_limits(observation: Observation, before: RunSide, after: RunSide) -> Observation:
    """Answer whether a figure of the after run keeps its limits, by the whole range that its value lies in."""
    figure = after.figures.get(observation.expectation.figure)
    if figure is None or figure.value is None:
        why = (figure and figure.note) or "the after run does not have this figure"
        return replace(observation, why=f"after: {why}")
    if (figure.note or "").startswith(_CANNOT_MOVE):
        return replace(observation, why=f"after: {figure.note}")
    at_most, at_least = observation.expectation.at_most, observation.expectation.at_least
    found = []
    if at_most is not None:
        found.append(_limited(f"at most {at_most:n}", figure.low, figure.high, at_most))
    if at_least is not None:
        found.append(_limited(f"at least {at_least:n}", _negated(figure.high), _negated(figure.low), -at_least))
    answers = [answer for answer, _ in found]
    worst = next(each for each in (Answer.NOT_SUPPORTED, Answer.INCONCLUSIVE, Answer.SUPPORTED) if each in answers)
    why = "; ".join(text for _, text in found)
    disturbed = [each.short for each in disturbances(before, after) if each.side == after.name]
    if worst is Answer.SUPPORTED and at_most is not None and disturbed and is_total(figure):
        worst, why = Answer.INCONCLUSIVE, f"after {disturbed[0]}: fewer events prove nothing"
    return replace(observation, answer=worst, why="; ".join(each for each in (why, figure.note) if each))


def _limited(limit_text: str, low: Number | None, high: Number | None, limit: Number) -> tuple[Answer, str]:
    """Return the answer to an upper limit of a value between `low` and `high`, and its reason."""
    if high is not None and high <= limit:
        return Answer.SUPPORTED, f"the limit is {limit_text}"
    if low is not None and low > limit:
        return Answer.NOT_SUPPORTED, f"the limit is {limit_text}"
    return Answer.INCONCLUSIVE, f"the value is only bounded, and its range contains the limit ({limit_text})"


def _negated(number: Number | None) -> Number | None:
    return None if number is None else -number
