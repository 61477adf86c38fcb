"""The dimensions agree with the producer's analyzer where it is correct; each difference has its cause."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tests.analysis.metrics.analyzer_page import COUNTS, RIGHT, STATS, VENUES, read, rows
from toolkit.analysis.pipeline import analyze
from toolkit.model.figures import Figure

DATA = Path(__file__).parents[2] / "data"
RUNS = {
    "prb_before": "sample:before",
    "killed_head": str(DATA / "runs" / "killed_head"),
    "split_stdio": str(DATA / "runs" / "split_stdio"),
}
HALF_A_DIGIT = 0.5000001e-6
"""The analyzer prints six decimals."""


@cache
def figures(run: str) -> dict[str, Figure]:
    return {each.figure: each for each in analyze([RUNS[run]]).figures}


@cache
def page(run: str) -> str:
    return (DATA / "dimensions" / f"{run}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("run", RUNS)
def test_a_series_agrees_with_the_digits_of_the_analyzer(run: str) -> None:
    printed, _ = read(page(run))
    assert RIGHT.keys() <= printed.keys()
    for key, name in RIGHT.items():
        for stat in STATS:
            ours = figures(run)[f"{name}.{stat}"]
            assert ours.n == printed[key]["n"], name
            assert ours.value == pytest.approx(printed[key][stat], abs=HALF_A_DIGIT, rel=0), f"{name}.{stat}"


@pytest.mark.parametrize("run", RUNS)
def test_a_count_agrees_with_the_analyzer(run: str) -> None:
    _, printed = read(page(run))
    assert {name: printed[key] for key, name in COUNTS.items()} == {
        name: figures(run)[name].value for name in COUNTS.values()
    }


@pytest.mark.parametrize("run", RUNS)
def test_venue_health_quote_limits_and_funding_agree_with_the_tables(run: str) -> None:
    ours = figures(run)
    for head, (venue, *cells) in rows(page(run)):
        if head == "Healthy%" and len(cells) == 6:
            stretches = [ours[f"{venue}.unhealthy.{name}"].value for name in ("longest_ticks", "stretches")]
            assert stretches == [int(cell) for cell in cells[4:]]
        elif head == "Quotes":
            names = ("levels", "margin_capped", "liquidation_cut", "cut")
            counted = [ours[f"{venue}.quotes.{name}"].value for name in names]
            assert counted == [int(cell.split()[0]) for cell in cells]
        elif head == "Healthy%":
            healthy = ours[f"{venue}.funding_status.healthy.share"].value
            assert healthy == pytest.approx(float(cells[0].rstrip("%")) / 100, abs=0.001)  # theirs is of records


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("what", ["spread", "depth"])
def test_spread_and_depth_differ_by_the_records_without_data_that_the_analyzer_includes(run: str, what: str) -> None:
    printed, _ = read(page(run))
    heading = {"spread": "Spread Statistics", "depth": "Depth Near Mid Statistics"}[what]
    for venue in VENUES:
        theirs, mean = printed[heading, f"{venue} {what}"], figures(run)[f"{venue}.{what}_usd.mean"]
        if mean.value is None:
            assert theirs["max"] == 0
        else:
            assert mean.n <= theirs["n"]
            assert mean.value * mean.n / theirs["n"] == pytest.approx(theirs["mean"], abs=1e-6, rel=1e-9)


@pytest.mark.parametrize("run", RUNS)
def test_the_analyzer_adds_up_intents_and_their_acknowledgements(run: str) -> None:
    _, printed = read(page(run))
    ours = figures(run)
    for action in ("place", "replace", "cancel"):
        both = [ours[f"run.orders.{kind}.{action}"].value or 0 for kind in ("intents", "acks", "rejects")]
        assert sum(both) == printed["Order Action Counts", action]
    for venue in VENUES:
        both = [ours[f"{venue}.orders.{kind}"].value or 0 for kind in ("intents", "acks", "rejects")]
        assert sum(both) == printed["Orders Per Venue", venue]


@pytest.mark.parametrize("run", RUNS)
def test_the_only_jump_that_the_analyzer_sees_is_from_a_placeholder_to_the_first_price(run: str) -> None:
    series, counts = read(page(run))
    heading = "Dimension 5: Kalman Filter / Fair Value Health"
    assert counts[heading, "FV jumps >20bps"] == 1
    assert series[heading, "FV tick-to-tick delta"]["max"] > 60_000
    assert figures(run)["run.fair_value_jumps"].value == 0
    vol = "Dimension 11: Volatility Model Validation"
    theirs = counts[vol, "Realized FV vol (per-tick stdev of log returns)"]
    assert theirs > 500 * (figures(run)["run.vol.realised_per_tick"].value or 0) > 0


@pytest.mark.parametrize("run", RUNS)
def test_phases_add_up_to_the_total_where_the_analyzer_counts_the_drain_twice(run: str) -> None:
    ours = figures(run)
    phases = ("reconcile", "event_drain", "engine", "submit", "rest")
    assert sum(ours[f"run.phase.{phase}_us.mean"].value or 0 for phase in phases) == pytest.approx(
        ours["run.phase.total_us.mean"].value
    )
    assert sum(ours[f"run.phase.{phase}.share"].value or 0 for phase in phases) == pytest.approx(1)
    printed, _ = read(page(run))
    engine = printed["Dimension 2: Tick Performance / Timing Budget", "engine_us"]["mean"]
    assert engine == pytest.approx(
        sum(ours[f"run.phase.{phase}_us.mean"].value or 0 for phase in phases[:3]), abs=HALF_A_DIGIT
    )
