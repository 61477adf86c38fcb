"""What one message, one book and one queue may hold is bounded; more than that is refused with its reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from connectors.clock import Clock
from connectors.io.event_queue import CAPACITY_BYTES, EventQueue
from connectors.runner.queue import CAPACITY_LEVELS, Delivery, Publisher
from connectors.session.book import MAX_LEVELS
from connectors.session.decoding import MAX_FRAMES
from connectors.session.events import BookFlaws, Close, EventSource, Fetch, FetchPurpose, Publish, Received
from connectors.session.snapshot_sync import BUFFERED_LEVELS, SnapshotSync
from connectors.venues import parsing
from connectors.venues.bounded_json import MAX_CONTAINERS, decode_json
from connectors.venues.frames import Book, BookDelta, BookSide, Frame, FrameLevel, Json, Trade
from connectors.venues.spec import RestCall
from tests.connectors.harness import Harness, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason


def levels(count: int, first: int = 1) -> list[FrameLevel]:
    return [FrameLevel(first + number, 1) for number in range(count)]


def many_trades(count: int) -> Harness:
    """Return a session whose venue yields this many trades for one message."""
    original = venue().decode

    def decode(message: Json) -> Iterator[Frame]:
        if message == "trades":
            return (Trade("trades", Decimal(1), Decimal(1), BookSide.BUY, str(number)) for number in range(count))
        return original(message)

    harness = Harness(venue(decode=decode)).go_live()
    return harness.receive('"trades"')


def test_a_message_with_too_many_trades_is_of_unknown_shape_and_a_busy_one_is_taken() -> None:
    assert len(many_trades(MAX_FRAMES).published) == MAX_FRAMES
    refused = many_trades(95_000)
    assert refused.published == []
    assert refused.notes("decode_miss")[0].fields["why"] == f"more than {MAX_FRAMES} frames in a message"


def test_a_text_with_too_many_containers_is_not_decoded() -> None:
    assert decode_json(json.dumps([[1]] * 10_000)) == [[1]] * 10_000
    for text in ("[" + "[]," * MAX_CONTAINERS + "1]", b'[{"a":1},' * MAX_CONTAINERS):
        with pytest.raises(ValueError, match="arrays and objects"):
            decode_json(text)


def test_a_side_with_too_many_levels_is_refused() -> None:
    rows = [["1", "1"]] * parsing.MAX_LEVELS
    assert len(parsing.levels(rows, 0, 1)) == parsing.MAX_LEVELS
    with pytest.raises(ValueError, match="levels"):
        parsing.levels([*rows, ["1", "1"]], 0, 1)


def test_a_venue_whose_deltas_make_the_book_too_large_is_left() -> None:
    harness = Harness(venue(), limits()).go_live(1)
    for number in range(2, 100):
        rows = [[str(number * 1_000 + at), "1"] for at in range(1_000)]
        harness.receive(json.dumps({"diff": [rows, []], "n": number, "prev": number - 1}))
        if harness.closed:
            break
    assert harness.closed is not None
    assert harness.closed.reason is Reason.DECODE_FAIL_LOOP and str(MAX_LEVELS) in harness.closed.detail
    assert number == MAX_LEVELS // 1_000 + 1
    assert not harness.all(Close)[1:] and not harness.last(Publish)


def test_deltas_that_wait_for_a_snapshot_are_bounded_by_their_levels() -> None:
    request = Fetch(1, FetchPurpose.SNAPSHOT, "http://a", RestCall("/book"), 1_000)
    sync = SnapshotSync(limits(), lambda: request, lambda: 0.0)
    for number in range(1, 200):
        list(sync.buffer(BookDelta("book", levels(1_000), (), number, number - 1)))
    assert len(sync) == BUFFERED_LEVELS // 1_000
    list(sync.buffer(BookDelta("book", (), (), 900, 899)))
    assert len(sync) == 1, "a gap begins a new chain"
    for number in range(901, 4_000):
        list(sync.buffer(BookDelta("book", (), (), number, number - 1)))
    assert len(sync) == limits().buffer


def test_a_queue_of_large_books_is_full_before_it_holds_many() -> None:
    publisher = Publisher(["fjord"])

    def offer(count: int) -> bool:
        book = Book("book", levels(count), ())
        return publisher.offer(Delivery("fjord", book, BookFlaws.NONE, EventSource.SOCKET, 0, 0))[0]

    held = CAPACITY_LEVELS // 10_000
    assert [offer(10_000) for _ in range(held + 2)] == [True] * held + [False] * 2
    assert publisher.is_full("fjord") and publisher.queue_length("fjord") == held
    publisher.drain()
    assert not publisher.is_full("fjord") and offer(10_000)


def test_a_reader_waits_while_the_queued_frames_hold_too_many_bytes() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        for _ in range(2):
            await asyncio.wait_for(queue.wait_for_space(), 1)
            queue.enqueue(Received(bytes(CAPACITY_BYTES // 2)))
        waiting = asyncio.create_task(queue.wait_for_space())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.dequeue()
        await asyncio.wait_for(waiting, 1)

    asyncio.run(test())


def test_a_full_book_of_usual_size_passes_all_limits() -> None:
    rows = [[str(100_000 + at), "1"] for at in range(5_000)]
    harness = Harness(venue()).open().receive(json.dumps({"topic": "book", "full": [rows, rows], "n": 1}))
    assert [type(each.event) for each in harness.published] == [Book]
    assert harness.receive(full(2)).published
