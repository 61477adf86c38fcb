"""Tests of the simulated order books: valid, deterministic, and all following the common price."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.simulator.market import CommonPrice, Precision, SimulatedMarket, difference, fixed_point
from connectors.simulator.protocols import protocols

NAMES = sorted(protocols())


def market(venue: str, seed: int = 1) -> SimulatedMarket:
    return SimulatedMarket(CommonPrice(seed, "ETH"), protocols()[venue].precision, seed, venue)


def walk(venue: str, seed: int = 1, steps: int = 400) -> list[object]:
    simulated = market(venue, seed)
    states: list[object] = []
    for step in range(steps):
        simulated.step(step * 100)
        states.append((simulated.number, simulated.book, simulated.trade(step * 100)))
    return states


@pytest.mark.parametrize("venue", NAMES)
def test_a_book_is_never_crossed_or_empty_and_its_number_always_increases(venue: str) -> None:
    simulated, before = market(venue), 0
    for step in range(2_000):
        simulated.step(step * 50)
        assert max(simulated.book.bids) < min(simulated.book.asks)
        assert all(simulated.book.bids.values())
        assert all(simulated.book.asks.values())
        assert simulated.number > before
        before = simulated.number


@pytest.mark.parametrize("venue", NAMES)
def test_a_step_returns_the_prices_that_changed(venue: str) -> None:
    simulated = market(venue)
    for step in range(500):
        before = simulated.book
        assert simulated.step(step * 50) == difference(before, simulated.book)


@pytest.mark.parametrize("venue", NAMES)
def test_the_same_seed_gives_the_same_market_and_another_seed_another(venue: str) -> None:
    assert walk(venue) == walk(venue)
    assert walk(venue) != walk(venue, seed=2)


def test_every_venue_follows_the_common_price_with_its_own_book() -> None:
    mids = {}
    for venue in NAMES:
        simulated = market(venue)
        for step in range(1_200):
            simulated.step(step * 50)
        points = (max(simulated.book.bids) + min(simulated.book.asks)) / 2
        mids[venue] = points / 10**simulated.precision.price_decimals
    assert max(mids.values()) / min(mids.values()) < 1.001
    assert len(set(mids.values())) > 1


def test_the_common_price_moves_and_stays_near_its_start_for_a_day() -> None:
    common = CommonPrice(3, "ETH")
    prices = [common.at(second * 1_000) / 1e6 for second in range(86_400)]
    assert 2_000 < min(prices) < max(prices) < 4_000
    assert len(set(prices)) > 10_000


@given(number=st.integers(-(10**15), 10**15), decimals=st.integers(0, 9))
def test_fixed_point_text_is_the_integer_with_a_point(number: int, decimals: int) -> None:
    text = fixed_point(number, decimals)
    assert int(text.replace(".", "")) == number
    assert len(text.partition(".")[2]) == decimals


def test_the_exact_level_equals_its_text() -> None:
    precision = Precision(price_decimals=2, size_decimals=4)
    price, size = precision.level(300_005, 7)
    assert (
        (format(price, "f"), format(size, "f"))
        == (precision.price(300_005), precision.size(7))
        == ("3000.05", "0.0007")
    )
