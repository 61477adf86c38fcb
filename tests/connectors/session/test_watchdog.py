"""Silence of data is found in time, told apart, and not mistaken for a quiet market."""

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
from tests.connectors.bench import JSON_PINGS, Bench, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

PONG, PING = ControlReceived(Control.PONG), ControlReceived(Control.PING)
TRADE, BEAT, LOST, STRANGE = (Received(text) for text in ('{"trade": "1"}', '{"beat": "x"}', "{", '{"what": 1}'))


def silent(bench: Bench, *meanwhile: SessionEvent, pong: bool = True) -> Close | None:
    """Half a limit of nothing, then these inputs each second until a verdict."""
    bench.wait(5_500)
    for _ in range(8):
        for given in meanwhile:
            if bench.give(given).closed:
                return bench.closed
        asked = len(bench.every(Ping))
        if bench.wait(1_000).closed:
            return bench.closed
        if pong and len(bench.every(Ping)) > asked:
            bench.pong()
    return None


@pytest.mark.parametrize(
    ("live", "meanwhile", "pong", "silence"),
    [
        (True, (), False, Silence.HALF_OPEN),
        (False, (), False, Silence.HALF_OPEN),
        (True, (), True, Silence.MUTE),
        (False, (), True, Silence.ACKED_MUTE),
        (True, (PING,), True, Silence.HEARTBEAT_ONLY),
        (True, (BEAT,), True, Silence.HEARTBEAT_ONLY),
        (True, (BEAT,), False, Silence.HEARTBEAT_ONLY),
        (True, (TRADE,), True, Silence.TOPIC_MUTE),
        (True, (TRADE, BEAT), True, Silence.TOPIC_MUTE),
        (False, (TRADE,), True, Silence.TOPIC_MUTE),
    ],
)
def test_each_class_of_silence_is_told_apart_and_found_within_the_limit_and_a_half(
    live: bool, meanwhile: tuple[SessionEvent, ...], pong: bool, silence: Silence
) -> None:
    bench = Bench(venue(snapshot=None)).live() if live else Bench(venue(snapshot=None)).open()
    began_ms = bench.now_ms
    closed = silent(bench, *meanwhile, pong=pong)
    assert closed is not None
    assert (closed.reason, closed.silence, closed.topic) == (Reason.STALE_WATCHDOG, silence, "book")
    assert bench.now_ms - began_ms <= 15_000


def test_the_watchdog_works_before_the_first_message() -> None:
    closed = Bench(venue()).give(*[]).open().wait(13_000).closed
    assert closed is not None
    assert closed.reason is Reason.STALE_WATCHDOG


@pytest.mark.parametrize(
    ("frame", "reason"), [(LOST, Reason.PARSE_ERROR), (STRANGE, Reason.DECODE_FAIL_LOOP)], ids=["json", "shape"]
)
def test_a_silence_filled_with_unreadable_frames_ends_by_what_they_are(frame: Received, reason: Reason) -> None:
    closed = silent(Bench(venue(), limits(parse_errors=99, decode_misses=99)).live(), frame)
    assert closed is not None
    assert closed.reason is reason


def test_a_quiet_market_is_no_fault_as_long_as_it_is_alive_and_rest_shows_our_book() -> None:
    bench = Bench(venue()).live()
    for _ in range(500):
        looks = len(bench.every(Fetch))
        bench.wait(1_000).pong()
        if len(bench.every(Fetch)) > looks:
            bench.answer(body())
    assert bench.every(Close) == []
    assert {fetch.purpose for fetch in bench.every(Fetch)} == {FetchPurpose.BOOK_CHECK}
    assert len(bench.notes("quiet_look")) >= 40


@pytest.mark.parametrize(
    ("look", "pong", "dead"),
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
def test_only_a_pong_and_an_equal_book_prove_a_quiet_market(look: bytes | None, pong: bool, dead: bool) -> None:
    bench = Bench(venue()).live().wait(10_000)
    ticket = bench.every(Fetch)[-1].ticket
    if pong:
        bench.pong()
    if look is None:
        bench.give(FetchFailed(ticket, "HTTP 500", 500))
    else:
        bench.answer(look)
    assert (bench.wait(2_000).closed is not None) is dead


def test_data_that_comes_while_in_doubt_ends_the_doubt() -> None:
    bench = Bench(venue()).live().wait(10_500).say(full(11)).wait(9_000)
    assert bench.every(Close) == []
    assert bench.machine.state is ConnectorState.OPEN


def test_a_look_compares_only_the_levels_that_both_books_show() -> None:
    deep = b'{"bids": [["100", "1"], ["99", "5"]], "asks": [["101", "1"], ["102", "9"], ["103", "9"]]}'
    bench = Bench(venue()).live().wait(10_000).pong().answer(deep)
    assert len(bench.notes("quiet_look")) == 1


@pytest.mark.parametrize("frame", [BEAT, PING, TRADE, Received('{"ack": "book"}'), Received(diff(5, 4))], ids=str)
def test_nothing_but_data_of_the_book_puts_the_watchdog_off(frame: SessionEvent) -> None:
    bench = Bench(venue()).live()
    began_ms = bench.now_ms
    while not bench.every(Close) and bench.now_ms - began_ms < 60_000:
        bench.give(frame).wait(500)
    assert bench.now_ms - began_ms <= 13_000


def test_the_watch_asks_only_when_nothing_is_waiting_to_be_read() -> None:
    bench = Bench(venue(), limits(ping_interval_ms=0)).live()
    bench.now_ms += 60_000
    assert bench.say(full(11, bid="99")).every(Close) == []
    assert bench.wait(9_999).every(Ping) == []
    assert len(bench.wait(1).every(Ping)) == 1


# --- the whole socket -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read_ms", "reason"),
    [(4_000, Reason.READ_TIMEOUT), (10_000, Reason.STALE_WATCHDOG), (30_000, Reason.STALE_WATCHDOG)],
)
def test_the_shorter_limit_gives_the_reason_and_a_tie_goes_to_the_watchdog(read_ms: int, reason: Reason) -> None:
    closed = Bench(venue(), limits(read_ms=read_ms)).live().wait(13_000).closed
    assert closed is not None
    assert closed.reason is reason


