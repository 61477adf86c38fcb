"""What tapes cannot say of Hyperliquid: socket and REST are asked for one and the same book."""

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
def test_a_look_by_rest_is_rounded_as_the_subscription_is(environ: dict[str, str], rounding: dict[str, int]) -> None:
    aim = target(VENUE, resolve(venue_settings(VENUE), environ), base="BTC")
    topic, call = VENUE.topics(aim)[0], VENUE.snapshot.call(aim)
    for asked in (json.loads(topic.subscribe)["subscription"], json.loads(call.body)):
        assert (asked["type"], asked["coin"]) == ("l2Book", "BTC")
        assert {name: asked[name] for name in ROUNDING if name in asked} == rounding


def test_what_is_unsubscribed_is_what_was_subscribed() -> None:
    aim = target(VENUE, resolve(venue_settings(VENUE), {"HL_L2_FAST": "0"}))
    for topic in VENUE.topics(aim):
        assert json.loads(topic.subscribe)["subscription"] == json.loads(topic.unsubscribe)["subscription"]
