"""A connector's life: attempts, sessions, the reason of every end, waiting, and what goes on beside the socket."""

from __future__ import annotations

import pytest

from connectors.session.connector import ConnectorState
from connectors.session.events import (
    Close,
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    EventSource,
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Note,
    Opened,
    Ping,
    Received,
    Send,
    SendFailed,
    SessionEvent,
    SocketClosed,
    Started,
    Stop,
    TimePassed,
)
from connectors.venues.frames import Funding, Trade
from connectors.venues.spec import Recovery
from tests.connectors.bench import FUNDING, JSON_PINGS, LOOKUP, Bench, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason


def test_a_start_connects_an_opening_subscribes_and_the_milestones_are_told_once() -> None:
    bench = Bench(venue())
    assert [act for act in bench.give(Started()).acts if not isinstance(act, Note)] == [Connect("wss://a", (), 15_000)]
    bench.give(Opened()).say('{"ack": "book"}', full(1), '{"ack": "trades"}', full(2), '{"trade": "100"}')
    kinds = [note.kind for note in bench.every(Note)]
    assert kinds == [
        "connecting", "connected", "limits", "first_message", "subscribed", "first_top", "first_book",
    ]  # fmt: skip
    assert [type(publish.event) for publish in bench.published][2:] == [Trade]


def test_the_other_topics_are_asked_for_once_with_the_first_book_so_that_their_refusal_cannot_cost_it() -> None:
    bench = Bench(venue())
    assert [act.text for act in bench.give(Started(), Opened()).all(Send)] == ["+book"]
    assert bench.say('{"ack": "book"}').all(Send) == []
    assert [act.text for act in bench.say(full(1), full(2)).all(Send)] == ["+trades"]
    assert bench.say('{"refusal": "no such channel"}').closed is None


@pytest.mark.parametrize(
    ("given", "reason", "facts"),
    [
        (SocketClosed(None, "reset"), Reason.STREAM_ENDED, {"detail": "reset"}),
        (SocketClosed(1006), Reason.STREAM_ENDED, {}),
        (SocketClosed(1000, "bye"), Reason.SERVER_CLOSE, {"code": 1000, "detail": "bye"}),
        (SocketClosed(1012, "restart"), Reason.SERVER_CLOSE, {"code": 1012, "detail": "restart"}),
        (SendFailed("broken pipe"), Reason.STREAM_ENDED, {"detail": "broken pipe"}),
        (SendFailed("broken pipe", ping=True), Reason.PING_SEND_FAIL, {"detail": "broken pipe"}),
        (Received('{"refusal": "no such market", "topic": "book"}'), Reason.SUBSCRIBE_ERROR, {"topic": "book"}),
        (Stop(Reason.ENFORCER_RESTART, restart=True), Reason.ENFORCER_RESTART, {}),
        (Stop(Reason.TASK_PANIC, restart=True), Reason.TASK_PANIC, {}),
    ],
    ids=str,
)
def test_every_end_of_an_open_session_is_closed_with_its_reason_and_followed_by_a_new_attempt(
    given: SessionEvent, reason: Reason, facts: dict[str, object]
) -> None:
    bench = Bench(venue()).live().give(given)
    closed = bench.closed
    assert closed is not None
    assert closed.reason is reason
    assert {name: getattr(closed, name) for name in facts} == facts
    assert isinstance(bench.acts[-1], Close)
    (note,) = bench.notes("reconnect")
    assert (note.fields["reason"], note.fields["count"], note.fields["connected"]) == (reason.value, 1, True)
    assert [act.url for act in bench.wait(1_000).all(Connect)] == ["wss://a"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (ConnectFailed("refused"), Reason.CONNECT_ERROR),
        (ConnectFailed("HTTP 503", status=503), Reason.CONNECT_ERROR),
        (ConnectFailed("", timeout=True), Reason.CONNECT_TIMEOUT),
    ],
    ids=str,
)
def test_a_failed_attempt_is_closed_with_its_reason_and_its_status(given: ConnectFailed, reason: Reason) -> None:
    closed = Bench(venue()).give(Started(), given).closed
    assert closed is not None
    assert (closed.reason, closed.status) == (reason, given.status)


