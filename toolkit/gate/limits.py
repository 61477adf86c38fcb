"""A value with its range against a limit with its range: which side it is on, if that can be said at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.model.figures import Figure, Number
from toolkit.model.gates import GateRule
from toolkit.model.runs import FileLedger, RunAnalysis, RunInfo
from toolkit.model.vocabulary import GateVerdict

ALIKE_IN_LENGTH = (0.8, 1.25)
"""Ratio of two runs' lengths within which their plain counts are compared."""

_TEN_MINUTES_MS = 600_000


@dataclass(frozen=True, slots=True)
class Range:
    """A number and the range it lies in; None where unbounded."""

    value: Number
    low: Number | None
    high: Number | None

    def times(self, factor: float) -> Range:
        """The range scaled by a factor above 0; a factor of exactly 1 leaves integers integers."""
        return self if factor == 1 else Range(self.value * factor, _times(self.low, factor), _times(self.high, factor))

    def plus(self, term: Number) -> Range:
        """The range moved by `term`."""
        return Range(self.value + term, _plus(self.low, term), _plus(self.high, term))

    def against(self, limit: Range, upper: bool) -> GateVerdict:
        """Hold the range against an upper or a lower limit: decided only where no value of either says otherwise."""
        less, more = (self, limit) if upper else (limit, self)
        if less.high is not None and more.low is not None and less.high <= more.low:
            return GateVerdict.PASS
        if less.low is not None and more.high is not None and less.low > more.high:
            return GateVerdict.FAIL
        return GateVerdict.INCONCLUSIVE


def _times(number: Number | None, factor: float) -> Number | None:
    return None if number is None else number * factor


def _plus(number: Number | None, term: Number) -> Number | None:
    return None if number is None else number + term


class GateRun:
    """A run as a gate looks at it: what it is, its files, its figures by name."""

    def __init__(self, analysis: RunAnalysis) -> None:
        self.run: RunInfo = analysis.run
        self.ledger: Sequence[FileLedger] = analysis.ledger
        self.figures: Mapping[str, Figure] = {each.figure: each for each in analysis.figures}

    def value(self, name: str) -> Number | None:
        """A figure's value; None where the run has no such figure or does not know it."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value

    def measured(self, figure: Figure, per_10_min: bool) -> Range | None:
        """The figure's value and range, scaled where asked; None where it or the run's length is not known."""
        if figure.value is None:
            return None
        measured = Range(figure.value, figure.low, figure.high)
        if not per_10_min:
            return measured
        span_ms = self.value("run.span_ms")
        return measured.times(_TEN_MINUTES_MS / span_ms) if span_ms else None


def limit_of(rule: GateRule, figure: Figure, run: GateRun, baseline: GateRun | None) -> Range | str:
    """The rule's limit in the figure's unit, or the sentence why there is none."""
    stated = rule.max if rule.min is None else rule.min
    if stated is not None:
        return Range(stated, stated, stated)
    if baseline is None:
        return "no baseline to hold it against; name one with --baseline"
    base = baseline.figures.get(figure.figure)
    if base is None or base.value is None:
        return f"not known of the baseline: {base.note if base and base.note else 'it has no such figure'}"
    reference = baseline.measured(base, rule.per_10_min)
    if reference is None:
        return "the baseline cannot be scaled to 10 minutes: its run.span_ms is not known"
    return _incomparable(rule, figure, run, baseline) or _relative(rule, figure, reference)


def _relative(rule: GateRule, figure: Figure, reference: Range) -> Range | str:
    if rule.max_ratio_to_baseline is None:
        return reference.plus(rule.max_delta_to_baseline or 0)
    if reference.value < 0 or (reference.value == 0 and figure.value != 0):
        return f"the baseline is {reference.value}, a ratio to it says nothing; use max_delta_to_baseline"
    return reference.times(rule.max_ratio_to_baseline)


def _incomparable(rule: GateRule, figure: Figure, run: GateRun, baseline: GateRun) -> str | None:
    if run.run.simulated != baseline.run.simulated:
        return "not comparable: only one of run and baseline is known to be simulated"
    ours, theirs = run.value("run.span_ms"), baseline.value("run.span_ms")
    if figure.unit != "count" or rule.per_10_min or not ours or not theirs:
        return None
    if ALIKE_IN_LENGTH[0] <= ours / theirs <= ALIKE_IN_LENGTH[1]:
        return None
    return "not comparable: counts of runs of different length; use per_10_min"
