"""Nothing of a book is lost, memory stays bounded, and pressure is counted by venue and in total."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.runner.queue import Delivery, Pressure, Publisher
from connectors.session.events import BookFlaws, EventSource, Note
from connectors.venues.frames import Book, BookDelta, BookSide, Funding, MarketFrame, Trade

KINDS: dict[str, type[MarketFrame]] = {"book": Book, "delta": BookDelta, "trade": Trade, "funding": Funding}


def delivery(kind: str, number: int, venue: str = "fjord") -> Delivery:
    events: dict[str, MarketFrame] = {
        "book": Book("b", (), (), number),
        "delta": BookDelta("b", (), (), number, number - 1),
        "trade": Trade("t", Decimal(1), Decimal(1), BookSide.BUY, str(number)),
        "funding": Funding("f", Decimal(number)),
    }
    return Delivery(venue, events[kind], BookFlaws.NONE, EventSource.SOCKET, number, number)


def test_events_come_out_in_the_order_they_went_in() -> None:
    publisher = Publisher(["fjord"])
    sent = [delivery(kind, n) for n, kind in enumerate(["book", "delta", "trade", "funding", "delta"])]
    assert all(publisher.offer(one) == (True, []) for one in sent)
    assert publisher.drain() == sent
    assert publisher.drain() == []


def test_a_full_queue_refuses_a_book_once_counted_and_takes_it_when_there_is_space() -> None:
    publisher = Publisher(["fjord"], capacity=2)
    for n in range(2):
        publisher.offer(delivery("delta", n))
    late = delivery("delta", 2)
    assert publisher.offer(late) == (
        False, [Note("pressure", {"name": "mp_lossless_wait_count", "count": 1, "total": 1})],
    )  # fmt: skip
    assert publisher.offer(late, retry=True) == (False, [])
    publisher.drain()
    assert publisher.offer(late, retry=True) == (True, [])
    assert publisher.counts["fjord", Pressure.LOSSLESS_WAIT] == 1


def test_of_the_rest_the_newest_of_each_kind_waits_beside_a_full_queue() -> None:
    publisher = Publisher(["fjord"], capacity=1)
    publisher.offer(delivery("book", 0))
    for n in range(1, 4):
        publisher.offer(delivery("trade", n))
    publisher.offer(delivery("funding", 9))
    assert publisher.drain() == [delivery("book", 0), delivery("trade", 3), delivery("funding", 9)]
    assert publisher.totals == {Pressure.TRY_SEND_FULL: 4, Pressure.PENDING_REPLACED: 2}


def test_a_venue_under_pressure_leaves_the_others_alone() -> None:
    publisher = Publisher(["fjord", "sound"], capacity=1)
    publisher.offer(delivery("book", 0))
    publisher.offer(delivery("book", 1))
    assert publisher.offer(delivery("book", 0, "sound"))[0]
    assert publisher.offer(delivery("book", 1, "sound"))[1][0].fields == {
        "name": "mp_lossless_wait_count", "count": 1, "total": 2,
    }  # fmt: skip


OFFERS = st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(["fjord", "sound"]))


@given(st.lists(st.one_of(st.just("drain"), OFFERS)), st.integers(1, 5))
def test_whatever_the_load_books_keep_order_and_number_and_every_loss_is_counted(
    steps: list[str | tuple[str, str]], capacity: int
) -> None:
    publisher = Publisher(["fjord", "sound"], capacity)
    taken: list[Delivery] = []
    offered: Counter[str] = Counter()
    books: dict[str, list[Delivery]] = {"fjord": [], "sound": []}
    for number, step in enumerate(steps):
        if isinstance(step, str):
            taken += publisher.drain()
            continue
        kind, venue = step
        one = delivery(kind, number, venue)
        if not one.lossless:
            offered["rest"] += 1
        if not publisher.offer(one)[0]:
            taken += publisher.drain()
            assert publisher.offer(one, retry=True) == (True, [])
        if one.lossless:
            books[venue].append(one)
        assert len(publisher) <= 2 * (capacity + 2)
    taken += publisher.drain()
    for venue, sent in books.items():
        assert [one for one in taken if one.venue == venue and one.lossless] == sent
    lost = publisher.totals[Pressure.PENDING_REPLACED]
    assert sum(not one.lossless for one in taken) == offered["rest"] - lost
