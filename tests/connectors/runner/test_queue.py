"""No book update is lost, memory stays bounded, and queue pressure is counted per venue and in total."""

from __future__ import annotations

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


def test_events_are_drained_in_the_order_of_arrival() -> None:
    publisher = Publisher(["fjord"])
    sent = [delivery(kind, n) for n, kind in enumerate(["book", "delta", "trade", "funding", "delta"])]
    assert all(publisher.offer(each) == (True, ()) for each in sent)
    assert publisher.drain() == sent
    assert publisher.drain() == []


def test_a_full_queue_refuses_a_book_counts_that_once_and_accepts_it_when_there_is_space() -> None:
    publisher = Publisher(["fjord"], capacity=2)
    for n in range(2):
        publisher.offer(delivery("delta", n))
    refused = delivery("delta", 2)
    assert publisher.offer(refused) == (
        False, [Note("pressure", {"name": "mp_lossless_wait_count", "count": 1, "total": 1})],
    )  # fmt: skip
    assert publisher.offer(refused, retry=True) == (False, ())
    publisher.drain()
    assert publisher.offer(refused, retry=True) == (True, ())
    assert publisher.counts["fjord", Pressure.LOSSLESS_WAIT] == 1


def test_a_full_queue_keeps_the_newest_trade_and_funding_rate_as_pending() -> None:
    publisher = Publisher(["fjord"], capacity=1)
    publisher.offer(delivery("book", 0))
    for n in range(1, 4):
        publisher.offer(delivery("trade", n))
    publisher.offer(delivery("funding", 9))
    assert publisher.drain() == [delivery("book", 0), delivery("trade", 3), delivery("funding", 9)]
    assert publisher.totals == {Pressure.TRY_SEND_FULL: 4, Pressure.PENDING_REPLACED: 2}


def test_a_full_queue_that_was_set_aside_takes_events_again_and_comes_first() -> None:
    publisher = Publisher(["fjord", "sound"], capacity=2)
    sent = [delivery("delta", n) for n in range(4)]
    for each in sent[:2]:
        publisher.offer(each)
    publisher.offer(delivery("trade", 7))
    publisher.offer(delivery("book", 9, "sound"))
    publisher.set_aside_full()
    assert [publisher.offer(each) for each in sent[2:]] == [(True, ()), (True, ())]
    assert len(publisher) == 6
    expected = [*sent[:2], delivery("trade", 7), *sent[2:], delivery("book", 9, "sound")]
    assert publisher.drain() == expected
    assert publisher.drain() == []


def test_a_full_queue_of_one_venue_does_not_affect_another() -> None:
    publisher = Publisher(["fjord", "sound"], capacity=1)
    publisher.offer(delivery("book", 0))
    publisher.offer(delivery("book", 1))
    assert publisher.offer(delivery("book", 0, "sound"))[0]
    assert publisher.offer(delivery("book", 1, "sound"))[1][0].fields == {
        "name": "mp_lossless_wait_count", "count": 1, "total": 2,
    }  # fmt: skip


OFFERS = st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(["fjord", "sound"]))


@given(st.lists(st.one_of(st.sampled_from(["drain", "set aside"]), OFFERS)), st.integers(1, 5))
def test_under_any_load_all_books_arrive_in_order_and_every_lost_event_is_counted(
    steps: list[str | tuple[str, str]], capacity: int
) -> None:
    publisher = Publisher(["fjord", "sound"], capacity)
    drained: list[Delivery] = []
    lossy_offered = 0
    books: dict[str, list[Delivery]] = {"fjord": [], "sound": []}
    for number, step in enumerate(steps):
        if isinstance(step, str):
            publisher.set_aside_full()
            drained += publisher.drain() if step == "drain" else []
            continue
        kind, venue = step
        offered = delivery(kind, number, venue)
        if not offered.lossless:
            lossy_offered += 1
        if not publisher.offer(offered)[0]:
            drained += publisher.drain()
            assert publisher.offer(offered, retry=True) == (True, ())
        if offered.lossless:
            books[venue].append(offered)
        assert all(publisher.queue_length(each) <= capacity for each in ("fjord", "sound"))
    drained += publisher.drain()
    for venue, sent in books.items():
        assert [each for each in drained if each.venue == venue and each.lossless] == sent
    lost = publisher.totals[Pressure.PENDING_REPLACED]
    assert sum(not each.lossless for each in drained) == lossy_offered - lost
