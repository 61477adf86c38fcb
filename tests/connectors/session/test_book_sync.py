"""A broken book recovers in the venue's way, and until then nothing of it is published."""

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
from connectors.venues.frames import Book, exact_levels
from connectors.venues.spec import Recovery, Topic
from tests.connectors.harness import Harness, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

GAP, MISMATCH = diff(12, 11), diff(12, 9)
broken = pytest.mark.parametrize(
    ("frame", "reason"), [(GAP, Reason.SEQ_GAP), (MISMATCH, Reason.SEQ_MISMATCH)], ids=["gap", "mismatch"]
)


def bids(publish: Publish) -> list[tuple[str, str]]:
    return [(str(price), str(size)) for price, size in exact_levels(publish.event.bids)]  # type: ignore[union-attr]


@broken
def test_a_broken_book_ends_the_session_of_a_venue_that_can_only_reconnect(frame: str, reason: Reason) -> None:
    harness = Harness(venue(Recovery.RECONNECT)).go_live().receive(frame)
    closed = harness.closed
    assert closed is not None
    assert (closed.reason, closed.topic) == (reason, "book")
    assert harness.published == []


@broken
def test_a_broken_book_is_subscribed_again_on_the_same_socket(frame: str, reason: Reason) -> None:
    harness = Harness(venue()).go_live().receive(frame)
    assert [action.text for action in harness.last(Send)] == ["-book", "+book"]
    (note,) = harness.notes("resync")
    assert (note.fields["reason"], note.fields["count"]) == (reason.value, 1)
    assert harness.receive(diff(13, 12), diff(14, 13)).published == []
    assert len(harness.receive(full(20), diff(21)).published) == 2
    assert harness.all(Close) == []


def test_resyncs_are_not_reconnects_and_too_many_in_a_minute_become_one() -> None:
    harness = Harness(venue(), limits(resyncs=3)).go_live()
    for n in range(20, 50, 10):
        harness.receive(diff(n, n - 1), full(n))
        assert harness.closed is None
    closed = harness.receive(diff(90, 89)).closed
    assert closed is not None
    assert closed.reason is Reason.SEQ_GAP
    assert harness.machine.counters.counts["resync.seq_gap"] == 3
    assert harness.machine.counters.counts["reconnect.seq_gap"] == 1


@pytest.mark.parametrize("old", [diff(10), diff(9), diff(3)])
def test_an_old_delta_is_counted_and_changes_nothing(old: str) -> None:
    harness = Harness(venue()).go_live().receive(old)
    assert harness.published == []
    assert harness.machine.counters.counts["stale_frame"] == 1
    assert len(harness.receive(diff(11)).published) == 1


def test_a_delta_before_any_book_is_counted_and_not_published() -> None:
    harness = Harness(venue()).open().receive(diff(5))
    assert harness.published == []
    assert harness.machine.counters.counts["early_frame"] == 1


@pytest.mark.parametrize(("monotone", "published"), [(True, ["99"]), (False, ["99", "97"])])
def test_an_older_whole_book_is_dropped_where_numbers_only_grow(monotone: bool, published: list[str]) -> None:
    harness = Harness(venue(), options={"monotone": monotone}).go_live().receive(full(12, bid="99"), full(11, bid="97"))
    assert [bids(publish)[0][0] for publish in harness.published] == published


def test_every_book_is_published_with_the_flaws_of_its_top() -> None:
    harness = Harness(venue()).go_live().receive(
        full(1, bid="102"), full(2, bid="101"), '{"topic": "book", "full": [[], [["1", "1"]]]}',
        '{"topic": "book", "full": [[], []]}', full(3),
    )  # fmt: skip
    assert [publish.flaws for publish in harness.published] == [
        BookFlaws.CROSSED, BookFlaws.LOCKED, BookFlaws.ONE_SIDED, BookFlaws.EMPTY, BookFlaws.NONE,
    ]  # fmt: skip


def test_a_first_top_waits_for_two_sides() -> None:
    harness = Harness(venue()).open().receive('{"topic": "book", "full": [[], [["1", "1"]]]}')
    assert [len(harness.notes(kind)) for kind in ("first_book", "first_top")] == [1, 0]
    assert harness.receive(full(2)).notes("first_top")[0].fields == {
        "bid_px": "100", "bid_sz": "1", "ask_px": "101", "ask_sz": "1",
    }  # fmt: skip


# --- REST snapshots ---------------------------------------------------------------------------------------------------


def bridge(**changed: int) -> Harness:
    return Harness(venue(Recovery.REST), limits(**changed)).open()


@pytest.mark.parametrize("begin", ['{"ack": "book"}', diff(11)], ids=["acknowledged", "first delta"])
def test_one_snapshot_is_requested_as_soon_as_the_stream_has_begun(begin: str) -> None:
    harness = Harness(venue(Recovery.REST)).step(Started(), Opened())
    assert harness.all(Fetch) == []
    harness.receive(begin, begin, diff(11), diff(12))
    assert [fetch.purpose for fetch in harness.all(Fetch)] == [FetchPurpose.SNAPSHOT]


