"""Ranges of values and limits, and the limit that a rule sets for a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolkit.model.figures import Figure, Number
from toolkit.model.gates import GateRule
from toolkit.model.runs import FileLedger, RunAnalysis, RunInfo
from toolkit.model.vocabulary import GateVerdict

LENGTH_RATIO = (0.8, 1.25)
"""Range of the ratio of two runs' lengths in which their counts are compared without scaling."""

_TEN_MINUTES_MS = 600_000


@dataclass(frozen=True, slots=True)
class Range:
    """A value and the ends of the range that it lies in; an end is None where unbounded."""

    value: Number
    low: Number | None
    high: Number | None

    def scaled(self, factor: float) -> Range:
        """Return the range multiplied by a factor above 0. A factor of exactly 1 leaves integers as integers."""
        if factor == 1:
            return self
        return Range(self.value * factor, _multiplied(self.low, factor), _multiplied(self.high, factor))

    def shifted(self, term: Number) -> Range:
        """Return the range with `term` added to the value and both ends."""
        return Range(self.value + term, _added(self.low, term), _added(self.high, term))

    def verdict_against(self, limit: Range, upper: bool) -> GateVerdict:
        """Return the verdict for an upper or a lower limit; INCONCLUSIVE if the two ranges overlap."""
        less, more = (self, limit) if upper else (limit, self)
        if less.high is not None and more.low is not None and less.high <= more.low:
            return GateVerdict.PASS
        if less.low is not None and more.high is not None and less.low > more.high:
            return GateVerdict.FAIL
        return GateVerdict.INCONCLUSIVE


def _multiplied(number: Number | None, factor: float) -> Number | None:
    return None if number is None else number * factor


def _added(number: Number | None, term: Number) -> Number | None:
    return None if number is None else number + term


class GateRun:
    """A run under evaluation: its description, the ledger of its files, its findings and its figures by name."""

    def __init__(self, analysis: RunAnalysis) -> None:
        self.run: RunInfo = analysis.run
        self.ledger: Sequence[FileLedger] = analysis.ledger
        self.finding_codes = frozenset(each.code for each in analysis.findings)
        self.figures: Mapping[str, Figure] = {each.figure: each for each in analysis.figures}

    def value(self, name: str) -> Number | None:
        """Return the value of a figure; None if the run has no such figure or its value is not known."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value

    def measured(self, figure: Figure, per_10_min: bool) -> Range | None:
        """Return the value and range of a figure, scaled to ten minutes if `per_10_min`.

        None if the value is not known, or if it must be scaled and the length of the run is not known.
        """
        if figure.value is None:
            return None
        measured = Range(figure.value, figure.low, figure.high)
        if not per_10_min:
            return measured
        span_ms = self.value("run.span_ms")
        return measured.scaled(_TEN_MINUTES_MS / span_ms) if span_ms else None


def limit_of(rule: GateRule, figure: Figure, run: GateRun, baseline: GateRun | None) -> Range | str:
    """Return the limit of a rule in the figure's unit, or the reason (a string) why there is none."""
    fixed = rule.max if rule.min is None else rule.min
    if fixed is not None:
        return Range(fixed, fixed, fixed)
    if baseline is None:
        return "there is no baseline to compare with; name one with --baseline"
    base = baseline.figures.get(figure.figure)
    if base is None or base.value is None:
        return f"the baseline has no value: {base.note if base and base.note else 'it has no such figure'}"
    reference = baseline.measured(base, rule.per_10_min)
    if reference is None:
        return "the baseline cannot be scaled to 10 minutes: its run.span_ms is not known"
    return _reason_not_comparable(rule, figure, run, baseline) or _relative_limit(rule, figure, reference)


def _relative_limit(rule: GateRule, figure: Figure, reference: Range) -> Range | str:
    if rule.max_ratio_to_baseline is None:
        return reference.shifted(rule.max_delta_to_baseline or 0)
    if reference.value < 0 or (reference.value == 0 and figure.value != 0):
        return f"the baseline is {reference.value}, so a ratio to it is meaningless; use max_delta_to_baseline"
    return reference.scaled(rule.max_ratio_to_baseline)


def _reason_not_comparable(rule: GateRule, figure: Figure, run: GateRun, baseline: GateRun) -> str | None:
    if run.run.simulated != baseline.run.simulated:
        return "not comparable: only one of run and baseline is known to be simulated"
    run_ms, baseline_ms = run.value("run.span_ms"), baseline.value("run.span_ms")
    if figure.unit != "count" or rule.per_10_min or not run_ms or not baseline_ms:
        return None
    if LENGTH_RATIO[0] <= run_ms / baseline_ms <= LENGTH_RATIO[1]:
        return None
    return "not comparable: the runs differ in length, and counts grow with it; use per_10_min"
