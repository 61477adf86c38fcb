"""Names of settings whose values may be shown: those of the connectors, of a profile, and of `toolkit smoke`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

PROFILE_ONLY = ("PARAPHINA_LIVE_OUT_DIR", "PARAPHINA_TELEMETRY_MODE", "PARAPHINA_TRADE_MODE")
"""Names that a profile sets and no connector reads."""
OPTIONS = ("--feed", "--scenario", "--seed", "--base", "--venues", "--profile")
"""Options of `toolkit smoke` that change the market data or the producer of a run."""


@cache
def known_settings() -> Mapping[str, str | None]:
    """Return every name whose value may be shown, with its default (None: no default)."""
    # Imported here because most analysed runs have no recorded settings and need no connector module.
    from connectors.settings import COMMON_SETTINGS, venue_settings
    from connectors.venues import venues

    table = [*COMMON_SETTINGS, *(setting for venue in venues().values() for setting in venue_settings(venue))]
    defaults = {name: setting.default for setting in table for name in (setting.name, *setting.aliases)}
    known = {name: _text(default) for name, default in defaults.items()}
    return known | dict.fromkeys((*PROFILE_ONLY, *OPTIONS))


def _text(default: object) -> str | None:
    if default is None:
        return None
    return str(int(default)) if isinstance(default, bool) else str(default)