def test_a_stream_subscribed_by_its_url_begins_with_the_connection() -> None:
    streams = {"topics": lambda target: (Topic("book"),)}
    harness = Harness(venue(Recovery.REST, **streams)).step(Started(), Opened())
    assert [fetch.purpose for fetch in harness.all(Fetch)] == [FetchPurpose.SNAPSHOT]


def test_nothing_is_published_before_snapshot_and_deltas_join() -> None:
    harness = bridge().receive(diff(11, bid="100"), diff(12, bid="99"))
    assert harness.published == []
    harness.answer(body(11, bid="98"))
    (publish,) = harness.published
    assert publish.source is EventSource.BRIDGE
    assert bids(publish) == [("100", "2"), ("99", "2"), ("98", "1")]
    assert publish.event.seq == 12
    assert len(harness.receive(diff(13)).published) == 1


@pytest.mark.parametrize(
    ("snapshot", "deltas", "live"),
    [
        (10, [diff(11)], True),  # the first delta follows it directly
        (11, [diff(11)], True),  # it is the state after the first delta
        (12, [diff(14, 10, first=11)], True),  # it lies inside the first delta
        (13, [diff(11), diff(12), diff(14, 12)], True),  # deltas before it are dropped
        (10, [diff(14, 12, first=13)], False),  # deltas between are missing
        (15, [diff(11), diff(12)], False),  # it is newer than all deltas: the next one decides
    ],
)
def test_snapshot_and_deltas_join_wherever_the_snapshot_lies(snapshot: int, deltas: list[str], live: bool) -> None:
    harness = bridge().receive(*deltas).answer(body(snapshot))
    assert harness.machine.live is live
    assert len(harness.published) == int(live)


def test_a_snapshot_newer_than_all_deltas_waits_for_the_one_that_contains_it() -> None:
    harness = bridge().receive(diff(11), diff(12)).answer(body(15, bid="98"))
    assert harness.receive(diff(13), diff(14)).published == []
    assert [publish.source for publish in harness.receive(diff(15), diff(16)).published] == [
        EventSource.BRIDGE,
        EventSource.SOCKET,
    ]


def test_a_snapshot_older_than_the_stream_is_fetched_again_and_never_merged() -> None:
    harness = bridge().receive(diff(20), diff(21)).answer(body(15, bid="50"))
    assert harness.published == []
    assert "older" in str(harness.notes("snapshot_failed")[0].fields["detail"])
    harness.wait(1_000).answer(body(20))
    assert [price for price, _ in bids(harness.published[0])] == ["100"]


def test_a_failing_snapshot_is_requested_with_growing_waits_while_deltas_keep_the_session_alive() -> None:
    harness = Harness(venue(Recovery.REST), uniform=0.999_999).open()
    answered = 0
    for n in range(11, 71):
        harness.receive(diff(n)).wait(1_000).pong()
        for fetch in harness.all(Fetch)[answered:]:
            answered += 1
            harness.step(FetchFailed(fetch.ticket, "HTTP 500", 500))
    assert harness.all(Close) == []
    waits = [int(note.fields["wait_ms"] or 0) for note in harness.notes("snapshot_failed")]
    assert waits == sorted(waits)
    assert waits[:3] == [999, 1_999, 3_999]


def test_the_retry_after_of_a_snapshot_is_respected() -> None:
    harness = bridge().receive(diff(11))
    ticket = harness.all(Fetch)[0].ticket
    harness.step(FetchFailed(ticket, "HTTP 429", 429, retry_after_ms=7_000))
    assert harness.wait(6_999).last(Fetch) == []
    assert len(harness.wait(1).last(Fetch)) == 1


@pytest.mark.parametrize("garbage", [b"", b"<html>", b"null", b"[]", b'{"bids": [["x", "1"]], "asks": []}'])
def test_an_unreadable_snapshot_is_a_failed_one(garbage: bytes) -> None:
    harness = bridge().receive(diff(11)).answer(garbage)
    assert harness.published == []
    assert len(harness.notes("snapshot_failed")) == 1


# --- a quiet market ---------------------------------------------------------------------------------------------------


def quiet(*deltas: str) -> Harness:
    """Return a session in which no delta follows a snapshot and the next snapshot shows the same book."""
    return bridge().receive(*deltas).answer(body(15, bid="98")).wait(1_000).answer(body(15, bid="98"))


