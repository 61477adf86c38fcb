"""What tapes cannot say of Lighter: where its answers are cut, and how its market is found."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors.settings import resolve, target, venue_settings
from connectors.venues.lighter import ORDERS_PER_SIDE, VENUE
from connectors.venues.spec import Target


def aimed_at(market: str, instrument: str = "") -> Target:
    environ = {"LIGHTER_MARKET": market} | ({"LIGHTER_MARKET_ID": instrument} if instrument else {})
    return target(VENUE, resolve(venue_settings(VENUE), environ))


@pytest.mark.parametrize(
    ("orders", "levels"),
    [(ORDERS_PER_SIDE, 2), (ORDERS_PER_SIDE - 1, 3), (0, 0)],
)
def test_a_side_that_fills_the_answer_loses_its_last_level_because_orders_of_it_may_be_missing(
    orders: int, levels: int
) -> None:
    prices = ["100.1"] * 100 + ["100.2"] * 100 + ["100.3"] * 50
    rows = [{"price": price, "remaining_base_amount": "0.5"} for price in prices[:orders]]
    book = VENUE.snapshot.decode({"bids": [], "asks": rows}, aimed_at("ETH-USD", "0"))
    assert len(book.asks) == levels
    assert book.asks[:1] == ((Decimal("100.1"), Decimal("50.0")),)[:levels]


@pytest.mark.parametrize("market", ["ETH", "ETH-USD", "ETH-PERP", "ETH-USD-PERP", "eth-usd"])
def test_a_market_is_found_however_the_other_venues_would_write_it(market: str) -> None:
    body = {"code": 200, "order_books": [{"symbol": "BTC", "market_id": 1}, {"symbol": "ETH", "market_id": 0}]}
    assert VENUE.lookup.decode(body, aimed_at(market)) == "0"


def test_a_market_that_is_not_listed_is_an_error_with_its_name() -> None:
    with pytest.raises(LookupError, match="DOGE"):
        VENUE.lookup.decode({"code": 200, "order_books": [{"symbol": "ETH", "market_id": 0}]}, aimed_at("DOGE-USD"))


def test_a_known_number_needs_no_lookup() -> None:
    assert aimed_at("ETH-USD", "0").instrument == "0"
    assert aimed_at("ETH-USD").instrument == ""
