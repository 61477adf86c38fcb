"""Silence is found in time, classified, and not mistaken for a quiet market."""

from __future__ import annotations

import time

import pytest

from connectors.session.connector import ConnectorState
from connectors.session.events import (
    Close,
    Control,
    ControlReceived,
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Ping,
    Received,
    SessionEvent,
    Silence,
    TimePassed,
)
from connectors.venues.spec import Recovery
from tests.connectors.harness import JSON_PINGS, Harness, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

PONG, PING = ControlReceived(Control.PONG), ControlReceived(Control.PING)
TRADE, HEARTBEAT, NOT_JSON, UNKNOWN_SHAPE = (
    Received(text) for text in ('{"trade": "1"}', '{"beat": "x"}', "{", '{"what": 1}')
)


def silent(harness: Harness, *meanwhile: SessionEvent, pong: bool = True) -> Close | None:
    """Wait for half the limit, then pass in these events each second until the session ends."""
    harness.wait(5_500)
    for _ in range(8):
        for event in meanwhile:
            if harness.step(event).closed:
                return harness.closed
        pings = len(harness.all(Ping))
        if harness.wait(1_000).closed:
            return harness.closed
        if pong and len(harness.all(Ping)) > pings:
            harness.pong()
    return None


@pytest.mark.parametrize(
    ("live", "meanwhile", "pong", "silence"),
    [
        (True, (), False, Silence.HALF_OPEN),
        (False, (), False, Silence.HALF_OPEN),
        (True, (), True, Silence.MUTE),
        (False, (), True, Silence.ACKED_MUTE),
        (True, (PING,), True, Silence.HEARTBEAT_ONLY),
        (True, (HEARTBEAT,), True, Silence.HEARTBEAT_ONLY),
        (True, (HEARTBEAT,), False, Silence.HEARTBEAT_ONLY),
        (True, (TRADE,), True, Silence.TOPIC_MUTE),
        (True, (TRADE, HEARTBEAT), True, Silence.TOPIC_MUTE),
        (False, (TRADE,), True, Silence.TOPIC_MUTE),
    ],
)
def test_each_class_of_silence_is_found_within_one_and_a_half_times_the_limit(
    live: bool, meanwhile: tuple[SessionEvent, ...], pong: bool, silence: Silence
) -> None:
    harness = Harness(venue(snapshot=None)).go_live() if live else Harness(venue(snapshot=None)).open()
    began_ms = harness.now_ms
    closed = silent(harness, *meanwhile, pong=pong)
    assert closed is not None
    assert (closed.reason, closed.silence, closed.topic) == (Reason.STALE_WATCHDOG, silence, "book")
    assert harness.now_ms - began_ms <= 15_000


def test_the_watchdog_works_before_the_first_message() -> None:
    closed = Harness(venue()).step(*[]).open().wait(13_000).closed
    assert closed is not None
    assert closed.reason is Reason.STALE_WATCHDOG


@pytest.mark.parametrize(
    ("frame", "reason"),
    [(NOT_JSON, Reason.PARSE_ERROR), (UNKNOWN_SHAPE, Reason.DECODE_FAIL_LOOP)],
    ids=["json", "shape"],
)
def test_a_silence_with_unreadable_frames_ends_with_their_reason(frame: Received, reason: Reason) -> None:
    closed = silent(Harness(venue(), limits(parse_errors=99, decode_misses=99)).go_live(), frame)
    assert closed is not None
    assert closed.reason is reason


def test_a_quiet_market_is_not_a_fault_while_pongs_come_and_rest_shows_our_book() -> None:
    harness = Harness(venue()).go_live()
    for _ in range(500):
        fetches = len(harness.all(Fetch))
        harness.wait(1_000).pong()
        if len(harness.all(Fetch)) > fetches:
            harness.answer(body())
    assert harness.all(Close) == []
    assert {fetch.purpose for fetch in harness.all(Fetch)} == {FetchPurpose.BOOK_CHECK}
    assert len(harness.notes("quiet_look")) >= 40
    assert harness.now_ms - (harness.machine.proven_quiet_ms or 0) <= 12_000


@pytest.mark.parametrize(
    ("response", "pong", "closes"),
    [
        (body(), True, False),
        (body(), False, True),
        (body(bid="99"), True, True),
        (body(amount="7"), True, True),
        (b'{"bids": [], "asks": []}', True, True),
        (b"<html>", True, True),
        (None, True, True),
    ],
)
def test_only_a_pong_and_an_equal_book_prove_a_quiet_market(response: bytes | None, pong: bool, closes: bool) -> None:
    harness = Harness(venue()).go_live().wait(10_000)
    ticket = harness.all(Fetch)[-1].ticket
    if pong:
        harness.pong()
    if response is None:
        harness.step(FetchFailed(ticket, "HTTP 500", 500))
    else:
        harness.answer(response)
    assert (harness.wait(2_000).closed is not None) is closes


def test_data_during_a_suspicion_ends_it() -> None:
    harness = Harness(venue()).go_live().wait(10_500).receive(full(11)).wait(9_000)
    assert harness.all(Close) == []
    assert harness.machine.state is ConnectorState.OPEN


def test_a_book_check_compares_only_the_levels_that_both_books_show() -> None:
    deep = b'{"bids": [["100", "1"], ["99", "5"]], "asks": [["101", "1"], ["102", "9"], ["103", "9"]]}'
    harness = Harness(venue()).go_live().wait(10_000).pong().answer(deep)
    assert len(harness.notes("quiet_look")) == 1


