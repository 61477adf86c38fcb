"""Lighter, beyond its tapes: where its REST books are cut, and how its market id is found."""

from __future__ import annotations

import pytest

from connectors.settings import resolve, target, venue_settings
from connectors.venues.frames import FrameLevel
from connectors.venues.lighter import ORDERS_PER_SIDE, VENUE
from connectors.venues.spec import Target


def market_target(market: str, instrument: str = "") -> Target:
    environ = {"LIGHTER_MARKET": market} | ({"LIGHTER_MARKET_ID": instrument} if instrument else {})
    return target(VENUE, resolve(venue_settings(VENUE), environ))


@pytest.mark.parametrize(
    ("orders", "levels"),
    [(ORDERS_PER_SIDE, 2), (ORDERS_PER_SIDE - 1, 3), (0, 0)],
)
def test_a_full_side_loses_its_last_level_because_orders_of_it_may_be_missing(orders: int, levels: int) -> None:
    prices = ["100.1"] * 100 + ["100.2"] * 100 + ["100.3"] * 50
    rows = [{"price": price, "remaining_base_amount": "0.5"} for price in prices[:orders]]
    book = VENUE.snapshot.decode({"bids": [], "asks": rows}, market_target("ETH-USD", "0"))
    assert len(book.asks) == levels
    assert book.asks[:1] == [FrameLevel(100.1, 50)][:levels]


@pytest.mark.parametrize("market", ["ETH", "ETH-USD", "ETH-PERP", "ETH-USD-PERP", "eth-usd"])
def test_a_market_is_found_by_its_name_at_other_venues(market: str) -> None:
    body = {"code": 200, "order_books": [{"symbol": "BTC", "market_id": 1}, {"symbol": "ETH", "market_id": 0}]}
    assert VENUE.lookup.decode(body, market_target(market)) == "0"


def test_an_unlisted_market_is_an_error_with_its_name() -> None:
    with pytest.raises(LookupError, match="DOGE"):
        VENUE.lookup.decode(
            {"code": 200, "order_books": [{"symbol": "ETH", "market_id": 0}]}, market_target("DOGE-USD")
        )


def test_a_known_market_id_needs_no_lookup() -> None:
    assert market_target("ETH-USD", "0").instrument == "0"
    assert market_target("ETH-USD").instrument == ""
