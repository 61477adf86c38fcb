"""Common time of two runs, and the match of their prices tick by tick."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.reports.made_pair import run_figures, run_info
from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare
from toolkit.model.comparisons import MarketMatch, RunComparison
from toolkit.model.runs import RunAnalysis
from toolkit.model.serialize import comparison_json
from toolkit.model.series import MidSeries

TICKS = 400
UNKNOWN = "at least one run does not record what the market did, so it is not known whether it did the same"
WALK = np.cumsum(np.random.default_rng(1).standard_normal(10 * TICKS))
"""Mid at each 25 ms of a common clock."""


def run_from(
    start_ms: int, tick_ms: int = 250, ticks: int = TICKS, *, mids: Sequence[float] = (), name: str = "x"
) -> RunAnalysis:
    """A run that reads the walk at its ticks, or has these mids."""
    times = start_ms + tick_ms * np.arange(ticks)
    values = np.array(mids) if mids else 3_000 + WALK[np.clip(times // 25, 0, len(WALK) - 1)]
    info = run_info(
        id=name, venues=("a",), started_ms=int(times[0]), ended_ms=int(times[-1]), observed_ms=int(times[-1] - times[0])
    )
    figures = tuple(run_figures(ticks, gap_ms=tick_ms))
    return RunAnalysis(info, (), figures, mid_series=(MidSeries("a", times, values),))


def match(found: RunComparison) -> MarketMatch:
    (only,) = found.market
    return only


def market_warnings(found: RunComparison) -> list[str]:
    return [each for each in found.warnings if "price" in each or "market" in each or "overlap" in each]


def test_the_sample_runs_started_11_ms_apart_and_saw_the_same_prices() -> None:
    options = Options(age_series=True, mid_series=True)
    found = compare(*(analyze([path], options=options) for path in ("sample:before", "sample:after")))
    assert found.overlap is not None
    assert found.overlap.distance_ms == 11
    assert found.overlap.share == pytest.approx(1, abs=1e-4)
    assert [(each.venue, each.ticks, each.matched) for each in found.market] == [
        (venue, 2_399, 2_399) for venue in found.before.run.venues
    ]
    assert min(each.correlation or 0 for each in found.market) >= 0.9995
    assert max(each.largest_gap_usd or 0 for each in found.market) == pytest.approx(0.79)
    assert not market_warnings(found)
    assert "series" not in comparison_json(found)


def test_runs_side_by_side_match_at_every_tick() -> None:
    found = compare(run_from(0), run_from(50, name="y"))
    assert (match(found).ticks, match(found).matched) == (TICKS, TICKS)
    assert (match(found).correlation or 0) > 0.99
    assert not market_warnings(found)


def test_a_slow_run_is_matched_with_the_nearest_ticks_of_a_fast_one() -> None:
    found = compare(run_from(0), run_from(100, tick_ms=1_000, ticks=99, name="y"))
    assert (match(found).ticks, match(found).matched) == (99, 99)
    assert (match(found).largest_gap_usd or 0) > 0


def test_runs_one_after_the_other_have_prices_of_different_times() -> None:
    found = compare(run_from(0), run_from(TICKS * 250 + 10_000, name="y"))
    assert found.overlap is not None
    assert (found.overlap.overlap_ms, found.overlap.share, found.market) == (0, 0, ())
    assert market_warnings(found) == ["the runs do not overlap: prices of different times"]


def test_a_short_common_time_is_said() -> None:
    found = compare(run_from(0), run_from(300 * 250, name="y"))
    assert (match(found).ticks, match(found).matched) == (100, 100)
    assert market_warnings(found) == ["the runs overlap for 24.8 s: prices are compared in that time only"]


def test_different_prices_of_the_same_time_are_said() -> None:
    shuffled = np.random.default_rng(2).permutation(3_000 + WALK[: 10 * TICKS : 10]).tolist()
    found = compare(run_from(0), run_from(0, mids=shuffled, name="y"))
    assert market_warnings(found)[0].startswith("prices of the same time differ: a (r = ")


def test_prices_that_stand_still_have_gaps_and_no_correlation() -> None:
    found = compare(run_from(0, mids=[3_000.0] * TICKS), run_from(0, mids=[3_001.0] * TICKS, name="y"))
    assert match(found) == MarketMatch("a", TICKS, TICKS, None, 1.0, 1.0)


def test_a_run_without_a_start_or_prices_leaves_the_market_unknown() -> None:
    bare = RunAnalysis(run_info(id="z", venues=("a",), started_ms=None), (), tuple(run_figures()))
    found = compare(run_from(0), bare)
    assert (found.overlap, found.market) == (None, ())
    assert UNKNOWN in found.warnings
