"""How well a venue is, from what the runner has of it at a tick.

    Disabled   never a book; or no two-sided book for more than half a second; or the venue's own clock far behind
    Stale      the last book that was applied is older than the venue's limit
    Healthy    else

Disabled stands before Stale, so that a venue that stays away ends as Disabled. Warning, which the vocabulary knows, is
a verdict on orders; a connector that places none never gives it.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.vocabulary import VenueStatus

NEVER = -1
"""The age of what never was."""

NO_DEPTH_MS = 500
TOXIC, SANE = 1.0, 0.0


@dataclass(frozen=True, slots=True)
class VenueAges:
    """A venue at a tick; ages in ms, `NEVER` where there was nothing.

    `apply_age_ms` is the time since a book with a mid was applied, `event_age_ms` the age of that book by the venue's
    own clock, `no_depth_ms` how long there has been no two-sided book (0: there is one).
    """

    apply_age_ms: int = NEVER
    event_age_ms: int = NEVER
    no_depth_ms: int = 0


def toxicity(ages: VenueAges, catastrophic_ms: int) -> float:
    """1 for a venue that cannot be traded on at all, else 0."""
    gone = ages.apply_age_ms == NEVER or ages.no_depth_ms > NO_DEPTH_MS or ages.event_age_ms > catastrophic_ms
    return TOXIC if gone else SANE


def status(ages: VenueAges, fresh_ms: int, catastrophic_ms: int) -> VenueStatus:
    """The status; `fresh_ms` is the greatest apply age of a healthy venue, `catastrophic_ms` of a living one."""
    if toxicity(ages, catastrophic_ms) == TOXIC:
        return VenueStatus.DISABLED
    return VenueStatus.HEALTHY if ages.apply_age_ms <= fresh_ms else VenueStatus.STALE


def event_age_ms(now_unix_ms: int, event_unix_ms: int | None) -> int:
    """The age of an event by the venue's clock; a clock ahead of ours gives 0, a missing time `NEVER`."""
    return NEVER if event_unix_ms is None else max(0, now_unix_ms - event_unix_ms)
