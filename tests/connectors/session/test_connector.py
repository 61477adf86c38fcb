"""Attempts, sessions, the reason of every end, waits, and the REST requests beside the socket."""

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
from tests.connectors.harness import FUNDING, JSON_PINGS, LOOKUP, Harness, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason


def test_a_start_connects_and_subscribes_and_notes_each_milestone_once() -> None:
    harness = Harness(venue())
    assert [action for action in harness.step(Started()).actions if not isinstance(action, Note)] == [
        Connect("wss://a", (), 15_000)
    ]
    harness.step(Opened()).receive('{"ack": "book"}', full(1), '{"ack": "trades"}', full(2), '{"trade": "100"}')
    kinds = [note.kind for note in harness.all(Note)]
    assert kinds == [
        "connecting", "connected", "limits", "first_message", "subscribed", "first_top", "first_book",
    ]  # fmt: skip
    assert [type(publish.event) for publish in harness.published][2:] == [Trade]


def test_the_other_topics_are_subscribed_once_after_the_first_book_so_that_their_refusal_does_not_end_it() -> None:
    harness = Harness(venue())
    assert [action.text for action in harness.step(Started(), Opened()).last(Send)] == ["+book"]
    assert harness.receive('{"ack": "book"}').last(Send) == []
    assert [action.text for action in harness.receive(full(1), full(2)).last(Send)] == ["+trades"]
    assert harness.receive('{"refusal": "no such channel"}').closed is None


@pytest.mark.parametrize(
    ("event", "reason", "fields"),
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
def test_every_end_of_a_session_has_its_reason_and_is_followed_by_a_new_attempt(
    event: SessionEvent, reason: Reason, fields: dict[str, object]
) -> None:
    harness = Harness(venue()).go_live().step(event)
    closed = harness.closed
    assert closed is not None
    assert closed.reason is reason
    assert {name: getattr(closed, name) for name in fields} == fields
    assert isinstance(harness.actions[-1], Close)
    (note,) = harness.notes("reconnect")
    assert (note.fields["reason"], note.fields["count"], note.fields["connected"]) == (reason.value, 1, True)
    assert [action.url for action in harness.wait(1_000).last(Connect)] == ["wss://a"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (ConnectFailed("refused"), Reason.CONNECT_ERROR),
        (ConnectFailed("HTTP 503", status=503), Reason.CONNECT_ERROR),
        (ConnectFailed("", timeout=True), Reason.CONNECT_TIMEOUT),
    ],
    ids=str,
)
def test_a_failed_attempt_has_its_reason_and_http_status(event: ConnectFailed, reason: Reason) -> None:
    closed = Harness(venue()).step(Started(), event).closed
    assert closed is not None
    assert (closed.reason, closed.status) == (reason, event.status)


def test_retry_after_delays_the_next_attempt() -> None:
    harness = Harness(venue()).step(Started(), ConnectFailed("HTTP 429", status=429, retry_after_ms=45_000))
    assert harness.wait(44_999).last(Connect) == []
    assert len(harness.wait(1).last(Connect)) == 1


def test_waits_grow_with_every_end_until_a_healthy_session() -> None:
    harness = Harness(venue(), uniform=0.999_999).step(Started())
    for _ in range(4):
        harness.step(Opened(), SocketClosed(None)).wait(40_000)
    waits = [note.fields["wait_ms"] for note in harness.notes("waiting")]
    assert waits == [999, 1_999, 3_999, 7_999]
    harness.go_live()
    for n in range(70):
        harness.receive(full(n)).wait(1_000)
        harness.pong()
    harness.step(SocketClosed(None))
    assert harness.notes("waiting")[-1].fields["wait_ms"] == 999
    assert harness.notes("healthy_reset")[-1].fields["failures"] == 5