@pytest.mark.parametrize("frame", [HEARTBEAT, PING, TRADE, Received('{"ack": "book"}'), Received(diff(5, 4))], ids=str)
def test_only_data_of_the_book_extends_the_limit(frame: SessionEvent) -> None:
    harness = Harness(venue()).go_live()
    began_ms = harness.now_ms
    while not harness.all(Close) and harness.now_ms - began_ms < 60_000:
        harness.step(frame).wait(500)
    assert harness.now_ms - began_ms <= 13_000


def test_the_watchdog_suspects_silence_only_when_no_event_is_waiting() -> None:
    harness = Harness(venue(), limits(ping_interval_ms=0)).go_live()
    harness.now_ms += 60_000
    assert harness.receive(full(11, bid="99")).all(Close) == []
    assert harness.wait(9_999).all(Ping) == []
    assert len(harness.wait(1).all(Ping)) == 1


# --- the whole socket -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read_ms", "reason"),
    [(4_000, Reason.READ_TIMEOUT), (10_000, Reason.STALE_WATCHDOG), (30_000, Reason.STALE_WATCHDOG)],
)
def test_the_shorter_limit_decides_and_a_tie_goes_to_the_stale_limit(read_ms: int, reason: Reason) -> None:
    closed = Harness(venue(), limits(read_ms=read_ms)).go_live().wait(13_000).closed
    assert closed is not None
    assert closed.reason is reason


def test_a_quiet_market_causes_no_read_timeout_where_both_limits_are_equal() -> None:
    harness = Harness(venue(), limits(read_ms=10_000)).go_live()
    for _ in range(10):
        harness.wait(10_000)
        harness.now_ms += 300
        harness.pong()
        harness.now_ms += 300
        harness.answer(body())
    assert harness.all(Close) == []


def test_a_pong_that_is_missing_in_a_silence_is_part_of_the_silence() -> None:
    harness = Harness(venue(keep_alive=JSON_PINGS, snapshot=None), limits(ping_interval_ms=4_000)).go_live()
    harness.wait(3_900).receive(full(11))
    assert harness.wait(10_000).all(Ping)
    closed = harness.pong().wait(3_000).closed
    assert closed is not None
    assert (closed.reason, closed.silence) == (Reason.STALE_WATCHDOG, Silence.MUTE)


# --- a frozen book ----------------------------------------------------------------------------------------------------


def repeat_book(harness: Harness, seconds: int, response: bytes | None) -> None:
    """Receive the same book each second; answer book checks with this body, or not at all."""
    for _ in range(seconds):
        fetches = len(harness.all(Fetch))
        if harness.wait(1_000).all(Close):
            return
        harness.pong()
        if response is not None and len(harness.all(Fetch)) > fetches:
            harness.answer(response)
        harness.receive(full(10))


def test_a_repeated_book_is_frozen_if_rest_shows_another() -> None:
    harness = Harness(venue()).go_live()
    began_ms = harness.now_ms
    repeat_book(harness, 60, body(bid="99"))
    (closed,) = harness.all(Close)
    assert (closed.reason, closed.silence) == (Reason.STALE_WATCHDOG, Silence.FROZEN_BOOK)
    assert len(harness.notes("frozen_book")) == 1
    assert 30_000 <= harness.now_ms - began_ms <= 35_000


@pytest.mark.parametrize("response", [body(), None, b"<html>"], ids=["equal", "late", "unreadable"])
def test_a_repeated_book_is_not_frozen_without_a_different_book_by_rest(response: bytes | None) -> None:
    harness = Harness(venue()).go_live()
    repeat_book(harness, 300, response)
    assert harness.all(Close) == []
    assert len(harness.all(Fetch)) >= 8


def test_a_book_that_changes_right_after_the_check_is_not_frozen() -> None:
    harness = Harness(venue()).go_live()
    repeat_book(harness, 30, body(bid="99"))
    assert harness.notes("frozen_book") == []
    harness.receive(full(10, bid="99")).wait(5_000)
    assert harness.all(Close) == []


# --- long times -------------------------------------------------------------------------------------------------------


def test_a_silent_day_of_reconnects_takes_under_five_seconds_of_processor_time() -> None:
    harness = Harness(venue(Recovery.RECONNECT)).open()
    began = time.process_time()
    until_ms = harness.now_ms + 86_400_000
    while harness.now_ms < until_ms:
        harness.wait(60_000)
        if harness.machine.state is ConnectorState.CONNECTING:
            harness.reopen()
    assert time.process_time() - began < 5
    assert {closed.reason for closed in harness.all(Close)} == {Reason.STALE_WATCHDOG}


def test_a_quiet_day_raises_no_alarm() -> None:
    harness = Harness(venue()).go_live()
    until_ms = harness.now_ms + 86_000_000
    answered = 0
    while harness.now_ms < until_ms and not harness.all(Close):
        harness.now_ms = max(harness.now_ms, harness.machine.due_ms or 0)
        for action in harness.step(TimePassed()).actions:
            if isinstance(action, Ping):
                harness.pong()
            elif isinstance(action, Fetch):
                answered += 1
                harness.step(Fetched(action.ticket, body()))
        harness.log = []
    assert harness.now_ms >= until_ms
    assert answered == 8_600
    assert harness.machine.counters.counts.keys() == {"ping_sent"}
