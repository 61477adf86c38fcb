"""The model of the fair value: its fields are numbers from the first tick on, and follow the price."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from statistics import pstdev

import pytest

from connectors.runner.fair_value import OBSERVATION_VARIANCE, PRIOR_VARIANCE, FairValueModel, VenueVolatilities


def after(*prices: float | None, every_ms: int = 250) -> FairValueModel:
    model = FairValueModel()
    for number, price in enumerate(prices, start=1):
        model.update(price, number * every_ms)
    return model


def test_before_the_first_price_the_filter_has_its_prior_and_no_price() -> None:
    assert after(None, None).fields() == {"kf_p": PRIOR_VARIANCE, "kf_last_update_ms": 0, "regime_ratio": 1.0}


def test_the_first_price_is_the_estimate_with_the_error_of_one_observation() -> None:
    found = after(None, 2_000.0).fields()
    assert found["kf_x_hat"] == math.log(2_000)
    assert found["kf_p"] == pytest.approx(OBSERVATION_VARIANCE, rel=1e-6)
    assert found["kf_last_update_ms"] == 500
    assert "fv_short_vol" not in found


def test_the_update_time_stalls_and_the_variance_is_kept_while_there_is_no_price() -> None:
    known, later = after(2_000.0, 2_001.0), after(2_000.0, 2_001.0, None, None)
    assert later == known


def test_the_estimate_moves_towards_the_price_and_reaches_it() -> None:
    between = after(2_000.0, 2_002.0).fields()["kf_x_hat"]
    assert math.log(2_000) < between < math.log(2_002)
    assert after(2_000.0, *[2_002.0] * 50).fields()["kf_x_hat"] == pytest.approx(math.log(2_002), abs=1e-9)


def test_a_constant_price_has_no_volatility_and_a_neutral_ratio() -> None:
    found = after(*[2_000.0] * 9).fields()
    assert (found["fv_short_vol"], found["fv_long_vol"], found["regime_ratio"]) == (0.0, 0.0, 1.0)


def test_the_volatility_of_a_random_walk_is_that_of_its_returns() -> None:
    source, logs = random.Random(7), [math.log(2_000)]
    for _ in range(5_000):
        logs.append(logs[-1] + source.gauss(0, 1e-4))
    found = after(*map(math.exp, logs)).fields()
    returns = [right - left for left, right in pairwise(logs)]
    assert found["fv_long_vol"] == pytest.approx(pstdev(returns), rel=0.15)
    assert 0.5 < found["regime_ratio"] < 2


@pytest.mark.parametrize(
    ("prices", "ratio"), [([1.0, 1.001] * 400 + [1.0] * 400, 0.25), ([1.0, 1.000001] * 400 + [2.0], 4.0)]
)
def test_the_ratio_of_the_volatilities_stays_within_its_limits(prices: list[float], ratio: float) -> None:
    assert after(*prices).fields()["regime_ratio"] == pytest.approx(ratio)


def test_the_volatility_of_a_venue_is_that_of_its_own_mid_and_unknown_before_its_second_mid() -> None:
    volatilities = VenueVolatilities(["aster", "lighter"])
    for mid in (100.0, 100.1, 100.0, 100.1):
        volatilities.update({"aster": mid, "lighter": 0.0})
    found = volatilities.fields()
    for name in ("venue_local_vol_short", "venue_local_vol_long"):
        assert found[name] == [pytest.approx(math.log(1.001), rel=1e-6), None]
    volatilities.update({"aster": 100.1, "lighter": 50.0})
    volatilities.update({"aster": 100.1, "lighter": 50.0})
    assert volatilities.fields()["venue_local_vol_short"] == [pytest.approx(math.log(1.001) * 0.9375, rel=1e-3), 0.0]
