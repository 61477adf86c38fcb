"""Short forms of the attacks on the server: a usual client is served meanwhile and after, in bounded memory."""

from __future__ import annotations

import asyncio

import pytest

from tests.attacks.on_server.catalogue import ATTACKS
from tests.attacks.on_server.trial import attacked_server

SECONDS = 1.5
SHORT = ("long names", "pings unread", "broken frames", "101 headers", "full table")


@pytest.mark.parametrize("name", SHORT)
def test_a_usual_client_is_served_beside_a_hostile_one_and_after_it(name: str) -> None:
    attack = next(each for each in ATTACKS if each.name == name)
    outcome = asyncio.run(attacked_server(attack, SECONDS))
    assert outcome.failure == ""
    assert outcome.open_files < 40 or name == "full table"
