"""Compare two runs that one command made at the same time."""

from __future__ import annotations

from dataclasses import replace

from toolkit.analysis.settings import KnownSettings
from toolkit.comparison.conditions.overlap import reason_not_paired
from toolkit.comparison.rows import compare_runs
from toolkit.model.comparisons import RunComparison
from toolkit.model.runs import RunAnalysis


def compare_side_by_side(
    before: RunAnalysis, after: RunAnalysis, known_settings: KnownSettings = dict
) -> RunComparison:
    """Compare two runs as a pair; as one run a side where they did not run at the same time to their end.

    The reason for the latter is `method["not_paired"]`.
    """
    reason = reason_not_paired(before, after)
    comparison = compare_runs((before,), (after,), known_settings, paired=reason is None)
    return comparison if reason is None else replace(comparison, method={**comparison.method, "not_paired": reason})