def test_the_next_endpoint_is_used_after_three_unhealthy_ends() -> None:
    harness = Harness(venue(), ws_urls=("wss://a", "wss://b"), rest_urls=("https://a", "https://b")).step(Started())
    for _ in range(4):
        harness.step(ConnectFailed("refused")).wait(60_000)
    assert [action.url for action in harness.all(Connect)] == ["wss://a", "wss://a", "wss://a", "wss://b", "wss://a"]
    assert harness.notes("rotated")[0].fields == {"ws": "wss://b", "rest": "https://b", "index": 1}


def test_a_session_ends_at_its_greatest_age_even_while_data_flows() -> None:
    harness = Harness(venue(), limits(session_ms=5_000)).go_live()
    for n in range(11, 16):
        harness.wait(999).receive(full(n))
    assert harness.closed is None
    assert harness.wait(10).closed == Close(Reason.SESSION_TIMEOUT, "5s")


def test_an_operators_stop_closes_without_a_reason_and_later_events_do_nothing() -> None:
    harness = Harness(venue()).go_live().step(Stop())
    assert harness.actions == [Note("stopped"), Close(None)]
    assert harness.machine.state is ConnectorState.STOPPED
    assert harness.machine.due_ms is None
    assert harness.step(Received(full(11)), Started(), TimePassed()).actions == []


@pytest.mark.parametrize(
    ("changed", "instrument", "state"),
    [({}, "ETH", ConnectorState.CONNECTING), ({"lookup": LOOKUP}, "", ConnectorState.LOOKUP)],
)
def test_a_restart_from_outside_ends_the_attempt_under_way(
    changed: dict[str, object], instrument: str, state: ConnectorState
) -> None:
    harness = Harness(venue(**changed), instrument=instrument).step(Started())
    assert harness.machine.state is state
    closed = harness.step(Stop(Reason.ENFORCER_RESTART, restart=True)).closed
    assert closed is not None and closed.reason is Reason.ENFORCER_RESTART
    assert harness.machine.state is ConnectorState.WAITING
    assert harness.step(Opened()).actions == []


def test_a_restart_from_outside_does_not_shorten_a_wait() -> None:
    harness = Harness(venue(), uniform=0.5).step(Started(), ConnectFailed("refused"))
    due_ms = harness.machine.due_ms
    assert harness.step(Stop(Reason.ENFORCER_RESTART, restart=True)).actions == []
    assert harness.machine.due_ms == due_ms


def test_a_fault_of_our_own_code_ends_the_attempt_and_waits_before_the_next() -> None:
    def broken(base: str, target: object) -> str:
        raise ZeroDivisionError

    harness = Harness(venue(socket_url=broken))
    with pytest.raises(ZeroDivisionError):
        harness.step(Started())
    closed = harness.step(Stop(Reason.TASK_PANIC, restart=True)).closed
    assert closed is not None
    assert closed.reason is Reason.TASK_PANIC
    assert (harness.machine.due_ms or 0) >= harness.now_ms + 100


# --- keep-alive -------------------------------------------------------------------------------------------------------


def book_every_second(n: int, harness: Harness, seconds: int) -> int:
    """Receive a book each second and nothing else; return the last sequence number."""
    for _ in range(seconds):
        n += 1
        harness.wait(1_000).receive(full(n))
    return n


@pytest.mark.parametrize("keep_alive", [None, JSON_PINGS], ids=["control", "json"])
def test_pings_are_sent_at_their_interval_and_a_missing_pong_ends_the_session(keep_alive: object) -> None:
    changed = {} if keep_alive is None else {"keep_alive": keep_alive}
    harness = Harness(venue(**changed), limits(ping_interval_ms=5_000, pong_ms=2_000)).go_live()
    pong: SessionEvent = ControlReceived(Control.PONG) if keep_alive is None else Received('{"beat": null}')
    n = 10
    for _ in range(3):
        n = book_every_second(n, harness, 5)
        harness.step(pong)
    sent = [action for action in harness.all(Ping) + harness.all(Send) if isinstance(action, Ping) or action.ping]
    assert len(sent) == 3
    assert [note.fields["count"] for note in harness.notes("ping_sent")] == [1, 2, 3]
    book_every_second(n, harness, 6)
    assert harness.wait(1_000).closed == Close(Reason.PING_TIMEOUT, "no pong within 2000ms")


