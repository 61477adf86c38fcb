"""Times of the ticks, and coalescing of the events that a tick drains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.runner.queue import Delivery
from connectors.runner.tick import CoalesceSettings, TickTimer, coalesce
from connectors.session.book import OrderBook
from connectors.venues.frames import Book, BookDelta, MarketFrame
from tests.connectors.runner.market_events import (
    SIDES,
    TRADE,
    D,
    book,
    delivery,
    delta,
)


def ticks(events: Sequence[int], until_ms: int) -> list[int]:
    """Return the times of the ticks of a runner that is never late, for events at the given times."""
    timer, times, pending = TickTimer(0, 250, 100), [], sorted(events)
    while True:
        if pending and pending[0] <= timer.due_ms:
            timer.data_arrived(pending.pop(0))
            continue
        if timer.due_ms > until_ms:
            return times
        times.append(timer.due_ms)
        timer.start_tick(timer.due_ms)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], [0, 250, 500, 750]),
        ([1, 2, 3, 120, 200], [0, 250, 500, 750]),
        ([100], [0, 100, 350, 600]),
        ([180, 185], [0, 180, 430, 680]),
        ([99], [0, 250, 500, 750]),
        ([99, 240, 380], [0, 250, 380, 630]),
    ],
    ids=["timer", "early events", "at the minimum", "after the minimum", "below the minimum", "early event first"],
)
def test_a_tick_is_due_by_the_timer_or_at_a_first_event_after_the_minimum_interval(
    events: list[int], expected: list[int]
) -> None:
    assert ticks(events, 750) == expected


@given(st.lists(st.integers(0, 3_000), max_size=60))
def test_the_time_between_ticks_is_between_the_minimum_and_the_timer_interval(events: list[int]) -> None:
    times = ticks(events, 3_000)
    gaps = [after - before for before, after in pairwise(times)]
    assert all(100 <= gap <= 250 for gap in gaps)


def test_missed_intervals_are_not_made_up_for() -> None:
    timer = TickTimer(0, 250, 100)
    timer.start_tick(0)
    timer.start_tick(260)
    assert timer.due_ms == 500
    timer.start_tick(1_200)
    assert timer.due_ms == 1_450


def test_a_full_queue_is_emptied_at_the_minimum_interval_and_brings_no_tick_forward() -> None:
    timer = TickTimer(0, 250, 100)
    timer.start_tick(0)
    emptied_ms = []
    for now_ms in range(1, 250):
        timer.queues_full()
        if timer.empties_queues(now_ms):
            emptied_ms.append(now_ms)
    assert (emptied_ms, timer.due_ms) == ([100, 200], 250)
    timer.start_tick(250)
    assert timer.wake_ms == 500


@st.composite
def batches(draw: st.DrawFn) -> list[Delivery]:
    """Draw events of two venues as a publisher returns them: those of a venue adjacent and in order."""
    deliveries = []
    for venue in draw(st.lists(st.sampled_from(["aster", "lighter"]), unique=True, max_size=2)):
        for seq in range(draw(st.integers(0, 12))):
            event = draw(st.sampled_from(["book", "delta", "delta", "delta", "trade"]))
            bids, asks = draw(SIDES), draw(SIDES)
            delta_event = delta(seq, bids, asks)
            book_event = Book("book", delta_event.bids, delta_event.asks, seq)
            deliveries.append(delivery({"book": book_event, "delta": delta_event, "trade": TRADE}[event], venue))
    return deliveries


COALESCE_SETTINGS = st.builds(CoalesceSettings, st.booleans(), st.booleans(), st.none() | st.integers(0, 5))


def books_after(deliveries: Iterable[Delivery]) -> dict[str, OrderBook]:
    books: dict[str, OrderBook] = {}
    for each in deliveries:
        order_book = books.setdefault(each.venue, OrderBook())
        if isinstance(each.event, Book):
            order_book.replace(each.event)
        elif isinstance(each.event, BookDelta):
            order_book.apply(each.event)
    return books


@given(batches(), COALESCE_SETTINGS)
def test_coalescing_does_not_change_the_resulting_book(deliveries: list[Delivery], settings: CoalesceSettings) -> None:
    coalesced, _ = coalesce(deliveries, settings)
    expected, actual = books_after(deliveries), books_after(coalesced)
    assert {name: (each.depth(), each.seq) for name, each in actual.items()} == {
        name: (each.depth(), each.seq) for name, each in expected.items()
    }


@given(batches(), COALESCE_SETTINGS)
def test_every_event_is_counted_before_and_after_coalescing(
    deliveries: list[Delivery], settings: CoalesceSettings
) -> None:
    coalesced, stats = coalesce(deliveries, settings)
    assert stats.drained == len(deliveries) == stats.l2_delta + stats.l2_snapshot + stats.trade + stats.funding_update
    assert stats.out_market == len(coalesced)
    assert stats.out_trade == stats.trade
    deltas = {
        name: sum(isinstance(each.event, BookDelta) for each in deliveries if each.venue == name)
        for name in ("aster", "lighter")
    }
    assert stats.cap_hits == sum(
        settings.max_deltas is not None and count > settings.max_deltas for count in deltas.values()
    )


@pytest.mark.parametrize(
    ("settings", "out", "hits"),
    [
        (CoalesceSettings(), (1, 1), 0),
        (CoalesceSettings(deltas=False), (1, 3), 0),
        (CoalesceSettings(books=False), (2, 2), 0),
        (CoalesceSettings(books=False, deltas=False), (2, 4), 0),
        (CoalesceSettings(max_deltas=2), (1, 2), 1),
        (CoalesceSettings(max_deltas=0), (1, 3), 1),
    ],
)
def test_older_books_are_dropped_and_deltas_merged_up_to_the_limit(
    settings: CoalesceSettings, out: tuple[int, int], hits: int
) -> None:
    events: list[MarketFrame] = [delta(1), book(seq=2), delta(3, [(100, 5)]), delta(4, [(100, 6)]), delta(5)]
    deliveries = [delivery(event) for event in [book(seq=0), *events]]
    coalesced, stats = coalesce(deliveries, settings)
    assert (stats.out_l2_snapshot, stats.out_l2_delta, stats.cap_hits) == (*out, hits)
    assert books_after(coalesced)["aster"].top()[0] == (D(100), D(6))
