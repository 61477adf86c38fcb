"""Every setting has a default, a value and a source, and a bad value is an error that names the variable."""

from __future__ import annotations

import pytest

from connectors.settings import COMMON_SETTINGS, fresh_ms, limits, resolve, target, venue_settings
from connectors.venues import venues
from connectors.venues.spec import Setting, SettingType, Venue
from toolkit.model.errors import UsageError

every_venue = pytest.mark.parametrize("venue", venues().values(), ids=lambda venue: venue.name)


@every_venue
def test_a_venue_has_its_own_defaults_without_an_environment(venue: Venue) -> None:
    resolved = resolve((*COMMON_SETTINGS, *venue_settings(venue)), {})
    assert limits(venue, resolved) == venue.limits
    assert fresh_ms(venue, resolved) == venue.fresh_ms
    assert {row.source for row in resolved.values()} == {"default"}


@every_venue
def test_limits_are_read_from_the_environment(venue: Venue) -> None:
    environ = {
        f"PARAPHINA_{venue.prefix}_STALE_MS": "4000",
        f"PARAPHINA_{venue.prefix}_PING_INTERVAL_MS": "0",
        f"PARAPHINA_{venue.prefix}_WS_READ_TIMEOUT_MS": "45000",
        "PARAPHINA_WS_MAX_SESSION_SECS": "60",
    }
    resolved = resolve((*COMMON_SETTINGS, *venue_settings(venue)), environ)
    chosen = limits(venue, resolved)
    assert (chosen.stale_ms, chosen.ping_interval_ms, chosen.read_ms, chosen.session_ms) == (4_000, 0, 45_000, 60_000)
    assert resolved[f"PARAPHINA_{venue.prefix}_STALE_MS"].source == f"PARAPHINA_{venue.prefix}_STALE_MS"


@every_venue
def test_a_base_asset_names_the_market_unless_the_environment_does(venue: Venue) -> None:
    default = target(venue, resolve(venue_settings(venue), {}), base="ETH")
    named = target(venue, resolve(venue_settings(venue), {venue.market.name: "XYZ"}), base="ETH")
    assert default.market == venue.symbol.format(base="ETH")
    assert named.market == "XYZ"


ALL_SETTINGS = (*COMMON_SETTINGS, *(setting for venue in venues().values() for setting in venue_settings(venue)))
NOT_URLS = (
    "ftp://example", "example.com", " , ", "wss://", "wss://user:secret@example", "https://secret@example", "wss://[x",
    "wss://user:secret@[x", "wss://x]", "wss://[::1", "wss://example:port", "wss://example:99999", "wss://example:0",
    "wss://user:secret@example:port", "wss://example/a,wss://[x",
)  # fmt: skip


def bad_texts(setting: Setting) -> tuple[str, ...]:
    """Return texts that this setting refuses; free text accepts any."""
    match setting.kind:
        case SettingType.FLAG:
            return ("maybe", "2", "truely")
        case SettingType.MS | SettingType.SECONDS | SettingType.COUNT:
            below = () if setting.least == 0 else (str(setting.least - 1),)
            above = () if setting.most is None else (str(setting.most + 1),)
            return ("10s", "-1", "1.5", "1e3", "0x10", "٣", "9" * 16, "9" * 5_000, *below, *above)
        case SettingType.NAME:
            return ("BTC USD", "BTC\x1b[2J", "BTC\nUSD", "?", "a,b")
        case SettingType.URLS:
            return NOT_URLS
        case SettingType.TEXT:
            return ("37x",) if setting.choices else ()


BAD = [
    (name, text) for setting in ALL_SETTINGS for name in (setting.name, *setting.aliases) for text in bad_texts(setting)
]


@pytest.mark.parametrize(("name", "text"), BAD, ids=lambda value: value[:40].encode("unicode_escape").decode())
def test_a_bad_value_is_a_usage_error_that_names_the_variable_and_shows_no_secret(name: str, text: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name}\b") as caught:
        resolve(ALL_SETTINGS, {name: text})
    assert "secret" not in str(caught.value)


def test_only_file_paths_accept_any_text() -> None:
    free = {setting.name for setting in ALL_SETTINGS if not bad_texts(setting)}
    assert free == {"PARAPHINA_MARKET_RX_STATS_PATH", "PARAPHINA_TELEMETRY_PATH"}


@pytest.mark.parametrize("setting", ALL_SETTINGS, ids=lambda setting: setting.name)
def test_a_default_is_a_value_that_the_setting_accepts(setting: Setting) -> None:
    if setting.default is not None:
        text = str(int(setting.default)) if isinstance(setting.default, bool) else str(setting.default)
        resolved = resolve([setting], {setting.name: text})[setting.name]
        assert (resolved.value, resolved.source) == (setting.default, setting.name)
