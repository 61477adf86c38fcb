"""A book that broke is made whole again in the venue's way, and until then nothing of it is published."""

from __future__ import annotations

import pytest

from connectors.session.book import OrderBook
from connectors.session.events import (
    BookFlaws,
    Close,
    EventSource,
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Opened,
    Ping,
    Publish,
    Send,
    Silence,
    SocketClosed,
    Started,
    TimePassed,
)
from connectors.venues.frames import Book
from connectors.venues.spec import Recovery, Topic
from tests.connectors.bench import Bench, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

GAP, MISMATCH = diff(12, 11), diff(12, 9)
broken = pytest.mark.parametrize(
    ("frame", "reason"), [(GAP, Reason.SEQ_GAP), (MISMATCH, Reason.SEQ_MISMATCH)], ids=["gap", "mismatch"]
)


def bids(publish: Publish) -> list[tuple[str, str]]:
    return [(str(price), str(size)) for price, size in publish.event.bids]  # type: ignore[union-attr]


@broken
def test_a_broken_book_ends_a_session_that_can_only_reconnect(frame: str, reason: Reason) -> None:
    bench = Bench(venue(Recovery.RECONNECT)).live().say(frame)
    closed = bench.closed
    assert closed is not None
    assert (closed.reason, closed.topic) == (reason, "book")
    assert bench.published == []


@broken
def test_a_broken_book_is_subscribed_anew_on_the_same_socket(frame: str, reason: Reason) -> None:
    bench = Bench(venue()).live().say(frame)
    assert [act.text for act in bench.all(Send)] == ["-book", "+book"]
    (note,) = bench.notes("resync")
    assert (note.fields["reason"], note.fields["count"]) == (reason.value, 1)
    assert bench.say(diff(13, 12), diff(14, 13)).published == []
    assert len(bench.say(full(20), diff(21)).published) == 2
    assert bench.every(Close) == []


def test_resyncs_are_no_reconnects_and_too_many_in_a_minute_become_one() -> None:
    bench = Bench(venue(), limits(resyncs=3)).live()
    for n in range(20, 50, 10):
        bench.say(diff(n, n - 1), full(n))
        assert bench.closed is None
    closed = bench.say(diff(90, 89)).closed
    assert closed is not None
    assert closed.reason is Reason.SEQ_GAP
    assert bench.machine.counters.counts["resync.seq_gap"] == 3
    assert bench.machine.counters.counts["reconnect.seq_gap"] == 1


@pytest.mark.parametrize("old", [diff(10), diff(9), diff(3)])
def test_a_delta_that_is_in_the_book_already_is_counted_and_changes_nothing(old: str) -> None:
    bench = Bench(venue()).live().say(old)
    assert bench.published == []
    assert bench.machine.counters.counts["stale_frame"] == 1
    assert len(bench.say(diff(11)).published) == 1


def test_a_delta_before_any_book_is_counted_and_not_published() -> None:
    bench = Bench(venue()).open().say(diff(5))
    assert bench.published == []
    assert bench.machine.counters.counts["early_frame"] == 1


@pytest.mark.parametrize(("monotone", "taken"), [(True, ["99"]), (False, ["99", "97"])])
def test_an_older_whole_book_is_dropped_where_numbers_only_grow(monotone: bool, taken: list[str]) -> None:
    bench = Bench(venue(), options={"monotone": monotone}).live().say(full(12, bid="99"), full(11, bid="97"))
    assert [str(publish.event.bids[0][0]) for publish in bench.published] == taken


def test_every_book_is_published_with_what_is_wrong_with_its_top() -> None:
    bench = Bench(venue()).live().say(
        full(1, bid="102"), full(2, bid="101"), '{"topic": "book", "full": [[], [["1", "1"]]]}',
        '{"topic": "book", "full": [[], []]}', full(3),
    )  # fmt: skip
    assert [publish.flaws for publish in bench.published] == [
        BookFlaws.CROSSED, BookFlaws.LOCKED, BookFlaws.ONE_SIDED, BookFlaws.EMPTY, BookFlaws.NONE,
    ]  # fmt: skip


def test_a_first_top_waits_for_two_sides() -> None:
    bench = Bench(venue()).open().say('{"topic": "book", "full": [[], [["1", "1"]]]}')
    assert [len(bench.notes(kind)) for kind in ("first_book", "first_top")] == [1, 0]
    assert bench.say(full(2)).notes("first_top")[0].fields == {
        "bid_px": "100", "bid_sz": "1", "ask_px": "101", "ask_sz": "1",
    }  # fmt: skip


# --- the bridge -------------------------------------------------------------------------------------------------------


def bridge(**more: int) -> Bench:
    return Bench(venue(Recovery.REST), limits(**more)).open()


