"""Confirm what got worse in a pair of runs by a second, fresh pair: one pair may alarm at random."""

from __future__ import annotations

from dataclasses import replace

from toolkit.evidence.hypotheses import worst_answer
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.evidence import Answer, Evidence, HypothesisAnswer, Observation
from toolkit.model.runs import RunInfo
from toolkit.model.vocabulary import Verdict

SEEN_TWICE = "seen twice"
NOT_SEEN_AGAIN = "not seen again on a fresh pair: not called"
NOT_CHECKED = "not checked, because the fresh pair was cut short or gave no comparison: not called"

WHOLE_SHARE = 0.8
"""Least length of a run of the second pair as a share of that of the first; a shorter one was cut short."""


def regressions(evidence: Evidence) -> tuple[str, ...]:
    """Return the figures that a test shows to have got worse, or to have moved against a declared expectation."""
    rows = (row.figure for row in evidence.comparison.rows if row.verdict is Verdict.REGRESSED)
    observed = (each.expectation.figure for each in _observations(evidence) if _is_refuted(each))
    return tuple(dict.fromkeys((*rows, *observed)))


def confirmed(first: Evidence, second: Evidence | None) -> Evidence:
    """Return the first evidence with only those regressions called that the second shows too.

    A second pair that was cut short, because a run of it was interrupted or died, can only show them again. `second` is
    None where there is no evidence about it.
    """
    again = set() if second is None else set(regressions(second))
    whole = second.comparison if second is not None and _is_whole(first, second) else None
    states = {figure: _state(figure, again, whole) for figure in regressions(first)}
    seen = () if second is None else second.comparison.rows
    values = {row.figure: f"{_text(row.before)} → {_text(row.after)}" for row in seen}
    rows = tuple(_row(row, states, values) for row in first.comparison.rows)
    found = {state: [figure for figure in states if states[figure] == state] for state in states.values()}
    comparison = replace(first.comparison, rows=rows, method={**first.comparison.method, "confirmation": found})
    answers = tuple(_answer(each, states, values) for each in first.answers)
    return replace(first, comparison=comparison, answers=answers)


def _is_whole(first: Evidence, second: Evidence) -> bool:
    """Return whether both runs of the second pair lasted about as long as those of the first, or longer."""
    pairs = zip(_runs(second), _runs(first), strict=True)
    return all((run.observed_ms or 0) >= WHOLE_SHARE * (earlier.observed_ms or 0) for run, earlier in pairs)


def _runs(evidence: Evidence) -> tuple[RunInfo, RunInfo]:
    return evidence.comparison.before.run, evidence.comparison.after.run


def _state(figure: str, again: set[str], second: RunComparison | None) -> str:
    if figure in again:
        return SEEN_TWICE
    if second is None:
        return NOT_CHECKED
    row = next((row for row in second.rows if row.figure == figure), None)
    return NOT_CHECKED if row is None or row.verdict is Verdict.NOT_COMPARABLE else NOT_SEEN_AGAIN


def _row(row: ComparisonRow, states: dict[str, str], values: dict[str, str]) -> ComparisonRow:
    if row.verdict is not Verdict.REGRESSED:
        return row
    state = states[row.figure]
    why = "; ".join(each for each in (_why(row.figure, state, values), row.why) if each)
    return replace(row, verdict=row.verdict if state == SEEN_TWICE else Verdict.INCONCLUSIVE, why=why)


def _answer(answer: HypothesisAnswer, states: dict[str, str], values: dict[str, str]) -> HypothesisAnswer:
    observations = tuple(_observation(each, states, values) for each in answer.observations)
    return replace(answer, answer=worst_answer(observations), observations=observations)


def _observation(observation: Observation, states: dict[str, str], values: dict[str, str]) -> Observation:
    if not _is_refuted(observation):
        return observation
    figure = observation.expectation.figure
    answer = observation.answer if states[figure] == SEEN_TWICE else Answer.INCONCLUSIVE
    return replace(observation, answer=answer, why=f"{observation.why}; {_why(figure, states[figure], values)}")


def _why(figure: str, state: str, values: dict[str, str]) -> str:
    return f"{state} (fresh pair: {values[figure]})" if figure in values else state


def _text(value: float | None) -> str:
    return "not known" if value is None else f"{value:g}"


def _observations(evidence: Evidence) -> list[Observation]:
    return [found for each in evidence.answers for found in each.observations]


def _is_refuted(observation: Observation) -> bool:
    """Return True if a test shows the opposite of what was declared; a limit that is missed has no test."""
    return observation.answer is Answer.NOT_SUPPORTED and observation.p is not None
