"""Every environment name has a default, a value and a source, and a bad value is an error that names it."""

from __future__ import annotations

import pytest

from connectors.description import Venue
from connectors.settings import COMMON, fresh_ms, limits, of_venue, resolve, target
from connectors.venues import venues
from toolkit.errors import UsageError

every_venue = pytest.mark.parametrize("venue", venues().values(), ids=lambda venue: venue.name)


@every_venue
def test_without_an_environment_a_venue_has_its_own_defaults(venue: Venue) -> None:
    resolved = resolve((*COMMON, *of_venue(venue)), {})
    assert limits(venue, resolved) == venue.limits
    assert fresh_ms(venue, resolved) == venue.fresh_ms
    assert {row.source for row in resolved.values()} == {"default"}


@every_venue
def test_every_limit_is_taken_from_the_environment(venue: Venue) -> None:
    environ = {
        f"PARAPHINA_{venue.prefix}_STALE_MS": "4000",
        f"PARAPHINA_{venue.prefix}_PING_INTERVAL_MS": "0",
        f"PARAPHINA_{venue.prefix}_WS_READ_TIMEOUT_MS": "45000",
        "PARAPHINA_WS_MAX_SESSION_SECS": "60",
    }
    resolved = resolve((*COMMON, *of_venue(venue)), environ)
    chosen = limits(venue, resolved)
    assert (chosen.stale_ms, chosen.ping_interval_ms, chosen.read_ms, chosen.session_ms) == (4_000, 0, 45_000, 60_000)
    assert resolved[f"PARAPHINA_{venue.prefix}_STALE_MS"].source == f"PARAPHINA_{venue.prefix}_STALE_MS"


@every_venue
def test_a_base_asset_names_the_market_unless_the_environment_does(venue: Venue) -> None:
    default = target(venue, resolve(of_venue(venue), {}), base="ETH")
    named = target(venue, resolve(of_venue(venue), {venue.market.name: "XYZ"}), base="ETH")
    assert default.market == venue.symbol.format(base="ETH")
    assert named.market == "XYZ"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PARAPHINA_WS_AUDIT", "maybe"),
        ("PARAPHINA_WS_MAX_SESSION_SECS", "0"),
        ("PARAPHINA_MAIN_LOOP_INTERVAL_MS", "-250"),
        ("PARAPHINA_HL_STALE_MS", "10s"),
        ("HL_WS_URL", "ftp://example"),
        ("HL_WS_URL", " , "),
        ("HL_WS_URL", "wss://user:secret@example"),
    ],
)
def test_a_bad_value_is_a_usage_error_that_names_the_variable_and_shows_no_secret(name: str, text: str) -> None:
    every = (*COMMON, *(setting for venue in venues().values() for setting in of_venue(venue)))
    with pytest.raises(UsageError, match=name) as caught:
        resolve(every, {name: text})
    assert "secret" not in str(caught.value)
