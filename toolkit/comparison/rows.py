"""Two runs side by side, figure by figure.

No test is made: a row that may be compared is `descriptive`. A row that may not still shows both values.
"""

from __future__ import annotations

from toolkit.analysis.settings import KnownSettings, differences
from toolkit.comparison.comparability import (
    CADENCE_RATIO,
    DURATION_RATIO,
    FigurePair,
    RunSide,
    blocked,
    is_total,
    objection,
    remark,
    warnings,
)
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Verdict

MS_PER_HOUR = 3_600_000


def compare(before: RunAnalysis, after: RunAnalysis, known_settings: KnownSettings = dict) -> RunComparison:
    """Every figure that either run has, each row `descriptive` or `not_comparable` with its reason in `why`.

    `why` of a descriptive row is empty, or what a reader should know about it. `ratio` is after over before, null
    where before is 0. The statistical fields are null. `known_settings` gives the values that apply where a
    run leaves a setting unset.
    """
    settings = differences(before.run, after.run, known_settings)
    left, right = RunSide.of("before", before), RunSide.of("after", after)
    names = dict.fromkeys([*left.figures, *right.figures])
    rows = tuple(_compared(FigurePair(name, left, right)) for name in names)
    compared = sum(row.verdict is not Verdict.NOT_COMPARABLE for row in rows)
    return RunComparison(
        before=before,
        after=after,
        comparable=compared > 0,
        why_not=() if compared else _why_not(left, right, rows),
        rows=rows,
        method={
            "test": None,
            "runs_per_side": 1,
            "duration_ratio": DURATION_RATIO,
            "cadence_ratio": CADENCE_RATIO,
            "rows": len(rows),
            "rows_compared": compared,
        },
        warnings=tuple(warnings(left, right, settings or ())),
        settings=settings,
    )


def _why_not(before: RunSide, after: RunSide, rows: tuple[ComparisonRow, ...]) -> tuple[str, ...]:
    reasons = tuple(dict.fromkeys(row.why for row in rows))
    return blocked(before, after) or reasons or ("neither run has a figure",)


def _compared(row: FigurePair) -> ComparisonRow:
    before, after = (side.value(row.name) for side in row.sides)
    known = before is not None and after is not None
    why = objection(row)
    return ComparisonRow(
        figure=row.name,
        unit=row.figure.unit,
        before=before,
        after=after,
        delta=after - before if before is not None and after is not None else None,
        ratio=after / before if known and before and after is not None else None,
        low=None,
        high=None,
        p=None,
        verdict=Verdict.NOT_COMPARABLE if why else Verdict.DESCRIPTIVE,
        why=why or remark(row) or "",
        mde=None,
        n_before=_n(row.before, row.name),
        n_after=_n(row.after, row.name),
        before_per_hour=_per_hour(row.before, row),
        after_per_hour=_per_hour(row.after, row),
    )


def _n(side: RunSide, name: str) -> int:
    figure = side.figures.get(name)
    return 0 if figure is None else figure.n


def _per_hour(side: RunSide, row: FigurePair) -> float | None:
    value = side.value(row.name)
    if value is None or not side.observed_ms or not is_total(row.figure):
        return None
    return value * MS_PER_HOUR / side.observed_ms
