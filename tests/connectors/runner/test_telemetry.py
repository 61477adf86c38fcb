"""Telemetry records and the market state that they show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runner.market_state import MarketView
from connectors.runner.telemetry import FUNDING_STALE_MS, Tick, TickTiming, VenueSnapshot, encode_tick
from connectors.runner.tick import CoalesceSettings, coalesce
from connectors.session.events import EventSource
from connectors.venues.frames import Book, FrameLevel, Funding, MarketFrame
from tests.connectors.runner.market_events import (
    CATASTROPHIC_MS,
    FRESH_MS,
    NOW_MS,
    SIDES,
    TRADE,
    UNIX_MS,
    D,
    book,
    delivery,
    delta,
)
from toolkit.telemetry.contract.check import FileCheck

TIMING = TickTiming(20, 90, 100)


def snapshot(*events: MarketFrame, at_ms: int = NOW_MS, venue: str = "aster", later_ms: int = 0) -> VenueSnapshot:
    """Apply events to a venue at one tick; return its snapshot `later_ms` after."""
    view = MarketView(venue)
    if events:
        view.apply([delivery(event, venue) for event in events], at_ms)
    return VenueSnapshot.at(view, at_ms + later_ms, UNIX_MS + later_ms, FRESH_MS, CATASTROPHIC_MS)


def tick(*snapshots: VenueSnapshot, t: int = 0, later_ms: int = 0, rx_stats: Any = None) -> Tick:
    return Tick(t, UNIX_MS + later_ms, "toolkit-0", snapshots, TIMING, rx_stats, {"simulated": True})


def record(*snapshots: VenueSnapshot, **options: Any) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(encode_tick(tick(*snapshots, **options)))
    return fields


def test_mid_spread_depth_and_ages_are_those_of_the_applied_book() -> None:
    fields = record(snapshot(book("100", "101")), snapshot(venue="lighter"))
    assert fields["venue_mid_usd"] == [100.5, 0.0]
    assert fields["venue_spread_usd"] == [1.0, 0.0]
    assert fields["venue_depth_near_mid_usd"] == [503.0, 0.0]
    assert fields["venue_age_ms"] == [0, -1]
    assert fields["venue_age_event_ms"] == [40, -1]
    assert fields["venue_status"] == ["Healthy", "Disabled"]
    assert fields["healthy_venues_used"] == [0]
    assert (fields["fv_available"], fields["fair_value"]) == (True, 100.5)


def test_an_empty_side_keeps_the_mid_has_no_depth_and_disables_the_venue_after_half_a_second() -> None:
    one_sided = Book("book", [FrameLevel(100, 2)], [], 2)
    now, later = (record(snapshot(book(), one_sided, later_ms=ms), later_ms=ms) for ms in (0, 501))
    assert now["venue_mid_usd"] == [0.0]
    view = MarketView("aster")
    view.apply([delivery(book())], NOW_MS)
    view.apply([delivery(one_sided)], NOW_MS + 250)
    statuses = []
    for ms in (250, 751):
        later_snapshot = VenueSnapshot.at(view, NOW_MS + ms, UNIX_MS + ms, FRESH_MS, CATASTROPHIC_MS)
        statuses.append(
            (float(view.mid), float(view.depth), str(later_snapshot.status), later_snapshot.ages.apply_age_ms)
        )
    assert statuses == [(100.5, 0.0, "Healthy", 250), (100.5, 0.0, "Disabled", 751)]
    assert later["venue_status"] == ["Disabled"]


def test_a_book_without_a_venue_time_is_aged_by_its_arrival() -> None:
    venue = snapshot(book(exchange_ms=None))
    assert (venue.ages.event_age_ms, venue.view.event_dated) == (7, False)


def test_a_venue_clock_ahead_of_ours_gives_age_zero() -> None:
    assert snapshot(book(exchange_ms=UNIX_MS + 5_000)).ages.event_age_ms == 0


@pytest.mark.parametrize(
    ("interval_s", "expected"),
    [(28_800, 0.0001), (3_600, 0.0008), (None, 0.0001)],
)
def test_a_funding_rate_is_converted_to_eight_hours(interval_s: int | None, expected: float) -> None:
    fields = record(snapshot(book(), Funding("funding", D("0.0001"), interval_s)))
    assert fields["venue_funding_rate_8h"] == [expected]
    assert fields["venue_funding_status"] == ["Healthy"]
    assert fields["venue_funding_age_ms"] == [7]


def test_an_old_funding_rate_is_stale() -> None:
    fields = record(snapshot(Funding("funding", D("0.0001")), later_ms=FUNDING_STALE_MS), later_ms=FUNDING_STALE_MS)
    assert fields["venue_funding_status"] == ["Stale"]


def test_injected_books_are_counted_and_their_source_is_injected() -> None:
    view = MarketView("aster")
    view.apply([delivery(book(), source=EventSource.INJECTED)], NOW_MS)
    assert (view.injected, view.source) == (1, EventSource.INJECTED)


EVENTS = st.one_of(
    st.builds(book, st.sampled_from(["90", "100.5"]), st.sampled_from(["99.5", "101", "120"]), st.integers(0, 9)),
    st.builds(delta, st.integers(1, 9), SIDES, SIDES),
    st.builds(Funding, st.just("f"), st.decimals(-1, 1, places=6), st.none() | st.integers(0, 30_000)),
    st.just(TRADE),
)


@given(st.lists(st.tuples(st.integers(1, 5_000), st.lists(EVENTS, max_size=4)), min_size=1, max_size=12))
def test_every_record_conforms_to_the_contract_for_any_events(steps: list[tuple[int, list[MarketFrame]]]) -> None:
    view, quiet, check, at_ms = MarketView("aster"), MarketView("lighter"), FileCheck("telemetry.jsonl"), 0
    for number, (gap_ms, events) in enumerate(steps):
        at_ms += gap_ms
        coalesced, stats = coalesce([delivery(event) for event in events], CoalesceSettings())
        view.apply(coalesced, at_ms)
        snapshots = [
            VenueSnapshot.at(each, at_ms, UNIX_MS + at_ms, FRESH_MS, CATASTROPHIC_MS) for each in (view, quiet)
        ]
        check.check_line(
            number + 1, encode_tick(tick(*snapshots, t=number, later_ms=at_ms, rx_stats=stats)).rstrip(b"\n")
        )
    assert check.report().violations == ()


def test_keys_are_sorted_and_numbers_are_valid_json() -> None:
    text = encode_tick(tick(snapshot(book()))).decode()
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert text.endswith("}\n") and "NaN" not in text and "Infinity" not in text
