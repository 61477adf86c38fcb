"""Status of a venue at a tick, from the ages of its market data.

    Disabled   no book yet; or no two-sided book for more than half a second; or the event age above its limit
    Stale      the last applied book is older than the venue's limit
    Healthy    otherwise

Disabled is tested before Stale, so that a venue that stays silent ends as Disabled. The status Warning of the
vocabulary rates orders; these connectors place none and never report it.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.vocabulary import VenueStatus

NEVER = -1
"""The age of a book that never came."""

MAX_NO_DEPTH_MS = 500
TOXIC, NOT_TOXIC = 1.0, 0.0


@dataclass(frozen=True, slots=True)
class VenueAges:
    """Ages of a venue's market data at a tick, in ms; `NEVER` if there was no such data.

    `apply_age_ms` is the time since a book with a mid was applied, `event_age_ms` the age of that book by the venue's
    own clock, `no_depth_ms` the time without a two-sided book (0: there is one).
    """

    apply_age_ms: int = NEVER
    event_age_ms: int = NEVER
    no_depth_ms: int = 0


def toxicity(ages: VenueAges, catastrophic_ms: int) -> float:
    """Return 1.0 for a venue that cannot be traded on at all, else 0.0; `catastrophic_ms` limits the event age."""
    toxic = ages.apply_age_ms == NEVER or ages.no_depth_ms > MAX_NO_DEPTH_MS or ages.event_age_ms > catastrophic_ms
    return TOXIC if toxic else NOT_TOXIC


def status(ages: VenueAges, fresh_ms: int, catastrophic_ms: int) -> VenueStatus:
    """Return the status of a venue.

    `fresh_ms` is the largest apply age of a healthy venue, `catastrophic_ms` the largest event age of one that is not
    disabled.
    """
    if toxicity(ages, catastrophic_ms) == TOXIC:
        return VenueStatus.DISABLED
    return VenueStatus.HEALTHY if ages.apply_age_ms <= fresh_ms else VenueStatus.STALE


def event_age_ms(now_unix_ms: int, event_unix_ms: int | None) -> int:
    """Return the age of an event in ms by the venue's clock; `NEVER` without a time.

    If the venue's clock is ahead of ours, the age is 0.
    """
    return NEVER if event_unix_ms is None else max(0, now_unix_ms - event_unix_ms)
