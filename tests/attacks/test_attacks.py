"""Short forms of the attacks: each kind of attack on one venue or two, for two seconds, and every cell has a mechanism."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.attacks.catalogue import ATTACKS, VENUES, NoMechanismError
from tests.attacks.catalogue.on_binary import DAMAGES
from tests.attacks.trial import Outcome, attacked_venue
from tests.sampling import IS_WHOLE
from toolkit.analysis.pipeline import analyze

pytestmark = pytest.mark.sampled
SECONDS = 2.0
MADE = VENUES if IS_WHOLE else ("aster",)
"""Venues of the short forms; `make test-matrix` makes them at all venues."""
SHORT = {
    "lighter": ("pings", "95 000 trades", "wide JSON", "forged text", "encoded answers", "handshake: a date"),
    "aster": ("empty texts", "64 MB message", "endless answers", "close then on"),
    "hyperliquid": ("1 000 trades", "refusals", "compressed frames", "1 MiB binary"),
    "extended": ("pings unread", "60 000 levels", "handshake: forged"),
    "paradex": ("8 000 levels", "deep JSON", "handshake: endless", "claimed levels", "other kind"),
}
TOLD = {
    "95 000 trades": "1009",
    "wide JSON": "parse_error",
    "encoded answers": "encoding 'gzip', not identity",
    "handshake: a date": "HTTP 429",
    "empty texts": "parse_error",
    "64 MB message": "1009",
    "endless answers": "the answer is longer than",
    "close then on": "server_close",
    "compressed frames": "1002",
    "60 000 levels": "1009",
    "handshake: forged": "HTTP 503",
    "deep JSON": "parse_error",
    "handshake: endless": "connect_error",
}
"""Words that the run must state of an attack; the others may leave no trace in so short a time."""
NO_MECHANISM = {
    ("heartbeats", "extended"),
    ("heartbeats", "aster"),
    ("single trades", "extended"),
    ("1 000 trades", "aster"),
    ("1 000 trades", "paradex"),
    ("95 000 trades", "aster"),
    ("95 000 trades", "paradex"),
    *((each.name, venue) for each in DAMAGES for venue in VENUES if venue != "paradex"),
}


def test_every_attack_is_made_on_every_venue_except_in_named_cells() -> None:
    missing = set()
    for attack in ATTACKS:
        for venue in VENUES:
            try:
                attack.make(venue)
            except NoMechanismError:
                missing.add((attack.name, venue))
    assert missing == NO_MECHANISM


@pytest.mark.parametrize("venue", MADE)
def test_the_connectors_survive_a_hostile_venue_and_are_well_again(tmp_path: Path, venue: str) -> None:
    chosen = [each for each in ATTACKS if each.name in SHORT[venue]]
    assert len(chosen) == len(SHORT[venue])

    async def attack() -> list[Outcome]:
        return [each async for each in attacked_venue(venue, chosen, SECONDS, tmp_path / venue, print)]

    outcomes = asyncio.run(attack())
    assert {each.attack: each.failure for each in outcomes if each.failure} == {}
    told = {each.attack: each.told or "nothing" for each in outcomes}
    assert {name: text for name, text in told.items() if TOLD.get(name, "") not in text} == {}
    analysis = analyze([str(tmp_path / venue)])
    assert (analysis.run.lives, list(analysis.run.venues)) == (1, [venue])
    assert "quoted_records" not in {each.code for each in analysis.findings}
