"""Health enforcer (layer A): it restarts the connector of a venue that brought no book for a long time.

It is the last resort for a silence that the connector's own watchdog does not end. The task of the connector is ended
and begun again; its backoff goes on, so that restarts do not make it try a venue more often.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.runner.health import NEVER

STUCK_MS = 30_000


@dataclass(frozen=True, slots=True)
class EnforcerSettings:
    """Time without a book from which a connector is restarted, and the least time between two restarts, in ms."""

    force_restart_ms: int = 90_000
    cooldown_ms: int = 30_000


@dataclass(slots=True)
class Enforcer:
    """Decides which connectors are restarted; `restarts` counts those of each venue."""

    settings: EnforcerSettings
    restarts: dict[str, int] = field(default_factory=dict)
    _restarted_ms: dict[str, int] = field(default_factory=dict)

    def takes_action(self, now_ms: int, venue: str, age_ms: int) -> bool:
        """Return whether to restart a venue's connector now, and count it.

        `age_ms` is the time without a book, `NEVER` for a venue that never had one: such a venue is left alone, because
        its connector tries to reach it from the start.
        """
        last_ms = self._restarted_ms.get(venue)
        cools_down = last_ms is not None and now_ms - last_ms < self.settings.cooldown_ms
        if age_ms == NEVER or age_ms < self.settings.force_restart_ms or cools_down:
            return False
        self._restarted_ms[venue] = now_ms
        self.restarts[venue] = self.restarts.get(venue, 0) + 1
        return True


def stuck_lines(for_ms: int) -> list[str]:
    """Return the line of a time in which the runner stood still; nothing for less than `STUCK_MS`."""
    if for_ms < STUCK_MS:
        return []
    limits = f"{for_ms}ms (threshold={STUCK_MS}ms)"
    return [f"ERROR: VenueHealthEnforcer: runner has not updated ages for {limits} — runner may be stuck"]


def restart_line(venue: str, index: int, age_ms: int, threshold_ms: int) -> str:
    """Return the line of a restart; `index` is the venue's index in the telemetry arrays."""
    where = f"(venue_index={index}, age_ms={age_ms}, threshold={threshold_ms})"
    return f"WARN: VenueHealthEnforcer force-restarting '{venue}_public_ws' {where}"