def test_a_pong_of_the_other_kind_does_not_count() -> None:
    harness = Harness(venue(keep_alive=JSON_PINGS), limits(ping_interval_ms=5_000, pong_ms=2_000)).go_live()
    n = book_every_second(10, harness, 5)
    harness.pong()
    book_every_second(n, harness, 1)
    closed = harness.wait(1_000).closed
    assert closed is not None
    assert closed.reason is Reason.PING_TIMEOUT


def test_a_ping_interval_of_zero_turns_pings_off() -> None:
    harness = Harness(venue(), limits(ping_interval_ms=0)).go_live()
    book_every_second(10, harness, 120)
    assert harness.all(Ping) == []
    assert harness.machine.state is ConnectorState.OPEN


def test_a_failed_ping_is_counted_over_the_whole_run() -> None:
    harness = Harness(venue()).step(Started())
    for _ in range(2):
        harness.step(Opened(), SendFailed("gone", ping=True)).wait(60_000)
    assert [note.fields["count"] for note in harness.notes("ping_send_fail")] == [1, 2]


def test_the_venues_own_ping_is_answered_with_its_reply() -> None:
    harness = Harness(venue()).go_live().receive('{"beat": "pong!"}')
    assert harness.actions == [Send("pong!")]


# --- refusals and unreadable frames -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "topic", "fatal"),
    [(False, None, True), (False, "book", True), (True, "book", True), (True, None, False), (False, "trades", False)],
)
def test_a_refusal_ends_the_session_only_if_it_concerns_the_book(live: bool, topic: str | None, fatal: bool) -> None:
    harness = Harness(venue()).go_live() if live else Harness(venue()).open()
    named = "" if topic is None else f', "topic": "{topic}"'
    harness.receive(f'{{"refusal": "too many"{named}}}')
    assert harness.notes("refusal")[0].fields["text"] == "too many"
    assert (harness.closed is not None) is fatal


def test_a_refusal_during_a_resync_ends_the_session() -> None:
    harness = Harness(venue()).go_live().receive(diff(12, 11), '{"refusal": "already subscribed"}')
    closed = harness.closed
    assert closed is not None
    assert closed.reason is Reason.SUBSCRIBE_ERROR


@pytest.mark.parametrize("garbage", ["", "{", "[1,", b"\xff\xfe\x00", "NaN", "[" * 100_000, "hello"], ids=repr)
def test_frames_that_are_not_json_are_counted_and_too_many_end_the_session(garbage: str | bytes) -> None:
    harness = Harness(venue(), limits(parse_errors=5)).go_live().receive(*[garbage] * 5)
    assert harness.closed is None
    assert harness.machine.counters.counts["parse_error"] == 5
    closed = harness.receive(garbage).closed
    assert closed is not None
    assert closed.reason is Reason.PARSE_ERROR


def test_parse_errors_spread_over_more_than_a_minute_do_not_end_the_session() -> None:
    harness = Harness(venue(), limits(parse_errors=5)).go_live()
    for n in range(40):
        harness.wait(6_000).receive("{", full(11 + n))
        harness.wait(7_000).receive(full(11 + n, bid=str(50 + n)))
        harness.pong()
    assert harness.all(Close) == []


@pytest.mark.parametrize(
    "strange",
    ['{"what": 1}', "[]", "null", '"text"', full(3, topic="other"), full(3, bid="NaN"), '{"trade": "1e400"}'],
)
def test_json_of_unknown_shape_is_counted_and_too_many_in_a_row_end_the_session(strange: str) -> None:
    harness = Harness(venue()).go_live().receive(*[strange] * 9)
    assert harness.published == []
    assert harness.machine.counters.counts["decode_miss"] == 9
    harness.receive(full(20)).receive(*[strange] * 9)
    assert harness.all(Close) == []
    assert harness.receive(strange).closed == Close(Reason.DECODE_FAIL_LOOP, "10 consecutive decode failures")


