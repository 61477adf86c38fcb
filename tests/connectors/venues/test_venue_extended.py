"""Extended, beyond its tapes: the URL is the subscription."""

from __future__ import annotations

import pytest

from connectors.settings import resolve, target, venue_settings
from connectors.venues.extended import VENUE

BASE = "wss://api.starknet.extended.exchange/stream.extended.exchange/v1"


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({}, "/orderbooks/BTC-USD"),
        ({"PARAPHINA_EXTENDED_WS_DEPTH_LEVELS": "1"}, "/orderbooks/BTC-USD?depth=1"),
        ({"EXTENDED_MARKET": "ETHUSDT"}, "/orderbooks/ETH-USD"),
        ({"EXTENDED_MARKET": "eth-usd"}, "/orderbooks/ETH-USD"),
        ({"EXTENDED_MARKET": "1000PEPE-USD"}, "/orderbooks/1000PEPE-USD"),
    ],
)
def test_the_socket_url_names_market_and_depth(environ: dict[str, str], path: str) -> None:
    market = target(VENUE, resolve(venue_settings(VENUE), environ))
    assert VENUE.socket_url(market.ws_urls[0], market) == BASE + path
    assert VENUE.topics(market)[0].key == f"orderbooks:{path.split('/')[-1].split('?')[0]}"
    assert VENUE.topics(market)[0].subscribe is None


def test_every_request_has_the_user_agent_that_the_venues_firewall_demands() -> None:
    assert dict(VENUE.headers)["User-Agent"]