def test_retry_after_puts_the_next_attempt_off() -> None:
    bench = Bench(venue()).give(Started(), ConnectFailed("HTTP 429", status=429, retry_after_ms=45_000))
    assert bench.wait(44_999).all(Connect) == []
    assert len(bench.wait(1).all(Connect)) == 1


def test_waits_grow_with_every_end_and_only_a_healthy_session_ends_that() -> None:
    bench = Bench(venue(), uniform=0.999_999).give(Started())
    for _ in range(4):
        bench.give(Opened(), SocketClosed(None)).wait(40_000)
    waits = [note.fields["wait_ms"] for note in bench.notes("waiting")]
    assert waits == [999, 1_999, 3_999, 7_999]
    bench.live()
    for n in range(70):
        bench.say(full(n)).wait(1_000)
        bench.pong()
    bench.give(SocketClosed(None))
    assert bench.notes("waiting")[-1].fields["wait_ms"] == 999
    assert bench.notes("healthy_reset")[-1].fields["failures"] == 5


def test_after_three_unhealthy_ends_the_next_endpoint_is_taken() -> None:
    bench = Bench(venue(), ws_urls=("wss://a", "wss://b"), rest_urls=("https://a", "https://b")).give(Started())
    for _ in range(4):
        bench.give(ConnectFailed("refused")).wait(60_000)
    assert [act.url for act in bench.every(Connect)] == ["wss://a", "wss://a", "wss://a", "wss://b", "wss://a"]
    assert bench.notes("rotated")[0].fields == {"ws": "wss://b", "rest": "https://b", "index": 1}


def test_a_session_is_renewed_at_its_greatest_age_whatever_flows() -> None:
    bench = Bench(venue(), limits(session_ms=5_000)).live()
    for n in range(11, 16):
        bench.wait(999).say(full(n))
    assert bench.closed is None
    assert bench.wait(10).closed == Close(Reason.SESSION_TIMEOUT, "5s")


def test_an_operators_stop_closes_without_a_reason_and_is_the_last_word() -> None:
    bench = Bench(venue()).live().give(Stop())
    assert bench.acts == [Note("stopped"), Close(None)]
    assert bench.machine.state is ConnectorState.STOPPED
    assert bench.machine.due_ms is None
    assert bench.give(Received(full(11)), Started(), TimePassed()).acts == []


def test_a_restart_from_outside_does_not_hurry_a_connector_that_waits_already() -> None:
    bench = Bench(venue(), uniform=0.5).give(Started(), ConnectFailed("refused"))
    due_ms = bench.machine.due_ms
    assert bench.give(Stop(Reason.ENFORCER_RESTART, restart=True)).acts == []
    assert bench.machine.due_ms == due_ms


def test_a_fault_of_our_own_code_ends_whatever_is_under_way_and_waits_before_the_next_attempt() -> None:
    def broken(base: str, target: object) -> str:
        raise ZeroDivisionError

    bench = Bench(venue(socket_url=broken))
    with pytest.raises(ZeroDivisionError):
        bench.give(Started())
    closed = bench.give(Stop(Reason.TASK_PANIC, restart=True)).closed
    assert closed is not None
    assert closed.reason is Reason.TASK_PANIC
    assert (bench.machine.due_ms or 0) >= bench.now_ms + 100


# --- keep-alive -------------------------------------------------------------------------------------------------------


def quick(n: int, bench: Bench, seconds: int) -> int:
    """Books each second for some seconds, nothing else."""
    for _ in range(seconds):
        n += 1
        bench.wait(1_000).say(full(n))
    return n


