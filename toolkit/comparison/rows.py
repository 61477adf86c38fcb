"""Compare two sides of runs figure by figure. A row that may not be compared still shows its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from toolkit.analysis.settings import KnownSettings, setting_differences
from toolkit.comparison.age_test import FALSE_ALARMS, FALSE_ALARMS_PAIRED
from toolkit.comparison.comparability import (
    CADENCE_RATIO,
    DURATION_RATIO,
    FigureRuns,
    RunSide,
    blocked_sides,
    is_total,
    reason_not_comparable,
    remarks,
)
from toolkit.comparison.conditions.builds import build_rows
from toolkit.comparison.conditions.overlap import check_paired, overlap, reason_not_paired, same_market
from toolkit.comparison.conditions.warnings import side_warnings
from toolkit.comparison.disturbances import Disturbance, disturbances_of_all, sentences
from toolkit.comparison.identical_builds import identical_values
from toolkit.comparison.several_runs import run_tests
from toolkit.comparison.statistics import CONFIDENCE, POWER
from toolkit.comparison.verdicts import FigureTest, figure_tests, verdict
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.errors import UsageError
from toolkit.model.runs import RunAnalysis, pair_of
from toolkit.model.vocabulary import Design, Verdict

MS_PER_HOUR = 3_600_000

_Sides = tuple[tuple[RunSide, ...], tuple[RunSide, ...]]


def compare(before: RunAnalysis, after: RunAnalysis, known_settings: KnownSettings = dict) -> RunComparison:
    """Compare two runs, one a side: see `compare_runs`."""
    return compare_runs((before,), (after,), known_settings)


def compare_runs(
    befores: Sequence[RunAnalysis],
    afters: Sequence[RunAnalysis],
    known_settings: KnownSettings = dict,
    *,
    paired: bool = False,
) -> RunComparison:
    """Return a row for every figure that any run has, with its verdict and, in `why`, its reason or a remark.

    `delta` is after minus before in the unit of the figure, `ratio` is after over before and None where before is 0.
    With several runs a side, the runs are the sample; one run a side may be `paired`, if both ran at the same time. Two
    runs that one command made side by side are, unless `method["not_paired"]` says why they are not.
    `known_settings` returns the defaults that apply where a run leaves a setting unset. Raises `UsageError` for a side
    without a run, for one that has a run twice, and for runs that are no pair.
    """
    design = _design(befores, afters, paired)
    not_paired = None
    if design is Design.ONE_RUN and pair_of(befores[0].run, afters[0].run) is not None:
        not_paired = reason_not_paired(befores[0], afters[0])
        design = design if not_paired else Design.PAIRED
    sides = RunSide.all_of("before", befores), RunSide.all_of("after", afters)
    names = dict.fromkeys(name for side in sides for run in side for name in run.figures)
    groups = {name: FigureRuns(name, *sides) for name in names}
    reasons = {name: reason_not_comparable(group) for name, group in groups.items()}
    comparable = [group for name, group in groups.items() if reasons[name] is None]
    tests = _tests(design, comparable)
    disturbed = disturbances_of_all(*sides)
    rows = tuple(_row(group, reasons[name], tests.get(name), disturbed) for name, group in groups.items())
    settings = setting_differences(befores[0].run, afters[0].run, known_settings)
    common, market = overlap(befores[0], afters[0]), same_market(befores[0], afters[0])
    return RunComparison(
        before=befores[0],
        after=afters[0],
        comparable=bool(comparable),
        why_not=() if comparable else _reasons(sides, rows),
        rows=rows,
        method=_method(design, sides, tests, len(rows), len(comparable))
        | ({"not_paired": not_paired} if not_paired else {}),
        warnings=tuple(side_warnings(*sides, known_settings, common, market)),
        settings=settings,
        overlap=common,
        market=market,
        disturbances=sentences(disturbed),
        builds=build_rows(befores[0].run, afters[0].run),
        runs_before=tuple(befores),
        runs_after=tuple(afters),
    )


def _design(befores: Sequence[RunAnalysis], afters: Sequence[RunAnalysis], paired: bool) -> Design:
    """Return the design of the comparison. Raises `UsageError` for runs that it cannot have."""
    for side, runs in (("before", befores), ("after", afters)):
        if not runs:
            raise UsageError(f"no run {side}: name at least one run a side")
        ids = [each.run.id for each in runs]
        if len(set(ids)) < len(ids):
            raise UsageError(f"a run is named twice {side}: each run counts once, so name it once")
    several = len(befores) > 1 or len(afters) > 1
    if paired and several:
        raise UsageError("--paired compares one run a side; leave the option out")
    if paired:
        check_paired(befores[0], afters[0])
    return Design.SEVERAL_RUNS if several else Design.PAIRED if paired else Design.ONE_RUN


def _tests(design: Design, comparable: Sequence[FigureRuns]) -> dict[str, FigureTest]:
    if design is Design.SEVERAL_RUNS:
        return run_tests(comparable)
    return figure_tests((group.pairs[0] for group in comparable), paired=design is Design.PAIRED)


_TEST_TEXTS = {
    Design.ONE_RUN: "exact tests of counts; t-tests of the batches of both runs for ages",
    Design.SEVERAL_RUNS: "exact permutation of the runs",
    Design.PAIRED: "exact tests of counts; t-tests of the differences of batches of the same time for ages",
}


def _method(design: Design, sides: _Sides, tests: Mapping[str, FigureTest], rows: int, compared: int) -> dict[str, Any]:
    """Return how the sides were compared. `tests` counts the tests by family; `runs_per_side` is the smaller number."""
    numbers = [len(side) for side in sides]
    of_runs = design is Design.SEVERAL_RUNS
    return {
        "runs_per_side": min(numbers),
        "confidence": CONFIDENCE,
        "power": POWER,
        "tests": dict(Counter(test.family for test in tests.values() if test.corrected_p is not None)),
        "correction": "Holm, within each family of tests",
        "duration_ratio": DURATION_RATIO,
        "cadence_ratio": CADENCE_RATIO,
        "rows": rows,
        "rows_compared": compared,
        "design": design.value,
        "false_alarms": None if of_runs else FALSE_ALARMS_PAIRED if design is Design.PAIRED else FALSE_ALARMS,
        "runs_before": numbers[0],
        "runs_after": numbers[1],
        "test": _TEST_TEXTS[design],
        "interval": "t interval of the ratio of the runs' geometric means" if of_runs else "interval of the test",
    }


def _reasons(sides: _Sides, rows: tuple[ComparisonRow, ...]) -> tuple[str, ...]:
    reasons = tuple(dict.fromkeys(row.why for row in rows))
    return blocked_sides(*sides[0], *sides[1]) or reasons or ("neither run has a figure",)


def _row(
    group: FigureRuns, reason: str | None, test: FigureTest | None, disturbed: Sequence[Disturbance]
) -> ComparisonRow:
    before, after = group.typical(group.befores), group.typical(group.afters)
    found, why = (Verdict.NOT_COMPARABLE, reason) if reason else verdict(group.figure.better, test, disturbed)
    result = test.result if test else None
    return ComparisonRow(
        figure=group.name,
        unit=group.figure.unit,
        before=before,
        after=after,
        delta=after - before if before is not None and after is not None else None,
        ratio=after / before if before and after is not None else None,
        low=result.low if result else None,
        high=result.high if result else None,
        p=result.p if result else None,
        verdict=found,
        why="; ".join(dict.fromkeys(each for each in (why, *(() if reason else remarks(group))) if each)),
        mde=result.smallest_rise if result else None,
        n_before=_sample_count(group.befores, group.name),
        n_after=_sample_count(group.afters, group.name),
        before_per_hour=_per_hour(group.befores, group),
        after_per_hour=_per_hour(group.afters, group),
        mde_fall=result.smallest_fall if result else None,
        p_corrected=test.corrected_p if test else None,
        family=test.family if test else None,
        values_before=group.values(group.befores),
        values_after=group.values(group.afters),
        identical=None if test or reason else identical_values(group),
    )


def _sample_count(sides: Sequence[RunSide], figure_name: str) -> int:
    return sum(side.figures[figure_name].n for side in sides if figure_name in side.figures)


def _per_hour(sides: Sequence[RunSide], group: FigureRuns) -> float | None:
    """Return the median of the runs' hourly rates; None where the value or the length of a run is not known."""
    rates = [
        value * MS_PER_HOUR / side.observed_ms
        for side, value in zip(sides, group.values(sides), strict=True)
        if value is not None and side.observed_ms
    ]
    return median(rates) if len(rates) == len(sides) and is_total(group.figure) else None
