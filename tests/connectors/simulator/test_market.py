"""Books that move: sound, the same for the same seed, and all of one market."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.simulator.market import CommonPrice, Market, Precision, difference, fixed_point
from connectors.simulator.protocols import protocols

NAMES = sorted(protocols())


def market(venue: str, seed: int = 1) -> Market:
    return Market(CommonPrice(seed, "ETH"), protocols()[venue].precision, seed, venue)


def walk(venue: str, seed: int = 1, steps: int = 400) -> list[object]:
    made = market(venue, seed)
    states: list[object] = []
    for step in range(steps):
        made.step(step * 100)
        states.append((made.number, made.book, made.trade(step * 100)))
    return states


@pytest.mark.parametrize("venue", NAMES)
def test_a_book_is_never_crossed_or_empty_and_its_number_always_rises(venue: str) -> None:
    made, before = market(venue), 0
    for step in range(2_000):
        made.step(step * 50)
        assert max(made.book.bids) < min(made.book.asks)
        assert all(made.book.bids.values())
        assert all(made.book.asks.values())
        assert made.number > before
        before = made.number


@pytest.mark.parametrize("venue", NAMES)
def test_what_a_step_says_it_touched_is_what_changed(venue: str) -> None:
    made = market(venue)
    for step in range(500):
        before = made.book
        assert made.step(step * 50) == difference(before, made.book)


@pytest.mark.parametrize("venue", NAMES)
def test_one_seed_is_one_market_and_another_seed_another(venue: str) -> None:
    assert walk(venue) == walk(venue)
    assert walk(venue) != walk(venue, seed=2)


def test_every_venue_follows_the_common_price_and_none_is_another() -> None:
    mids = {}
    for venue in NAMES:
        made = market(venue)
        for step in range(1_200):
            made.step(step * 50)
        points = (max(made.book.bids) + min(made.book.asks)) / 2
        mids[venue] = points / 10**made.precision.price_decimals
    assert max(mids.values()) / min(mids.values()) < 1.001
    assert len(set(mids.values())) > 1


def test_the_common_price_moves_and_stays_near_its_start_for_a_day() -> None:
    common = CommonPrice(3, "ETH")
    prices = [common.at(second * 1_000) / 1e6 for second in range(86_400)]
    assert 2_000 < min(prices) < max(prices) < 4_000
    assert len(set(prices)) > 10_000


@given(number=st.integers(-(10**15), 10**15), decimals=st.integers(0, 9))
def test_fixed_point_text_is_the_integer_with_a_point(number: int, decimals: int) -> None:
    written = fixed_point(number, decimals)
    assert int(written.replace(".", "")) == number
    assert len(written.partition(".")[2]) == decimals


def test_the_exact_level_is_the_one_that_the_text_stands_for() -> None:
    precision = Precision(price_decimals=2, size_decimals=4)
    price, size = precision.level(300_005, 7)
    assert (
        (format(price, "f"), format(size, "f"))
        == (precision.price(300_005), precision.size(7))
        == ("3000.05", "0.0007")
    )