@pytest.mark.parametrize("keep_alive", [None, JSON_PINGS], ids=["control", "json"])
def test_pings_are_sent_at_their_interval_and_counted_and_a_missing_pong_ends_the_session(keep_alive: object) -> None:
    more = {} if keep_alive is None else {"keep_alive": keep_alive}
    bench = Bench(venue(**more), limits(ping_interval_ms=5_000, pong_ms=2_000)).live()
    pong: SessionEvent = ControlReceived(Control.PONG) if keep_alive is None else Received('{"beat": null}')
    n = 10
    for _ in range(3):
        n = quick(n, bench, 5)
        bench.give(pong)
    sent = [act for act in bench.every(Ping) + bench.every(Send) if isinstance(act, Ping) or act.ping]
    assert len(sent) == 3
    assert [note.fields["count"] for note in bench.notes("ping_sent")] == [1, 2, 3]
    quick(n, bench, 6)
    assert bench.wait(1_000).closed == Close(Reason.PING_TIMEOUT, "no pong within 2000ms")


def test_a_pong_of_the_other_kind_is_no_answer() -> None:
    bench = Bench(venue(keep_alive=JSON_PINGS), limits(ping_interval_ms=5_000, pong_ms=2_000)).live()
    n = quick(10, bench, 5)
    bench.pong()
    quick(n, bench, 1)
    closed = bench.wait(1_000).closed
    assert closed is not None
    assert closed.reason is Reason.PING_TIMEOUT


def test_a_ping_interval_of_zero_sends_none() -> None:
    bench = Bench(venue(), limits(ping_interval_ms=0)).live()
    quick(10, bench, 120)
    assert bench.every(Ping) == []
    assert bench.machine.state is ConnectorState.OPEN


def test_a_failed_ping_is_counted_over_the_whole_run() -> None:
    bench = Bench(venue()).give(Started())
    for _ in range(2):
        bench.give(Opened(), SendFailed("gone", ping=True)).wait(60_000)
    assert [note.fields["count"] for note in bench.notes("ping_send_fail")] == [1, 2]


def test_the_venues_own_ping_is_answered_in_its_words() -> None:
    bench = Bench(venue()).live().say('{"beat": "pong!"}')
    assert bench.acts == [Send("pong!")]


# --- refusals and frames nobody can read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "topic", "fatal"),
    [(False, None, True), (False, "book", True), (True, "book", True), (True, None, False), (False, "trades", False)],
)
def test_a_refusal_ends_the_session_only_where_it_costs_the_book(live: bool, topic: str | None, fatal: bool) -> None:
    bench = Bench(venue()).live() if live else Bench(venue()).open()
    named = "" if topic is None else f', "topic": "{topic}"'
    bench.say(f'{{"refusal": "too many"{named}}}')
    assert bench.notes("refusal")[0].fields["text"] == "too many"
    assert (bench.closed is not None) is fatal


def test_a_refusal_while_a_resync_is_on_its_way_ends_the_session() -> None:
    bench = Bench(venue()).live().say(diff(12, 11), '{"refusal": "already subscribed"}')
    closed = bench.closed
    assert closed is not None
    assert closed.reason is Reason.SUBSCRIBE_ERROR


@pytest.mark.parametrize("garbage", ["", "{", "[1,", b"\xff\xfe\x00", "NaN", "[" * 100_000, "hello"], ids=repr)
def test_what_is_no_json_is_counted_and_too_much_of_it_ends_the_session(garbage: str | bytes) -> None:
    bench = Bench(venue(), limits(parse_errors=5)).live().say(*[garbage] * 5)
    assert bench.closed is None
    assert bench.machine.counters.counts["parse_error"] == 5
    closed = bench.say(garbage).closed
    assert closed is not None
    assert closed.reason is Reason.PARSE_ERROR


def test_parse_errors_spread_over_more_than_a_minute_end_nothing() -> None:
    bench = Bench(venue(), limits(parse_errors=5)).live()
    for n in range(40):
        bench.wait(6_000).say("{", full(11 + n))
        bench.wait(7_000).say(full(11 + n, bid=str(50 + n)))
        bench.pong()
    assert bench.every(Close) == []


@pytest.mark.parametrize(
    "strange",
    ['{"what": 1}', "[]", "null", '"text"', full(3, topic="other"), full(3, bid="NaN"), '{"trade": "1e400"}'],
)
def test_json_nobody_described_is_missed_whole_and_too_many_in_a_row_end_the_session(strange: str) -> None:
    bench = Bench(venue()).live().say(*[strange] * 9)
    assert bench.published == []
    assert bench.machine.counters.counts["decode_miss"] == 9
    bench.say(full(20)).say(*[strange] * 9)
    assert bench.every(Close) == []
    assert bench.say(strange).closed == Close(Reason.DECODE_FAIL_LOOP, "10 consecutive decode failures")


