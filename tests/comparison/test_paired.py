"""Two runs at the same time, declared as a pair: ages are compared part by part in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.benchmarks.age_profiles import PROFILES, TICK_MS, TICKS, whole_ticks
from tests.benchmarks.calibration import percentiles
from tests.reports.made_pair import figure, run_figures, run_info
from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare_runs
from toolkit.comparison.statistics import Floats
from toolkit.model.comparisons import ComparisonRow, different_settings
from toolkit.model.errors import UsageError
from toolkit.model.recorded.run_meta import PairSide
from toolkit.model.runs import RunAnalysis
from toolkit.model.series import AGE_BATCHES, AGE_STEPS, AgeSeries
from toolkit.model.vocabulary import SettingKind, Verdict

AGE = "a.age_event_ms.p50"
START_MS = 1_795_508_135_417
LENGTH_MS = int(TICKS * TICK_MS)


def run_of(ages: Floats, *, start_ms: int = START_MS, length_ms: int = LENGTH_MS, name: str = "x") -> RunAnalysis:
    whole, batches, steps = (percentiles(ages[None], parts)[0, 0] for parts in (1, AGE_BATCHES, AGE_STEPS))
    info = run_info(id=name, venues=("a",), started_ms=start_ms, ended_ms=start_ms + length_ms, observed_ms=length_ms)
    figures = (*run_figures(gap_ms=TICK_MS), figure(AGE, float(whole[0]), "ms"))
    return RunAnalysis(info, (), figures, age_series=(AgeSeries(AGE, tuple(batches.tolist()), tuple(steps.tolist())),))


def row(before: RunAnalysis, after: RunAnalysis, *, paired: bool) -> ComparisonRow:
    return next(each for each in compare_runs([before], [after], paired=paired).rows if each.figure == AGE)


def test_a_slow_part_that_both_builds_share_hides_a_change_from_two_runs_and_not_from_a_pair() -> None:
    rng = np.random.default_rng(1)
    slow = 20 * PROFILES["minute-long levels"](rng, 1, 1.0)[0]
    before, after = (whole_ticks(scale * slow * np.exp(0.2 * rng.standard_normal(slow.shape))) for scale in (1, 1.4))
    runs = run_of(before), run_of(after, name="y")
    assert row(*runs, paired=False).verdict is Verdict.INCONCLUSIVE
    found = row(*runs, paired=True)
    assert found.verdict is Verdict.REGRESSED
    assert found.low is not None and found.high is not None and found.low < 1.4 < found.high
    assert compare_runs([runs[0]], [runs[1]], paired=True).method["design"] == "paired"


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ({"start_ms": START_MS + 251}, "the runs start 251 ms apart"),
        (
            {"length_ms": LENGTH_MS // 2, "start_ms": START_MS + LENGTH_MS - 9_000},
            "2% of the longer run is of the same time",
        ),
        ({"length_ms": LENGTH_MS // 2}, "50% of the longer run is of the same time"),
        ({"start_ms": START_MS + 2 * LENGTH_MS}, "0% of the longer run is of the same time"),
    ],
)
def test_runs_at_different_times_are_no_pair(after: dict[str, Any], why: str) -> None:
    ages = np.full(TICKS, 500.0)
    with pytest.raises(UsageError, match=why):
        compare_runs([run_of(ages)], [run_of(ages, name="y", **after)], paired=True)


def test_a_pair_has_one_run_a_side() -> None:
    runs = [run_of(np.full(TICKS, 500.0), name=name) for name in "abc"]
    with pytest.raises(UsageError, match="--paired compares one run a side"):
        compare_runs(runs[:2], runs[2:], paired=True)


def test_the_sample_runs_are_a_pair() -> None:
    runs = ([analyze([path], options=Options(age_series=True))] for path in ("sample:before", "sample:after"))
    found = compare_runs(*runs, paired=True)
    assert found.method["design"] == "paired"
    assert {each.figure for each in found.rows if each.verdict is Verdict.IMPROVED} >= {"lighter.reconnects"}
    assert not [each.figure for each in found.rows if each.verdict is Verdict.REGRESSED]


def side(name: str, *, pair: str = "p", common_ms: tuple[int, int] | None = None, **times: int) -> RunAnalysis:
    """One side of a pair that `toolkit ab` made."""
    rng = np.random.default_rng(ord(name))
    run = run_of(whole_ticks(20 * np.exp(0.2 * rng.standard_normal(TICKS))), name=name, **times)
    place = PairSide(pair, name, ("b", "a"), ("NAME",), same_venues=True, common_ms=common_ms)
    return replace(run, run=replace(run.run, pair=place, kind="toolkit", settings={"NAME": name, "OTHER": name}))


COMMON_MS = (START_MS + 10_000, START_MS + LENGTH_MS)


@pytest.mark.parametrize(
    ("after", "design", "why"),
    [
        (side("b"), "paired", None),
        (side("b", common_ms=COMMON_MS, start_ms=START_MS + 10_000), "paired", None),
        (side("b", start_ms=START_MS + 10_000), "one run a side", "the runs start 10.0 s apart"),
        (
            side("b", common_ms=COMMON_MS, length_ms=LENGTH_MS // 2),
            "one run a side",
            "only 50% of the longer run is of the same time",
        ),
        (side("b", pair="q"), "one run a side", None),
    ],
)
def test_runs_that_were_made_side_by_side_are_a_pair_unless_they_were_not_at_the_same_time(
    after: RunAnalysis, design: str, why: str | None
) -> None:
    before = side("a", common_ms=after.run.pair.common_ms if after.run.pair else None)
    method = compare_runs([before], [after]).method
    assert (method["design"], method.get("not_paired")) == (design, why)


@pytest.mark.parametrize(("pair", "kind"), [("p", SettingKind.UNDER_TEST), ("q", SettingKind.DIFFERS)])
def test_a_setting_under_test_is_no_foreign_difference(pair: str, kind: SettingKind) -> None:
    comparison = compare_runs([side("a")], [side("b", pair=pair)], lambda: {"NAME": None, "OTHER": None})
    assert {row.name: row.kind for row in comparison.settings or ()} == {"NAME": kind, "OTHER": SettingKind.DIFFERS}
    assert [row.name for row in different_settings(comparison.settings or ())][-1] == "OTHER"
    warned = next(text for text in comparison.warnings if "differ" in text)
    assert ("NAME" in warned.replace("OTHER", "")) is (kind is SettingKind.DIFFERS)