@pytest.mark.parametrize("begin", ['{"ack": "book"}', diff(11)], ids=["acknowledged", "first delta"])
def test_a_snapshot_is_asked_for_once_as_soon_as_the_stream_has_begun(begin: str) -> None:
    bench = Bench(venue(Recovery.REST)).give(Started(), Opened())
    assert bench.every(Fetch) == []
    bench.say(begin, begin, diff(11), diff(12))
    assert [fetch.purpose for fetch in bench.every(Fetch)] == [FetchPurpose.SNAPSHOT]


def test_a_stream_that_its_url_subscribes_has_begun_with_the_connection() -> None:
    streams = {"topics": lambda target: (Topic("book"),)}
    bench = Bench(venue(Recovery.REST, **streams)).give(Started(), Opened())
    assert [fetch.purpose for fetch in bench.every(Fetch)] == [FetchPurpose.SNAPSHOT]


def test_nothing_is_published_before_the_bridge() -> None:
    bench = bridge().say(diff(11, bid="100"), diff(12, bid="99"))
    assert bench.published == []
    bench.answer(body(11, bid="98"))
    (publish,) = bench.published
    assert publish.source is EventSource.BRIDGE
    assert bids(publish) == [("100", "2"), ("99", "2"), ("98", "1")]
    assert publish.event.seq == 12
    assert len(bench.say(diff(13)).published) == 1


@pytest.mark.parametrize(
    ("snapshot", "deltas", "live"),
    [
        (10, [diff(11)], True),  # the first delta follows it directly
        (11, [diff(11)], True),  # it is the state after the first delta
        (12, [diff(14, 10, first=11)], True),  # it lies inside the first delta
        (13, [diff(11), diff(12), diff(14, 12)], True),  # deltas before it are dropped
        (10, [diff(14, 12, first=13)], False),  # a hole lies between
        (15, [diff(11), diff(12)], False),  # it is newer than all: the next delta decides
    ],
)
def test_the_bridge_is_found_wherever_the_snapshot_lies(snapshot: int, deltas: list[str], live: bool) -> None:
    bench = bridge().say(*deltas).answer(body(snapshot))
    assert bench.machine.live is live
    assert len(bench.published) == int(live)


def test_a_snapshot_that_is_newer_than_all_waits_for_the_delta_that_bridges() -> None:
    bench = bridge().say(diff(11), diff(12)).answer(body(15, bid="98"))
    assert bench.say(diff(13), diff(14)).published == []
    assert [publish.source for publish in bench.say(diff(15), diff(16)).published] == [
        EventSource.BRIDGE,
        EventSource.SOCKET,
    ]


def test_a_snapshot_older_than_the_stream_is_fetched_anew_and_never_merged() -> None:
    bench = bridge().say(diff(20), diff(21)).answer(body(15, bid="50"))
    assert bench.published == []
    assert "older" in str(bench.notes("snapshot_failed")[0].fields["detail"])
    bench.wait(1_000).answer(body(20))
    assert [price for price, _ in bids(bench.published[0])] == ["100"]


def test_a_failing_snapshot_is_asked_for_with_growing_waits_while_deltas_keep_the_session_alive() -> None:
    bench = Bench(venue(Recovery.REST), uniform=0.999_999).open()
    answered = 0
    for n in range(11, 71):
        bench.say(diff(n)).wait(1_000).pong()
        for fetch in bench.every(Fetch)[answered:]:
            answered += 1
            bench.give(FetchFailed(fetch.ticket, "HTTP 500", 500))
    assert bench.every(Close) == []
    waits = [int(note.fields["wait_ms"] or 0) for note in bench.notes("snapshot_failed")]
    assert waits == sorted(waits)
    assert waits[:3] == [999, 1_999, 3_999]


def test_a_retry_after_of_a_snapshot_is_honoured() -> None:
    bench = bridge().say(diff(11))
    ticket = bench.every(Fetch)[0].ticket
    bench.give(FetchFailed(ticket, "HTTP 429", 429, retry_after_ms=7_000))
    assert bench.wait(6_999).all(Fetch) == []
    assert len(bench.wait(1).all(Fetch)) == 1


@pytest.mark.parametrize("garbage", [b"", b"<html>", b"null", b"[]", b'{"bids": [["x", "1"]], "asks": []}'])
def test_an_unreadable_snapshot_is_a_failed_one(garbage: bytes) -> None:
    bench = bridge().say(diff(11)).answer(garbage)
    assert bench.published == []
    assert len(bench.notes("snapshot_failed")) == 1


# --- a quiet market ---------------------------------------------------------------------------------------------------


def quiet(*deltas: str) -> Bench:
    """A session on which nothing follows a snapshot, which shows the same book when it is asked for again."""
    return bridge().say(*deltas).answer(body(15, bid="98")).wait(1_000).answer(body(15, bid="98"))


