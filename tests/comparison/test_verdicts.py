"""Verdicts on figures of two runs: which differences are shown, and which rules withhold a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.age_profiles import PROFILES, TICK_MS
from tests.benchmarks.calibration import percentiles
from tests.reports.made_pair import figure, run_figures, run_info
from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.age_test import FALSE_ALARMS, FALSE_ALARMS_PAIRED
from toolkit.comparison.rows import compare
from toolkit.comparison.statistics import Floats
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.runs import RunAnalysis
from toolkit.model.series import AGE_BATCHES, AGE_STEPS, AgeSeries
from toolkit.model.vocabulary import Bound, Ended, Verdict

STATS = ("p50", "p95", "p99")


def run_of(ages: Mapping[str, Floats], ended: Ended = Ended.COMPLETED) -> RunAnalysis:
    """A run whose venues have these event ages, one per tick."""
    figures, series = list(run_figures(gap_ms=TICK_MS)), []
    for venue, values in ages.items():
        whole, batches, steps = (percentiles(values[None], parts)[:, 0] for parts in (1, AGE_BATCHES, AGE_STEPS))
        for row, stat in enumerate(STATS):
            name = f"{venue}.age_event_ms.{stat}"
            figures.append(figure(name, float(whole[row, 0]), "ms"))
            series.append(AgeSeries(name, tuple(batches[row].tolist()), tuple(steps[row].tolist())))
    return RunAnalysis(run_info(ended=ended, venues=tuple(ages)), (), tuple(figures), age_series=tuple(series))


def rows(before: RunAnalysis, after: RunAnalysis) -> dict[str, ComparisonRow]:
    return {row.figure: row for row in compare(before, after).rows}


def drawn(profile: str, seed: int, *scales: float) -> dict[str, Floats]:
    """Ages of venues a, b, … of one profile, each with its scale."""
    rng = np.random.default_rng(seed)
    return {name: PROFILES[profile](rng, 1, scale)[0] for name, scale in zip("abcde", scales, strict=False)}


def test_one_slow_venue_of_five_is_seen_and_no_other() -> None:
    found = rows(run_of(drawn("short memory", 1, 1, 1, 1, 1, 1)), run_of(drawn("short memory", 2, 1, 1, 1.6, 1, 1)))
    verdicts = {name: row.verdict for name, row in found.items() if name.endswith("age_event_ms.p50")}
    assert verdicts.pop("c.age_event_ms.p50") is Verdict.REGRESSED
    assert set(verdicts.values()) <= {Verdict.NO_DIFFERENCE, Verdict.INCONCLUSIVE}
    slow = found["c.age_event_ms.p50"]
    assert slow.low is not None and slow.high is not None and slow.low < 1.6 < slow.high
    assert slow.mde is not None and slow.mde < 1.6
    assert slow.p is not None and slow.p_corrected is not None and slow.p < slow.p_corrected < 0.05


def test_a_shift_of_all_venues_is_named_and_credited_to_none() -> None:
    before = drawn("independent", 1, 1, 1, 1)
    after = {venue: ages + 2 * TICK_MS for venue, ages in before.items()}
    for row in rows(run_of(before), run_of(after)).values():
        if "age_event_ms.p50" in row.figure:
            assert (row.verdict, row.why) == (Verdict.INCONCLUSIVE, "common shift: all venues moved by 500 to 500 ms")


def test_a_difference_within_one_tick_gets_no_verdict() -> None:
    before = {"a": np.full(2_400, 1_000.0)}
    after = {"a": np.full(2_400, 1_250.0)}
    row = rows(run_of(before), run_of(after))["a.age_event_ms.p50"]
    assert (row.verdict, row.why) == (Verdict.INCONCLUSIVE, "within one tick")


@pytest.mark.parametrize(
    ("bound", "found"), [(Bound.EXACT, Verdict.NO_DIFFERENCE), (Bound.LOWER, Verdict.INCONCLUSIVE)]
)
def test_two_zeros_are_no_difference_only_where_both_are_exact(bound: Bound, found: Verdict) -> None:
    def one() -> RunAnalysis:
        zero = figure("a.reconnects", 0, bound=bound, high=0 if bound is Bound.EXACT else None)
        return RunAnalysis(run_info(venues=("a",)), (), (*run_figures(gap_ms=TICK_MS), zero))

    assert rows(one(), one())["a.reconnects"].verdict is found


def test_ages_below_one_tick_on_both_sides_get_no_verdict() -> None:
    fresh = {"a": np.zeros(2_400)}
    row = rows(run_of(fresh), run_of(fresh))["a.age_event_ms.p50"]
    assert (row.verdict, row.why) == (Verdict.INCONCLUSIVE, "within one tick")


def test_minute_long_levels_are_too_few_for_a_verdict() -> None:
    found = rows(run_of(drawn("minute-long levels", 1, 1)), run_of(drawn("minute-long levels", 2, 3)))
    row = found["a.age_event_ms.p50"]
    assert row.verdict is Verdict.INCONCLUSIVE
    assert "independent stretches, a verdict needs 60" in row.why


@pytest.mark.parametrize("ended", [Ended.KILLED, Ended.CRASHED])
def test_a_run_that_died_improves_nothing(ended: Ended) -> None:
    before, after = drawn("independent", 1, 2, 1), drawn("independent", 2, 1, 1)
    died = rows(run_of(before), run_of(after, ended))["a.age_event_ms.p50"]
    assert died.verdict is Verdict.INCONCLUSIVE
    assert f"after ended early ({ended}): no improvement" in died.why
    assert rows(run_of(before), run_of(after))["a.age_event_ms.p50"].verdict is Verdict.IMPROVED
    assert rows(run_of(after, ended), run_of(before))["a.age_event_ms.p50"].verdict is Verdict.REGRESSED


def test_the_series_of_a_recorded_run_are_its_percentiles_part_by_part() -> None:
    whole = analyze(["sample:after"], options=Options(age_series=True))
    series = {each.figure: each for each in whole.age_series}
    assert len(series) == 5 * 2 * 3
    for name, each in series.items():
        found = whole.figure(name)
        assert found is not None and found.value is not None
        assert (len(each.batches), len(each.steps)) == (AGE_BATCHES, AGE_STEPS)
        assert min(each.steps) <= found.value <= max(each.steps)
    assert series["extended.age_apply_ms.p99"].batches != series["extended.age_apply_ms.p50"].batches


def test_the_recorded_change_removes_reconnects_of_lighter_and_nothing_else() -> None:
    options = Options(age_series=True)
    found = compare(*(analyze([path], options=options) for path in ("sample:before", "sample:after"))).rows
    improved = {row.figure for row in found if row.verdict is Verdict.IMPROVED}
    assert improved == {
        "lighter.reconnects", "lighter.reconnects.server_close", "lighter.disconnects.server_close",
        "lighter.age_event_ms.p99",
    }  # fmt: skip
    assert not [row for row in found if row.verdict is Verdict.REGRESSED]


def test_two_recorded_runs_of_one_build_raise_no_alarm() -> None:
    data, options = Path(__file__).parent.parent / "data" / "comparison", Options(age_series=True)
    files = (str(data / f"aa1_{run}.telemetry.jsonl.zst") for run in "ab")
    found = compare(*(analyze([file], options=options) for file in files)).rows
    assert not [row.figure for row in found if row.verdict in (Verdict.IMPROVED, Verdict.REGRESSED)]
    shifted = [row for row in found if row.why.startswith("common shift: all venues moved by 16 to")]
    assert {row.figure for row in shifted} >= {f"venue_{n}.age_event_ms.p50" for n in range(5)}


@pytest.mark.parametrize(("design", "share"), [("one after the other", FALSE_ALARMS), ("paired", FALSE_ALARMS_PAIRED)])
def test_the_share_of_false_alarms_is_the_largest_one_that_the_calibration_measured(design: str, share: float) -> None:
    text = (Path(__file__).parents[2] / "runbooks" / "calibration.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith(f"| {design} |")]
    measured = [float(row[3].split()[0]) for row in rows if not row[3].strip().startswith("no")]
    assert len(rows) == 6 and max(measured) == pytest.approx(100 * share)


@pytest.mark.parametrize(("counts", "found"), [((10, 30), Verdict.REGRESSED), ((10, 14), Verdict.INCONCLUSIVE)])
def test_three_times_the_reconnects_are_a_regression(counts: tuple[int, int], found: Verdict) -> None:
    runs = [
        RunAnalysis(
            run_info(id=str(number), venues=("lighter",)), (),
            (*run_figures(), figure("lighter.reconnects", count), figure("lighter.age_apply_unknown.share", 0, "share")),
        )
        for number, count in enumerate(counts)
    ]  # fmt: skip
    (row,) = (row for row in compare(*runs).rows if row.figure == "lighter.reconnects")
    assert row.verdict is found
