"""The yardstick of figures without a test: two runs of one build."""

from __future__ import annotations

import math
import tomllib
from typing import Any

import pytest

from tests.benchmarks.identical_builds import FILE, identical_builds
from tests.reports.made_pair import figure, run_figures, run_info
from toolkit.analysis.pipeline import analyze
from toolkit.comparison.rows import compare
from toolkit.model.comparisons import ComparisonRow, beyond_identical
from toolkit.model.runs import RunAnalysis

TICK_TIME = "run.phase.total_us.p95"


def row(name: str, before: float, after: float, unit: str = "us", **info: Any) -> ComparisonRow:
    sides = (
        RunAnalysis(
            run_info(id=str(value), venues=("lighter",), **info), (), (*run_figures(), figure(name, value, unit))
        )
        for value in (before, after)
    )
    return next(each for each in compare(*sides).rows if each.figure == name)


def test_the_tick_time_of_the_sample_fell_further_than_identical_builds_differ() -> None:
    found = next(
        each for each in compare(analyze(["sample:before"]), analyze(["sample:after"])).rows if each.figure == TICK_TIME
    )
    assert found.identical == pytest.approx((580, 560), rel=0.02)
    assert (found.before, found.after) == (pytest.approx(1_060, rel=0.01), pytest.approx(500, rel=0.01))
    assert found.before is not None and found.after is not None and found.identical is not None
    assert beyond_identical(found.before, found.after, found.identical) > 10


def test_the_yardstick_is_of_one_program_and_counts_are_of_runs_as_long() -> None:
    assert row(TICK_TIME, 600, 700).identical is not None
    assert row(TICK_TIME, 600, 700, kind="toolkit").identical is None
    assert row("run.rx.drained", 10, 11, "count").identical is not None
    assert row("run.rx.drained", 10, 11, "count", observed_ms=3_600_000).identical is None
    assert row(TICK_TIME, 600, 700, observed_ms=3_600_000).identical is not None


def test_a_figure_with_a_test_and_one_that_was_not_measured_have_no_yardstick() -> None:
    assert row("lighter.reconnects", 10, 1, "count").identical is None
    assert row("run.never_measured", 10, 1).identical is None


@pytest.mark.parametrize(
    ("values", "times"),
    [((100, 200, 100, 200), 1), ((200, 100, 100, 200), 1), ((100, 400, 100, 200), 2), ((0, 3, 0, 1), 3), ((-1, -3, 2, 3), 2),
     ((1, 1, 5, 5), 0), ((1, 2, 5, 5), math.inf)],
)  # fmt: skip
def test_distances_are_ratios_of_positive_values_and_differences_of_others(
    values: tuple[int, int, int, int], times: float
) -> None:
    assert beyond_identical(values[0], values[1], values[2:]) == pytest.approx(times)


def test_the_script_writes_the_figures_of_both_runs() -> None:
    content = tomllib.loads(identical_builds(analyze(["sample:before"]), analyze(["sample:after"])))
    assert (content["program"], content["observed_ms"]) == ("paraphina_live", [599_499, 599_493])
    assert content["figures"]["lighter.reconnects"] == [10, 1]
    assert "lighter.rest.injections" not in content["figures"]
    assert tomllib.loads(FILE.read_text("utf-8")).keys() == content.keys()