def test_a_quiet_market_does_not_trip_a_read_timeout_as_long_as_the_stale_limit() -> None:
    bench = Bench(venue(), limits(read_ms=10_000)).live()
    for _ in range(10):
        bench.wait(10_000)
        bench.now_ms += 300
        bench.pong()
        bench.now_ms += 300
        bench.answer(body())
    assert bench.every(Close) == []


def test_a_pong_that_is_missing_in_a_silence_is_part_of_the_silence() -> None:
    bench = Bench(venue(keep_alive=JSON_PINGS, snapshot=None), limits(ping_interval_ms=4_000)).live()
    bench.wait(3_900).say(full(11))
    asked = bench.wait(10_000).every(Ping)
    assert asked
    closed = bench.pong().wait(3_000).closed
    assert closed is not None
    assert (closed.reason, closed.silence) == (Reason.STALE_WATCHDOG, Silence.MUTE)


# --- a frozen book ----------------------------------------------------------------------------------------------------


def repeat(bench: Bench, seconds: int, look: bytes | None) -> None:
    """The same book each second; looks are answered by this body."""
    for _ in range(seconds):
        looks = len(bench.every(Fetch))
        if bench.wait(1_000).every(Close):
            return
        bench.pong()
        if look is not None and len(bench.every(Fetch)) > looks:
            bench.answer(look)
        bench.say(full(10))


def test_the_same_book_again_and_again_while_rest_shows_another_is_frozen() -> None:
    bench = Bench(venue()).live()
    began_ms = bench.now_ms
    repeat(bench, 60, body(bid="99"))
    (closed,) = bench.every(Close)
    assert (closed.reason, closed.silence) == (Reason.STALE_WATCHDOG, Silence.FROZEN_BOOK)
    assert len(bench.notes("frozen_book")) == 1
    assert 30_000 <= bench.now_ms - began_ms <= 35_000


@pytest.mark.parametrize("look", [body(), None, b"<html>"], ids=["equal", "late", "unreadable"])
def test_a_book_that_rest_confirms_or_cannot_deny_is_not_frozen(look: bytes | None) -> None:
    bench = Bench(venue()).live()
    repeat(bench, 300, look)
    assert bench.every(Close) == []
    assert len(bench.every(Fetch)) >= 8


def test_a_book_that_moves_right_after_the_look_is_not_frozen() -> None:
    bench = Bench(venue()).live()
    repeat(bench, 30, body(bid="99"))
    assert bench.notes("frozen_book") == []
    bench.say(full(10, bid="99")).wait(5_000)
    assert bench.every(Close) == []


# --- long times -------------------------------------------------------------------------------------------------------


def test_a_whole_silent_day_of_reconnecting_is_done_in_a_blink() -> None:
    bench = Bench(venue(Recovery.RECONNECT)).open()
    began = time.process_time()
    until_ms = bench.now_ms + 86_400_000
    while bench.now_ms < until_ms:
        bench.wait(60_000)
        if bench.machine.state is ConnectorState.CONNECTING:
            bench.open_again()
    assert time.process_time() - began < 5
    assert {closed.reason for closed in bench.every(Close)} == {Reason.STALE_WATCHDOG}


def test_a_whole_quiet_day_passes_without_an_alarm() -> None:
    bench = Bench(venue()).live()
    until_ms = bench.now_ms + 86_000_000
    answered = 0
    while bench.now_ms < until_ms and not bench.every(Close):
        bench.now_ms = max(bench.now_ms, bench.machine.due_ms or 0)
        for act in bench.give(TimePassed()).acts:
            if isinstance(act, Ping):
                bench.pong()
            elif isinstance(act, Fetch):
                answered += 1
                bench.give(Fetched(act.ticket, body()))
        bench.log = []
    assert bench.now_ms >= until_ms
    assert answered == 8_600
    assert bench.machine.counters.counts.keys() == {"ping_sent"}
