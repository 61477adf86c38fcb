"""Several runs a side: the run is the sample, and too few runs show nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.made_pair import figure, run_figures, run_info
from toolkit.comparison.rows import compare_runs
from toolkit.comparison.statistics import permutation_test
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.errors import UsageError
from toolkit.model.figures import Number
from toolkit.model.runs import BuildFact, RunAnalysis
from toolkit.model.serialize import comparison_json
from toolkit.model.vocabulary import Bound, Ended, Verdict


def runs(
    side: str, values: Sequence[Number], name: str = "a.reconnects", unit: str = "count", **info: Any
) -> list[RunAnalysis]:
    """Runs whose only figure of interest has these values."""
    return [
        RunAnalysis(
            run_info(id=f"{side}{number}", venues=("a",), **info), (), (*run_figures(), figure(name, value, unit))
        )
        for number, value in enumerate(values)
    ]


def row(found: RunComparison, name: str = "a.reconnects") -> ComparisonRow:
    return next(each for each in found.rows if each.figure == name)


def compared(
    before: Sequence[Number], after: Sequence[Number], name: str = "a.reconnects", unit: str = "count"
) -> ComparisonRow:
    return row(compare_runs(runs("b", before, name, unit), runs("a", after, name, unit)), name)


def test_three_runs_a_side_can_show_nothing_and_say_so() -> None:
    found = compared([30, 31, 29], [1, 2, 0])
    assert (found.verdict, found.p) == (Verdict.INCONCLUSIVE, pytest.approx(0.1))
    assert found.why == "3 + 3 runs can show nothing below p = 0.1"
    assert (found.mde, found.mde_fall, found.p_corrected) == (None, None, None)


def test_four_runs_a_side_show_a_fall_that_all_of_them_have() -> None:
    found = compared([10, 12, 9, 11], [1, 2, 3, 4])
    assert (found.verdict, found.p) == (Verdict.IMPROVED, pytest.approx(2 / 70))
    assert (found.before, found.after) == (10.5, 2.5)
    assert (found.values_before, found.values_after) == ((10, 12, 9, 11), (1, 2, 3, 4))
    assert found.high is not None and found.low is not None and found.low < 2.5 / 10.5 < found.high < 1
    assert compared([1, 2, 3, 4], [10, 12, 9, 11]).verdict is Verdict.REGRESSED


def test_runs_that_overlap_differ_inconclusively() -> None:
    found = compared([10, 12, 9, 3], [1, 2, 11, 4])
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.p is not None and found.p > 0.05


def test_the_same_value_in_every_run_is_no_difference() -> None:
    assert compared([2] * 3, [2] * 3).verdict is Verdict.NO_DIFFERENCE


def test_ratios_within_the_limits_of_equivalence_are_no_difference() -> None:
    found = compared([1.00, 1.01, 0.99, 1.02], [1.01, 1.00, 1.02, 0.98], "run.phase.engine_us.p95", "us")
    assert found.verdict is Verdict.NO_DIFFERENCE
    assert found.family == "phase"


def test_figures_that_one_run_a_side_leaves_untested_are_tested() -> None:
    found = compared([1.06, 1.10, 1.02, 1.08, 1.05], [0.50, 0.52, 0.49, 0.51, 0.50], "run.phase.engine_us.p95", "us")
    assert found.verdict is Verdict.IMPROVED
    assert found.ratio == pytest.approx(0.50 / 1.06)


def test_counts_of_runs_that_last_differently_are_compared_as_rates() -> None:
    hour = [run for number, length in enumerate((600_000, 700_000, 650_000, 620_000))
            for run in runs(f"b{number}", [length // 20_000], observed_ms=length)]  # fmt: skip
    found = row(compare_runs(hour, runs("a", [30, 30, 30, 30], observed_ms=600_000)))
    assert found.verdict is not Verdict.IMPROVED
    assert found.p is not None and found.p > 0.05


def test_a_count_that_is_only_a_lower_bound_gets_no_verdict() -> None:
    before = [
        RunAnalysis(each.run, (), (*run_figures(), figure("a.reconnects", 9, bound=Bound.LOWER, high=None)))
        for each in runs("b", [9] * 4)
    ]
    found = row(compare_runs(before, runs("a", [1, 2, 0, 3])))
    assert (found.verdict, found.p_corrected) == (Verdict.INCONCLUSIVE, None)
    assert found.why.startswith("before 1, before 2, before 3, before 4: not an exact count")


def test_a_family_that_is_too_large_for_so_few_runs_says_what_they_could_show() -> None:
    def side(name: str, base: int) -> list[RunAnalysis]:
        venues = ("a", "b", "c")
        figures = [[figure(f"{venue}.reconnects", base + number) for venue in venues] for number in range(4)]
        return [
            RunAnalysis(run_info(id=f"{name}{n}", venues=venues), (), (*run_figures(), *each))
            for n, each in enumerate(figures)
        ]

    found = row(compare_runs(side("b", 20), side("a", 1)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.why == "4 + 4 runs can show nothing below p = 0.029, which is 0.086 corrected for 3 figures"


def test_a_killed_run_among_several_lets_nothing_improve() -> None:
    before, after = runs("b", [10, 12, 9, 11]), runs("a", [1, 2, 3])
    found = compare_runs(before, [*after, *runs("k", [0], ended=Ended.KILLED)])
    assert found.disturbances == ("after 4: killed after 9 min 59.5 s",)
    assert row(found).verdict is Verdict.INCONCLUSIVE
    assert row(found).why.startswith("after 4 ended early (killed): no improvement")


def test_one_run_without_the_figure_makes_the_row_not_comparable() -> None:
    before = runs("b", [10, 12, 9])
    bare = RunAnalysis(run_info(id="x", venues=("a",)), (), tuple(run_figures()))
    found = row(compare_runs([*before, bare], runs("a", [1, 2, 3, 4])))
    assert found.verdict is Verdict.NOT_COMPARABLE
    assert found.why == "before 4: the run has no such figure"
    assert found.values_before == (10, 12, 9, None)


def test_a_figure_that_only_one_later_run_has_makes_a_row_without_a_verdict() -> None:
    bare = [RunAnalysis(run_info(id=f"x{n}", venues=("a",)), (), tuple(run_figures())) for n in range(3)]
    found = row(compare_runs([bare[0]], [bare[1], *runs("a", [1])]))
    assert (found.verdict, found.values_after) == (Verdict.NOT_COMPARABLE, (None, 1))
    assert found.why == "before: the run has no such figure"


def test_builds_and_settings_that_vary_within_a_side_are_a_warning() -> None:
    before = [
        *runs("b", [1], build=(BuildFact("commit", "b2e29e2", "x"),), settings={"A": "1"}),
        *runs("c", [1], build=(BuildFact("commit", "29c19fd", "x"),), settings={"A": "2"}),
    ]
    found = compare_runs(before, runs("a", [1, 1], settings={"A": "1"}))
    assert "before 1 and before 2 are not alike: A, commit differ" in found.warnings


def test_a_run_counts_once_and_a_side_has_at_least_one() -> None:
    with pytest.raises(UsageError, match="a run is named twice before"):
        compare_runs([*runs("b", [1]), *runs("b", [1])], runs("a", [1]))
    with pytest.raises(UsageError, match="no run after"):
        compare_runs(runs("b", [1]), [])


def test_the_json_has_all_runs_and_the_design() -> None:
    text = comparison_json(compare_runs(runs("b", [1, 2]), runs("a", [3, 4])))
    assert '"design": "several runs a side"' in text
    assert text.count('"ended":') == 2 + 4


VALUES = st.lists(st.integers(0, 9), min_size=1, max_size=4)


@given(VALUES, VALUES)
def test_the_probability_counts_the_assignments_that_are_as_far_apart(before: list[int], after: list[int]) -> None:
    found, both = permutation_test(np.array(before, float), np.array(after, float)), before + after
    apart = []
    for chosen in combinations(range(len(both)), len(after)):
        taken = [both[at] for at in chosen]
        rest = [value for at, value in enumerate(both) if at not in chosen]
        apart.append(abs(sum(taken) / len(taken) - sum(rest) / len(rest)))
    assert found.p == pytest.approx(sum(each >= apart[-1] - 1e-7 for each in apart) / len(apart))
    assert found.least_p == pytest.approx(sum(each >= max(apart) - 1e-7 for each in apart) / len(apart))
    assert found.least_p <= found.p <= 1


def test_many_runs_are_tested_on_drawn_assignments_with_the_same_result_each_time() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.normal(size=15), rng.normal(size=15)
    first, second = permutation_test(before, after), permutation_test(before, after)
    assert first == second
    assert first.p > 0.05
    assert permutation_test(before, after + 5).p < 1e-4


def test_equal_builds_alarm_in_at_most_one_test_of_twenty() -> None:
    rng = np.random.default_rng(3)
    alarms = sum(permutation_test(*rng.standard_t(2, (2, 5))).p <= 0.05 for _ in range(2_000))
    assert alarms / 2_000 < 0.06