def test_misses_are_told_three_times_and_then_each_hundredth() -> None:
    bench = Bench(venue(), limits(decode_misses=1_000)).live().say(*['{"what": 1}'] * 250)
    assert [note.fields["count"] for note in bench.notes("decode_miss")] == [1, 2, 3, 100, 200]


def test_a_closing_that_is_announced_is_told() -> None:
    assert Bench(venue()).live().say('{"closing": 5000}').acts == [Note("closing_soon", {"in_ms": 5_000})]


# --- beside the socket ------------------------------------------------------------------------------------------------


def test_a_market_is_looked_up_once_and_again_only_after_a_refusal() -> None:
    bench = Bench(venue(lookup=LOOKUP), instrument="").give(Started())
    assert [fetch.purpose for fetch in bench.all(Fetch)] == [FetchPurpose.LOOKUP]
    bench.answer(b'{"ETH": 7}')
    assert bench.machine.target.instrument == "7"
    assert len(bench.all(Connect)) == 1
    bench.give(Opened(), SocketClosed(None)).wait(60_000)
    assert len(bench.every(Fetch)) == 1
    bench.give(Opened()).say('{"refusal": "no such market"}').wait(60_000)
    assert [fetch.purpose for fetch in bench.every(Fetch)] == [FetchPurpose.LOOKUP, FetchPurpose.LOOKUP]


@pytest.mark.parametrize("answer", [b"{}", b"[]", b"no json", b'{"BTC": 1}', None])
def test_a_lookup_that_tells_nothing_waits_and_is_made_again(answer: bytes | None) -> None:
    bench = Bench(venue(lookup=LOOKUP), instrument="").give(Started())
    ticket = bench.every(Fetch)[0].ticket
    bench.give(FetchFailed(ticket, "HTTP 500", status=500) if answer is None else Fetched(ticket, answer))
    (note,) = bench.notes("reconnect")
    assert (note.fields["reason"], note.fields["stage"]) == (Reason.CONNECT_ERROR.value, "lookup")
    assert bench.every(Connect) == []
    assert len(bench.wait(1_000).all(Fetch)) == 1


def test_an_instrument_that_was_given_is_never_looked_up() -> None:
    bench = Bench(venue(lookup=LOOKUP), instrument="7").give(Started(), Opened()).say('{"refusal": "no"}').wait(5_000)
    assert bench.every(Fetch) == []


def test_funding_is_polled_by_rest_and_failures_are_counted_and_outlived() -> None:
    bench = Bench(venue(funding=FUNDING)).live()
    bench.answer(b'{"rate": "0.0001"}')
    assert isinstance(bench.published[0].event, Funding)
    assert bench.published[0].source is EventSource.REST
    for n in range(5):
        bench.wait(1_000).say(full(11 + n))
    bench.answer(b"<html>")
    assert bench.machine.counters.counts["funding_failed"] == 1
    quick(20, bench, 5)
    assert [fetch.purpose for fetch in bench.every(Fetch)] == [FetchPurpose.FUNDING] * 3


def test_an_answer_with_a_ticket_of_another_time_is_ignored() -> None:
    bench = Bench(venue(Recovery.REST)).open().say(diff(11))
    old = bench.every(Fetch)[0].ticket
    bench.give(SocketClosed(None)).wait(60_000).give(Opened()).say(diff(21))
    assert bench.give(Fetched(old, body(21))).published == []
    assert len(bench.answer(body(21)).published) == 1


def test_counts_of_reasons_go_on_over_sessions() -> None:
    bench = Bench(venue()).give(Started())
    for _ in range(3):
        bench.give(Opened(), SocketClosed(None)).wait(60_000)
    assert [note.fields["count"] for note in bench.notes("reconnect")] == [1, 2, 3]
