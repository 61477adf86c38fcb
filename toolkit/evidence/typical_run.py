"""Runs that stand for a side of several in documents: the first run, with the medians of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from toolkit.model.comparisons import RunComparison
from toolkit.model.figures import Figure, Number
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Bound


def with_typical_runs(comparison: RunComparison) -> RunComparison:
    """Return the comparison for display: the figures of each side are the medians of its runs."""
    sides = comparison.runs_before or (comparison.before,), comparison.runs_after or (comparison.after,)
    before, after = (side[0] if len(side) == 1 else typical_run(side) for side in sides)
    return replace(comparison, before=before, after=after)


def typical_run(runs: Sequence[RunAnalysis]) -> RunAnalysis:
    """Return the first run with the median of each figure over all runs, known where every run knows it."""
    by_name = [{each.figure: each for each in run.figures} for run in runs]
    names = dict.fromkeys(name for figures in by_name for name in figures)
    figures = ([each[name] for each in by_name if name in each] for name in names)
    return replace(runs[0], figures=tuple(_typical(each, len(runs)) for each in figures))


def _typical(figures: Sequence[Figure], runs: int) -> Figure:
    known = [each.value for each in figures if each.value is not None]
    samples = sum(each.n for each in figures)
    if len(known) < runs:
        note = next((each.note for each in figures if each.note), f"known in {len(known)} of {runs} runs")
        return replace(figures[0], value=None, n=samples, bound=Bound.UNKNOWN, low=None, high=None, note=note)
    bounded = next((each for each in figures if each.bound is not Bound.EXACT), figures[0])
    low, high = _median([each.low for each in figures]), _median([each.high for each in figures])
    return replace(bounded, value=median(known), n=samples, low=low, high=high)


def _median(values: Sequence[Number | None]) -> Number | None:
    known = [each for each in values if each is not None]
    return median(known) if len(known) == len(values) else None
