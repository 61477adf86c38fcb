"""Short forms of the attacks on the server: a usual client is served meanwhile and after, in bounded memory."""

from __future__ import annotations

import asyncio

import pytest

from tests.attacks.on_server.catalogue import ATTACKS, ServerAttack
from tests.attacks.on_server.dialects import SUBSCRIBE
from tests.attacks.on_server.trial import attacked_server
from tests.sampling import IS_WHOLE

pytestmark = pytest.mark.sampled
SECONDS = 1.5
SHORT = ("pings unread", "broken frames", "101 headers", "full table")
"""Attacks of `make test`, beside one of names; `make test-matrix` makes those of names at all venues too."""
NAMES = ("long names", "subscriptions", "unknown requests", "many names")
CHOSEN = [
    each
    for each in ATTACKS
    if each.name in SHORT
    or (each.name in NAMES and (IS_WHOLE or (each.name, each.venue) == ("long names", "hyperliquid")))
]


def test_attacks_that_depend_on_the_dialect_are_made_at_every_venue() -> None:
    venues = {name: [each.venue for each in ATTACKS if each.name == name] for name in NAMES[:3]}
    assert venues == {name: list(SUBSCRIBE) for name in NAMES[:3]}


@pytest.mark.parametrize("attack", CHOSEN, ids=lambda attack: f"{attack.name} at {attack.venue}")
def test_a_usual_client_is_served_beside_a_hostile_one_and_after_it(attack: ServerAttack) -> None:
    outcome = asyncio.run(attacked_server(attack, SECONDS))
    assert outcome.failure == ""
    assert outcome.open_files < 40 or attack.name == "full table"
