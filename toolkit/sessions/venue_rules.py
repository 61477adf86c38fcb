"""Rules of single venues for reconnect reasons, loaded from `venue_rules.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class VenueRules:
    """Reconnect reasons, by venue, that do not end a session by themselves.

    After a reason in `resync`, the venue's book is rebuilt on the open socket. A reason in `survivable` leaves the
    socket open.
    """

    resync: Mapping[str, frozenset[str]]
    survivable: Mapping[str, frozenset[str]]

    def is_resync(self, venue: str, reason: str | None) -> bool:
        """Return true if the reason stands for a resync of the venue's book."""
        return reason in self.resync.get(venue, ())

    def is_survivable(self, venue: str, reason: str | None) -> bool:
        """Return true if the venue's socket may stay open after the reason."""
        return reason in self.survivable.get(venue, ())


@cache
def venue_rules() -> VenueRules:
    """Return the rules of all venues."""
    data = tomllib.loads((files("toolkit.sessions") / "venue_rules.toml").read_text(encoding="utf-8"))
    return VenueRules(_reasons(data["resync_reasons"]), _reasons(data["survivable_reasons"]))


def _reasons(table: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {venue: frozenset(reasons) for venue, reasons in table.items()}
