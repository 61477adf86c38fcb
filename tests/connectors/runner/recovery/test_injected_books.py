"""An injected book shows its price and changes neither the ages nor the socket's book."""

from __future__ import annotations

from decimal import Decimal

from connectors.runner.market_state import MarketView
from connectors.runner.queue import Delivery
from connectors.runner.telemetry import VenueSnapshot
from connectors.runner.tick import CoalesceSettings, coalesce
from connectors.session.events import EventSource
from connectors.venues.frames import Book, BookDelta
from tests.connectors.runner.market_events import CATASTROPHIC_MS, FRESH_MS, NOW_MS, UNIX_MS, book, delivery, delta
from toolkit.model.vocabulary import VenueStatus


def injected(bid: str, ask: str) -> Delivery:
    return delivery(book(bid, ask, seq=900), source=EventSource.INJECTED)


def view_after(*ticks: list[Delivery]) -> MarketView:
    """Return the view after ticks that are one second apart and drain these deliveries."""
    view = MarketView("aster")
    for number, deliveries in enumerate(ticks):
        view.apply(coalesce(deliveries, CoalesceSettings())[0], NOW_MS + number * 1_000)
    return view


def test_an_injected_book_shows_its_price_and_leaves_the_ages_as_they_are() -> None:
    view = view_after([delivery(book("100", "101"))], [], [injected("110", "111")])
    shown = VenueSnapshot.at(view, NOW_MS + 2_100, UNIX_MS + 2_100, FRESH_MS, CATASTROPHIC_MS)
    assert (view.mid, view.source, view.injected) == (Decimal("110.5"), EventSource.INJECTED, 1)
    assert (shown.ages.apply_age_ms, shown.ages.event_age_ms, shown.injected_age_ms) == (2_100, 2_140, 100)
    assert shown.status is VenueStatus.STALE


def test_a_venue_with_injected_books_alone_has_no_age() -> None:
    view = view_after([injected("110", "111")])
    shown = VenueSnapshot.at(view, NOW_MS, UNIX_MS, FRESH_MS, CATASTROPHIC_MS)
    assert (shown.ages.apply_age_ms, shown.ages.event_age_ms, shown.status) == (-1, -1, VenueStatus.DISABLED)


def test_deltas_after_an_injected_book_continue_the_socket_s_book() -> None:
    view = view_after([delivery(book("100", "101", seq=1))], [injected("110", "111")], [delivery(delta(2, [(99, 5)]))])
    assert (view.mid, view.source) == (Decimal("100.5"), EventSource.SOCKET)
    assert [level[0] for level in view.book.depth()[0]] == [100, 99]


def test_an_injected_book_between_deltas_of_one_tick_neither_cuts_nor_covers_them() -> None:
    first, second = delivery(delta(2, [(100, 7)])), delivery(delta(3, [(99, 5)]))
    coalesced, stats = coalesce([first, injected("110", "111"), second], CoalesceSettings())
    assert [type(each.event) for each in coalesced] == [Book, BookDelta]
    assert (stats.l2_snapshot, stats.l2_delta, stats.out_l2_delta) == (1, 2, 1)
    view = view_after([delivery(book("100", "101", seq=1))], [first, injected("110", "111"), second])
    assert (view.mid, view.source, view.injected) == (Decimal("100.5"), EventSource.SOCKET, 1)
    assert view.book.depth()[0] == ((100, 7), (99, 5))