@pytest.mark.parametrize("deltas", [(), (diff(11), diff(12))], ids=["no delta at all", "only older ones"])
def test_a_snapshot_is_the_book_of_a_market_in_which_nothing_happens(deltas: tuple[str, ...]) -> None:
    bench = quiet(*deltas)
    (publish,) = bench.published
    assert (publish.source, publish.event.seq, bids(publish)) == (EventSource.REST, 15, [("98", "1")])
    assert len(bench.every(Fetch)) == 2
    assert [len(bench.notes(kind)) for kind in ("quiet_start", "first_book", "first_top")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("delta", "published", "resyncs"),
    [
        (diff(16, 15), [EventSource.SOCKET], 0),  # it follows directly
        (diff(17, 13, first=14), [EventSource.SOCKET], 0),  # the snapshot lies inside it
        (diff(14, 13), [], 0),  # it was in the snapshot already
        (diff(18, 16, first=17), [], 1),  # a hole lies between: the snapshot was not the newest
    ],
)
def test_the_first_delta_after_a_quiet_begin_has_to_bridge(
    delta: str, published: list[EventSource], resyncs: int
) -> None:
    bench = quiet().say(delta)
    assert [publish.source for publish in bench.published] == published
    assert len(bench.notes("resync")) == resyncs
    assert bench.machine.live is (not resyncs)


def test_after_the_first_delta_every_other_has_to_follow() -> None:
    bench = quiet().say(diff(16, 15), diff(18, 14, first=15))
    assert [note.fields["reason"] for note in bench.notes("resync")] == [Reason.SEQ_MISMATCH.value]


def test_where_rest_moves_and_the_socket_says_nothing_the_socket_is_mute_and_nothing_is_published() -> None:
    bench, answered = bridge(), 0
    while not bench.every(Close):
        for fetch in bench.every(Fetch)[answered:]:
            answered += 1
            bench.give(Fetched(fetch.ticket, body(15 + answered, bid=str(50 + answered))))
        bench.wait(250)
        if len(bench.every(Ping)):
            bench.pong()
    assert bench.every(Publish) == []
    assert 5 <= answered <= 13
    assert [close.silence for close in bench.every(Close)] == [Silence.ACKED_MUTE]


def test_a_quiet_begin_on_a_socket_that_is_gone_is_found_out_in_time() -> None:
    bench = quiet()
    began_ms = bench.now_ms
    while not bench.every(Close):
        looks = len(bench.every(Fetch))
        if len(bench.wait(500).every(Fetch)) > looks:
            bench.answer(body(15, bid="98"))
    assert bench.now_ms - began_ms <= 13_000
    assert [close.silence for close in bench.every(Close)] == [Silence.HALF_OPEN]


# --- a gap ------------------------------------------------------------------------------------------------------------


def test_a_gap_is_mended_by_a_new_snapshot_on_the_same_socket() -> None:
    bench = bridge().say(diff(11)).answer(body(11)).say(diff(14, 13))
    assert [fetch.purpose for fetch in bench.all(Fetch)] == [FetchPurpose.SNAPSHOT]
    assert bench.say(diff(15)).published == []
    (publish,) = bench.answer(body(14, bid="97")).published
    assert publish.source is EventSource.BRIDGE
    assert ("97", "1") in bids(publish)
    assert bench.every(Close) == []


def test_a_gap_among_waiting_deltas_begins_the_chain_anew() -> None:
    bench = bridge().say(diff(11), diff(12), diff(15, 14, bid="96"))
    assert bench.answer(body(12)).published == []
    assert len(bench.notes("snapshot_failed")) == 1
    (publish,) = bench.wait(1_000).answer(body(15)).published
    assert publish.event.seq == 15


def test_waiting_deltas_are_bounded_and_the_newest_are_kept() -> None:
    bench = bridge(buffer=5).say(*[diff(n) for n in range(11, 40)])
    assert bench.answer(body(20)).published == []
    (publish,) = bench.wait(1_000).answer(body(36)).published
    assert publish.event.seq == 39


def test_rest_alone_never_keeps_a_dead_socket_alive() -> None:
    bench = bridge().say(diff(11)).answer(body(11))
    began_ms = bench.now_ms
    while not bench.every(Close):
        looks = len(bench.every(Fetch))
        bench.wait(500)
        if len(bench.every(Fetch)) > looks:
            bench.answer(body(11, bid="90"))
    assert bench.now_ms - began_ms <= 13_000


def test_a_bridged_book_is_the_book_that_the_deltas_make() -> None:
    bench = bridge().say(diff(11, bid="100", amount="0"), diff(12, bid="99", amount="3")).answer(body(10))
    book = OrderBook()
    event = bench.published[0].event
    assert isinstance(event, Book)
    book.replace(event)
    assert [(str(price), str(size)) for price, size in book.bids.levels()] == [("99", "3")]


def test_a_session_that_ended_leaves_nothing_of_its_book_to_the_next() -> None:
    bench = Bench(venue(Recovery.RECONNECT)).live(10).give(SocketClosed(None)).wait(60_000)
    bench.open_again().say(diff(11))
    assert bench.published == []
    assert bench.give(TimePassed()).published == []
