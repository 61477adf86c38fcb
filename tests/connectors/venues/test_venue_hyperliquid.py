"""Hyperliquid, beyond its tapes: socket and REST request the same book."""

from __future__ import annotations

import json

import pytest

from connectors.settings import resolve, target, venue_settings
from connectors.venues.hyperliquid import VENUE

ROUNDING = ("nSigFigs", "mantissa")


@pytest.mark.parametrize(
    ("environ", "rounding"),
    [
        ({}, {}),
        ({"HL_L2_SIGFIGS": "3"}, {}),
        ({"HL_L2_FAST": "0"}, {"nSigFigs": 5}),
        ({"HL_L2_FAST": "0", "HL_L2_SIGFIGS": "2"}, {"nSigFigs": 2}),
    ],
    ids=str,
)
def test_a_book_check_has_the_rounding_of_the_subscription(environ: dict[str, str], rounding: dict[str, int]) -> None:
    market = target(VENUE, resolve(venue_settings(VENUE), environ), base="BTC")
    topic, call = VENUE.topics(market)[0], VENUE.snapshot.call(market)
    for request in (json.loads(topic.subscribe)["subscription"], json.loads(call.body)):
        assert (request["type"], request["coin"]) == ("l2Book", "BTC")
        assert {name: request[name] for name in ROUNDING if name in request} == rounding


def test_unsubscribe_names_the_same_subscription_as_subscribe() -> None:
    market = target(VENUE, resolve(venue_settings(VENUE), {"HL_L2_FAST": "0"}))
    for topic in VENUE.topics(market):
        assert json.loads(topic.subscribe)["subscription"] == json.loads(topic.unsubscribe)["subscription"]