@pytest.mark.parametrize("deltas", [(), (diff(11), diff(12))], ids=["no delta at all", "only older ones"])
def test_the_snapshot_is_the_book_of_a_quiet_market(deltas: tuple[str, ...]) -> None:
    harness = quiet(*deltas)
    (publish,) = harness.published
    assert (publish.source, publish.event.seq, bids(publish)) == (EventSource.REST, 15, [("98", "1")])
    assert len(harness.all(Fetch)) == 2
    assert [len(harness.notes(kind)) for kind in ("quiet_start", "first_book", "first_top")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("delta", "published", "resyncs"),
    [
        (diff(16, 15), [EventSource.SOCKET], 0),  # it follows directly
        (diff(17, 13, first=14), [EventSource.SOCKET], 0),  # the snapshot lies inside it
        (diff(14, 13), [], 0),  # it was in the snapshot already
        (diff(18, 16, first=17), [], 1),  # deltas between are missing: the snapshot was not the newest
    ],
)
def test_the_first_delta_after_a_quiet_start_must_continue_the_snapshot(
    delta: str, published: list[EventSource], resyncs: int
) -> None:
    harness = quiet().receive(delta)
    assert [publish.source for publish in harness.published] == published
    assert len(harness.notes("resync")) == resyncs
    assert harness.machine.live is (not resyncs)


def test_every_delta_after_the_first_must_follow() -> None:
    harness = quiet().receive(diff(16, 15), diff(18, 14, first=15))
    assert [note.fields["reason"] for note in harness.notes("resync")] == [Reason.SEQ_MISMATCH.value]


def test_a_silent_socket_is_mute_while_rest_moves_and_nothing_is_published() -> None:
    harness, answered = bridge(), 0
    while not harness.all(Close):
        for fetch in harness.all(Fetch)[answered:]:
            answered += 1
            harness.step(Fetched(fetch.ticket, body(15 + answered, bid=str(50 + answered))))
        harness.wait(250)
        if len(harness.all(Ping)):
            harness.pong()
    assert harness.all(Publish) == []
    assert 5 <= answered <= 13
    assert [close.silence for close in harness.all(Close)] == [Silence.ACKED_MUTE]


def test_a_dead_socket_is_found_in_time_after_a_quiet_start() -> None:
    harness = quiet()
    began_ms = harness.now_ms
    while not harness.all(Close):
        fetches = len(harness.all(Fetch))
        if len(harness.wait(500).all(Fetch)) > fetches:
            harness.answer(body(15, bid="98"))
    assert harness.now_ms - began_ms <= 13_000
    assert [close.silence for close in harness.all(Close)] == [Silence.HALF_OPEN]


# --- a gap ------------------------------------------------------------------------------------------------------------


def test_a_gap_recovers_by_a_new_snapshot_on_the_same_socket() -> None:
    harness = bridge().receive(diff(11)).answer(body(11)).receive(diff(14, 13))
    assert [fetch.purpose for fetch in harness.last(Fetch)] == [FetchPurpose.SNAPSHOT]
    assert harness.receive(diff(15)).published == []
    (publish,) = harness.answer(body(14, bid="97")).published
    assert publish.source is EventSource.BRIDGE
    assert ("97", "1") in bids(publish)
    assert harness.all(Close) == []


def test_a_gap_among_buffered_deltas_begins_a_new_chain() -> None:
    harness = bridge().receive(diff(11), diff(12), diff(15, 14, bid="96"))
    assert harness.answer(body(12)).published == []
    assert len(harness.notes("snapshot_failed")) == 1
    (publish,) = harness.wait(1_000).answer(body(15)).published
    assert publish.event.seq == 15


def test_the_buffer_is_bounded_and_keeps_the_newest_deltas() -> None:
    harness = bridge(buffer=5).receive(*[diff(n) for n in range(11, 40)])
    assert harness.answer(body(20)).published == []
    (publish,) = harness.wait(1_000).answer(body(36)).published
    assert publish.event.seq == 39


def test_an_old_delta_is_counted_while_a_snapshot_is_awaited() -> None:
    harness = bridge().receive(diff(12), diff(13), diff(12), diff(13))
    assert harness.machine.counters.counts["stale_frame"] == 2
    assert len(harness.answer(body(12)).published) == 1


def test_rest_alone_never_keeps_a_dead_socket_alive() -> None:
    harness = bridge().receive(diff(11)).answer(body(11))
    began_ms = harness.now_ms
    while not harness.all(Close):
        fetches = len(harness.all(Fetch))
        harness.wait(500)
        if len(harness.all(Fetch)) > fetches:
            harness.answer(body(11, bid="90"))
    assert harness.now_ms - began_ms <= 13_000


def test_a_joined_book_contains_every_buffered_delta() -> None:
    harness = bridge().receive(diff(11, bid="100", amount="0"), diff(12, bid="99", amount="3")).answer(body(10))
    book = OrderBook()
    event = harness.published[0].event
    assert isinstance(event, Book)
    book.replace(event)
    assert book.depth()[0] == ((99, 3),)


def test_a_session_keeps_nothing_of_the_book_of_the_one_before() -> None:
    harness = Harness(venue(Recovery.RECONNECT)).go_live(10).step(SocketClosed(None)).wait(60_000)
    harness.reopen().receive(diff(11))
    assert harness.published == []
    assert harness.step(TimePassed()).published == []
