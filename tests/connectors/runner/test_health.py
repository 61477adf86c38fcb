"""The status of a venue, as recorded runs show it."""

from __future__ import annotations

import pytest

from connectors.runner.health import NEVER, Vital, event_age_ms, status, toxicity
from toolkit.model.vocabulary import VenueStatus

CATASTROPHIC_MS = 120_000


@pytest.mark.parametrize(
    ("vital", "fresh_ms", "expected", "toxic"),
    [
        (Vital(), 1_000, VenueStatus.DISABLED, 1.0),  # never a book
        (Vital(0, 68), 1_000, VenueStatus.HEALTHY, 0.0),
        (Vital(1_000, 1_200), 1_000, VenueStatus.HEALTHY, 0.0),  # the limit itself is fresh
        (Vital(1_001, 1_222), 1_000, VenueStatus.STALE, 0.0),
        (Vital(2_000, 2_272), 2_000, VenueStatus.HEALTHY, 0.0),
        (Vital(3_250, 3_420), 3_000, VenueStatus.STALE, 0.0),
        (Vital(1_499, 1_671, 1_250), 1_000, VenueStatus.DISABLED, 1.0),  # no depth stands before stale
        (Vital(504, 677, 504), 1_000, VenueStatus.DISABLED, 1.0),
        (Vital(500, 677, 500), 1_000, VenueStatus.HEALTHY, 0.0),  # half a second without depth is borne
        (Vital(119_000, 120_000), 1_000, VenueStatus.STALE, 0.0),
        (Vital(119_900, 120_001), 1_000, VenueStatus.DISABLED, 1.0),  # an outage ends as disabled
        (Vital(200_000, NEVER), 1_000, VenueStatus.STALE, 0.0),  # without event times there is nothing to tell by
    ],
)
def test_a_venue_has_the_status_that_recorded_runs_show(
    vital: Vital, fresh_ms: int, expected: VenueStatus, toxic: float
) -> None:
    assert status(vital, fresh_ms, CATASTROPHIC_MS) is expected
    assert toxicity(vital, CATASTROPHIC_MS) == toxic


@pytest.mark.parametrize(("event", "age"), [(None, NEVER), (900, 100), (1_000, 0), (6_000, 0)])
def test_a_clock_that_is_ahead_gives_no_negative_age(event: int | None, age: int) -> None:
    assert event_age_ms(1_000, event) == age
