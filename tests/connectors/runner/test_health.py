"""Status of a venue: the same as in recorded runs."""

from __future__ import annotations

import pytest

from connectors.runner.health import NEVER, VenueAges, event_age_ms, status, toxicity
from toolkit.model.vocabulary import VenueStatus

CATASTROPHIC_MS = 120_000


@pytest.mark.parametrize(
    ("ages", "fresh_ms", "expected", "toxic"),
    [
        (VenueAges(), 1_000, VenueStatus.DISABLED, 1.0),  # never a book
        (VenueAges(0, 68), 1_000, VenueStatus.HEALTHY, 0.0),
        (VenueAges(1_000, 1_200), 1_000, VenueStatus.HEALTHY, 0.0),  # the limit itself is fresh
        (VenueAges(1_001, 1_222), 1_000, VenueStatus.STALE, 0.0),
        (VenueAges(2_000, 2_272), 2_000, VenueStatus.HEALTHY, 0.0),
        (VenueAges(3_250, 3_420), 3_000, VenueStatus.STALE, 0.0),
        (VenueAges(1_499, 1_671, 1_250), 1_000, VenueStatus.DISABLED, 1.0),  # missing depth is tested before staleness
        (VenueAges(504, 677, 504), 1_000, VenueStatus.DISABLED, 1.0),
        (VenueAges(500, 677, 500), 1_000, VenueStatus.HEALTHY, 0.0),  # half a second without depth is tolerated
        (VenueAges(119_000, 120_000), 1_000, VenueStatus.STALE, 0.0),
        (VenueAges(119_900, 120_001), 1_000, VenueStatus.DISABLED, 1.0),  # an outage ends as disabled
        (
            VenueAges(200_000, NEVER),
            1_000,
            VenueStatus.STALE,
            0.0,
        ),  # without event times there is no event age to judge
    ],
)
def test_a_venue_has_the_status_of_recorded_runs(
    ages: VenueAges, fresh_ms: int, expected: VenueStatus, toxic: float
) -> None:
    assert status(ages, fresh_ms, CATASTROPHIC_MS) is expected
    assert toxicity(ages, CATASTROPHIC_MS) == toxic


@pytest.mark.parametrize(("event", "age"), [(None, NEVER), (900, 100), (1_000, 0), (6_000, 0)])
def test_a_venue_clock_ahead_of_ours_gives_age_zero(event: int | None, age: int) -> None:
    assert event_age_ms(1_000, event) == age