def test_decode_misses_are_noted_three_times_and_then_every_hundredth_time() -> None:
    harness = Harness(venue(), limits(decode_misses=1_000)).go_live().receive(*['{"what": 1}'] * 250)
    assert [note.fields["count"] for note in harness.notes("decode_miss")] == [1, 2, 3, 100, 200]


def test_an_announced_close_is_noted() -> None:
    assert Harness(venue()).go_live().receive('{"closing": 5000}').actions == [Note("closing_soon", {"in_ms": 5_000})]


# --- beside the socket ------------------------------------------------------------------------------------------------


def test_a_market_is_looked_up_once_and_again_only_after_a_refusal() -> None:
    harness = Harness(venue(lookup=LOOKUP), instrument="").step(Started())
    assert [fetch.purpose for fetch in harness.last(Fetch)] == [FetchPurpose.LOOKUP]
    harness.answer(b'{"ETH": 7}')
    assert harness.machine.target.instrument == "7"
    assert len(harness.last(Connect)) == 1
    harness.step(Opened(), SocketClosed(None)).wait(60_000)
    assert len(harness.all(Fetch)) == 1
    harness.step(Opened()).receive('{"refusal": "no such market"}').wait(60_000)
    assert [fetch.purpose for fetch in harness.all(Fetch)] == [FetchPurpose.LOOKUP, FetchPurpose.LOOKUP]


@pytest.mark.parametrize("answer", [b"{}", b"[]", b"no json", b'{"BTC": 1}', None])
def test_a_lookup_without_a_result_is_repeated_after_a_wait(answer: bytes | None) -> None:
    harness = Harness(venue(lookup=LOOKUP), instrument="").step(Started())
    ticket = harness.all(Fetch)[0].ticket
    harness.step(FetchFailed(ticket, "HTTP 500", status=500) if answer is None else Fetched(ticket, answer))
    (note,) = harness.notes("reconnect")
    assert (note.fields["reason"], note.fields["stage"]) == (Reason.CONNECT_ERROR.value, "lookup")
    assert harness.all(Connect) == []
    assert len(harness.wait(1_000).last(Fetch)) == 1


def test_a_configured_instrument_is_never_looked_up() -> None:
    harness = (
        Harness(venue(lookup=LOOKUP), instrument="7").step(Started(), Opened()).receive('{"refusal": "no"}').wait(5_000)
    )
    assert harness.all(Fetch) == []


def test_funding_is_polled_by_rest_and_failures_are_counted() -> None:
    harness = Harness(venue(funding=FUNDING)).go_live()
    harness.answer(b'{"rate": "0.0001"}')
    assert isinstance(harness.published[0].event, Funding)
    assert harness.published[0].source is EventSource.REST
    for n in range(5):
        harness.wait(1_000).receive(full(11 + n))
    harness.answer(b"<html>")
    assert harness.machine.counters.counts["funding_failed"] == 1
    book_every_second(20, harness, 5)
    assert [fetch.purpose for fetch in harness.all(Fetch)] == [FetchPurpose.FUNDING] * 3


def test_a_response_to_a_request_of_an_earlier_session_is_ignored() -> None:
    harness = Harness(venue(Recovery.REST)).open().receive(diff(11))
    old = harness.all(Fetch)[0].ticket
    harness.step(SocketClosed(None)).wait(60_000).step(Opened()).receive(diff(21))
    assert harness.step(Fetched(old, body(21))).published == []
    assert len(harness.answer(body(21)).published) == 1


def test_counts_of_reasons_continue_over_sessions() -> None:
    harness = Harness(venue()).step(Started())
    for _ in range(3):
        harness.step(Opened(), SocketClosed(None)).wait(60_000)
    assert [note.fields["count"] for note in harness.notes("reconnect")] == [1, 2, 3]
