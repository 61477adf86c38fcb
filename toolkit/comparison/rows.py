"""Compare two runs figure by figure. A row that may not be compared still shows both values."""

from __future__ import annotations

from collections import Counter

from toolkit.analysis.settings import KnownSettings, setting_differences
from toolkit.comparison.builds import build_rows
from toolkit.comparison.comparability import (
    CADENCE_RATIO,
    DURATION_RATIO,
    FigurePair,
    RunSide,
    blocked_sides,
    is_total,
    reason_not_comparable,
    remark,
)
from toolkit.comparison.disturbances import disturbance_sentences
from toolkit.comparison.overlap import overlap, same_market
from toolkit.comparison.pair_warnings import warnings
from toolkit.comparison.statistics import CONFIDENCE, POWER
from toolkit.comparison.verdicts import FigureTest, figure_tests, verdict
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Verdict

MS_PER_HOUR = 3_600_000


def compare(before: RunAnalysis, after: RunAnalysis, known_settings: KnownSettings = dict) -> RunComparison:
    """Return a row for every figure that either run has, with its verdict and, in `why`, its reason or a remark.

    `delta` is after minus before in the unit of the figure, `ratio` is after over before and None where before is 0.
    `known_settings` returns the defaults that apply where a run leaves a setting unset.
    """
    settings = setting_differences(before.run, after.run, known_settings)
    before_side, after_side = RunSide.of("before", before), RunSide.of("after", after)
    names = dict.fromkeys([*before_side.figures, *after_side.figures])
    pairs = {name: FigurePair(name, before_side, after_side) for name in names}
    reasons = {name: reason_not_comparable(pair) for name, pair in pairs.items()}
    tests = figure_tests(pair for name, pair in pairs.items() if reasons[name] is None)
    rows = tuple(_row(pair, reasons[name], tests.get(name)) for name, pair in pairs.items())
    common, market = overlap(before, after), same_market(before, after)
    compared = sum(row.verdict is not Verdict.NOT_COMPARABLE for row in rows)
    return RunComparison(
        before=before,
        after=after,
        comparable=compared > 0,
        why_not=() if compared else _reasons(before_side, after_side, rows),
        rows=rows,
        method={
            "runs_per_side": 1,
            "confidence": CONFIDENCE,
            "power": POWER,
            "tests": dict(Counter(test.family for test in tests.values() if test.corrected_p is not None)),
            "correction": "Holm, within each family of tests",
            "duration_ratio": DURATION_RATIO,
            "cadence_ratio": CADENCE_RATIO,
            "rows": len(rows),
            "rows_compared": compared,
        },
        warnings=tuple(warnings(before_side, after_side, settings or (), common, market)),
        settings=settings,
        overlap=common,
        market=market,
        disturbances=disturbance_sentences(before_side, after_side),
        builds=build_rows(before.run, after.run),
    )


def _reasons(before: RunSide, after: RunSide, rows: tuple[ComparisonRow, ...]) -> tuple[str, ...]:
    reasons = tuple(dict.fromkeys(row.why for row in rows))
    return blocked_sides(before, after) or reasons or ("neither run has a figure",)


def _row(pair: FigurePair, reason: str | None, test: FigureTest | None) -> ComparisonRow:
    before, after = (side.value(pair.name) for side in pair.sides)
    found, why = (Verdict.NOT_COMPARABLE, reason) if reason else verdict(pair, test)
    result = test.result if test else None
    return ComparisonRow(
        figure=pair.name,
        unit=pair.figure.unit,
        before=before,
        after=after,
        delta=after - before if before is not None and after is not None else None,
        ratio=after / before if before and after is not None else None,
        low=result.low if result else None,
        high=result.high if result else None,
        p=result.p if result else None,
        verdict=found,
        why="; ".join(each for each in (why, None if reason else remark(pair)) if each),
        mde=result.smallest_rise if result else None,
        n_before=_sample_count(pair.before, pair.name),
        n_after=_sample_count(pair.after, pair.name),
        before_per_hour=_per_hour(pair.before, pair),
        after_per_hour=_per_hour(pair.after, pair),
        mde_fall=result.smallest_fall if result else None,
        p_corrected=test.corrected_p if test else None,
        family=test.family if test else None,
    )


def _sample_count(side: RunSide, figure_name: str) -> int:
    figure = side.figures.get(figure_name)
    return 0 if figure is None else figure.n


def _per_hour(side: RunSide, pair: FigurePair) -> float | None:
    value = side.value(pair.name)
    if value is None or not side.observed_ms or not is_total(pair.figure):
        return None
    return value * MS_PER_HOUR / side.observed_ms
