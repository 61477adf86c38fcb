"""Tests of the replay of a tape in virtual time: which frames, ends and answers come, and when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.recording.tape import FrameKind, TapeEntry, TapeHeader
from connectors.session.events import Control
from connectors.simulator.messages import (
    Accepted,
    CloseConnection,
    ExchangeAction,
    HttpResponse,
    Refused,
    Request,
    SendControl,
    SendData,
    Unanswered,
)
from connectors.simulator.protocols import protocols
from connectors.simulator.replay.replayed_venue import ReplayedVenue
from connectors.simulator.replay.tape_files import Tape
from connectors.venues import venues

SUBSCRIBE = '{"type":"subscribe","channel":"order_book/0"}'
PATH = "/stream"


def venue(*entries: TapeEntry, speed: float = 1.0) -> ReplayedVenue:
    header = TapeHeader("lighter", "ETH-USD", "written for this test")
    tape = Tape(Path("lighter.tape.jsonl"), venues()["lighter"], header, entries)
    return ReplayedVenue(tape, protocols()["lighter"], speed)


def received(at_ms: int, data: str | bytes) -> TapeEntry:
    return TapeEntry(at_ms, FrameKind.RECEIVED, data)


def attempt(at_ms: int, *events: TapeEntry) -> list[TapeEntry]:
    """Return the entries of an attempt that succeeds at `at_ms`."""
    return [TapeEntry(at_ms, FrameKind.CONNECT, call=""), TapeEntry(at_ms, FrameKind.OPEN), *events]


def rest(at_ms: int, call: str, data: str, body: str | None = None) -> TapeEntry:
    return TapeEntry(at_ms, FrameKind.REST, data, call, body=body)


def connect(replayed: ReplayedVenue, now_ms: int = 0) -> str:
    result, _ = replayed.connect(now_ms, PATH)
    assert isinstance(result, Accepted)
    return result.conn_id


def sent(replayed: ReplayedVenue, until_ms: int, begin_ms: int = 0) -> list[tuple[int, object]]:
    """Advance millisecond by millisecond; return the data, close codes and controls with their times."""
    found: list[tuple[int, object]] = []
    for now_ms in range(begin_ms, until_ms + 1):
        found += [(now_ms, _content(action)) for action in replayed.advance(now_ms)]
    return found


def _content(action: ExchangeAction) -> object:
    match action:
        case SendData(data=data):
            return data
        case SendControl(control=control):
            return control
        case CloseConnection(code=code, reset=reset):
            return "reset" if reset else code
    return action


def test_frames_come_at_their_times_since_the_opening_and_the_recorded_end_ends_the_socket() -> None:
    end = TapeEntry(540, FrameKind.CLOSE, "restart", code=1012)
    replayed = venue(*attempt(500, received(510, "a"), received(520, b"\x00"), TapeEntry(530, FrameKind.PING), end))
    assert connect(replayed, 1_000)
    assert replayed.due_ms == 1_010
    assert sent(replayed, 1_100, 1_000) == [(1_010, "a"), (1_020, b"\x00"), (1_030, Control.PING), (1_040, 1012)]


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("restart", 1012, 1012),
        ("", 1005, 1005),
        ("no close frame", None, None),
        ("Connection reset by peer", None, "reset"),
    ],
)
def test_each_end_is_replayed_in_its_own_way(text: str, code: int | None, expected: object) -> None:
    replayed = venue(*attempt(0, received(1, "a"), TapeEntry(2, FrameKind.CLOSE, text, code=code)))
    connect(replayed)
    assert sent(replayed, 5) == [(1, "a"), (2, expected)]


def test_each_attempt_of_the_client_meets_the_next_recorded_one() -> None:
    refused = TapeEntry(1, FrameKind.REFUSED, "HTTP 429", code=429, retry_after_ms=2_500)
    failures = [refused, TapeEntry(2, FrameKind.REFUSED, "refused"), TapeEntry(3, FrameKind.UNANSWERED, "silent")]
    recorded = [each for failed in failures for each in (TapeEntry(0, FrameKind.CONNECT, call=""), failed)]
    replayed = venue(
        *[replace(each, at_ms=at_ms) for at_ms, each in enumerate(recorded)], *attempt(9, received(9, "a"))
    )
    results = [replayed.connect(0, PATH)[0] for _ in range(5)]
    assert results[0] == HttpResponse(429, b"{}", (("Retry-After", "3"),))
    assert results[1:4] == [Refused(), Unanswered(), Accepted("li1")]
    assert isinstance(results[4], HttpResponse) and results[4].status == 404
    assert replayed.misses == {"socket /stream": 1}


def test_a_socket_that_began_with_the_client_waits_for_its_first_frame() -> None:
    sent_row = TapeEntry(10, FrameKind.SENT, SUBSCRIBE)
    replayed = venue(*attempt(0, sent_row, received(30, "book")))
    conn_id = connect(replayed)
    assert sent(replayed, 500) == []
    replayed.receive(600, conn_id, SUBSCRIBE.replace(",", " , "))
    assert sent(replayed, 700, 600) == [(620, "book")]


def test_a_frame_that_is_not_on_the_tape_is_refused_as_the_venue_refuses_and_begins_nothing() -> None:
    replayed = venue(*attempt(0, TapeEntry(10, FrameKind.SENT, SUBSCRIBE), received(30, "book")))
    conn_id = connect(replayed)
    (refusal,) = replayed.receive(5, conn_id, '{"type":"subscribe","channel":"order_book/9"}')
    assert isinstance(refusal, SendData) and "Invalid Channel" in str(refusal.data)
    assert sent(replayed, 100) == []
    assert list(replayed.misses.values()) == [1]
    assert "order_book/9" in replayed.served_sentence()


def test_pings_are_answered_only_where_the_recorded_venue_answered() -> None:
    pings = [
        (1_000, FrameKind.PING_SENT),
        (1_010, FrameKind.PONG),
        (2_000, FrameKind.PING_SENT),
        (9_000, FrameKind.LEAVE),
    ]
    replayed = venue(*attempt(0, *(TapeEntry(at_ms, kind) for at_ms, kind in pings)))
    conn_id = connect(replayed)
    answered = {at_ms: bool(replayed.receive_control(at_ms, conn_id, Control.PING)) for at_ms in (500, 1_500, 2_500)}
    assert answered == {500: True, 1_500: True, 2_500: False}


def test_a_request_gets_the_recorded_answer_of_its_path_and_body_that_is_next_in_time() -> None:
    answers = [rest(100, "/a?x=1", "first"), rest(5_000, "/a?x=1", "second"), rest(9_000, "/a?x=1", "third")]
    by_body = [rest(9_000, "/info", "book", '{"type": "l2Book"}'), rest(9_000, "/info", "meta", '{"type":"meta"}')]
    replayed = venue(*attempt(0, received(1, "a")), *answers, *by_body)
    connect(replayed)

    def body(now_ms: int, path: str, query: dict[str, str] | None = None, data: bytes = b"") -> bytes | int:
        response, _ = replayed.request(now_ms, Request("GET", path, query or {}, data))
        assert isinstance(response, HttpResponse)
        return response.body if response.status == 200 else response.status

    times = (120, 4_900, 5_100, 9_100, 60_000)
    assert [body(at_ms, "/a", {"x": "1"}) for at_ms in times] == [b"first", b"second", b"third", b"third", b"third"]
    assert body(0, "/info", data=b'{"type":"meta"}') == b"meta"
    assert body(0, "/info", data=b'{"type":"l2Book"}') == b"book"
    assert body(0, "/a", {"x": "2"}) == body(0, "/info", data=b"{}") == 404
    assert replayed.misses == {"GET /a?x=2": 1, "GET /info {}": 1}


def test_a_failed_request_fails_again_with_its_status_or_with_the_connection() -> None:
    failed = [TapeEntry(1, FrameKind.FAILED, "HTTP 503", "/a", code=503), TapeEntry(2, FrameKind.FAILED, "reset", "/b")]
    replayed = venue(*attempt(0, received(0, "a")), *failed)
    connect(replayed)
    results = [replayed.request(1, Request("GET", path))[0] for path in ("/a", "/b")]
    assert results == [HttpResponse(503, b"{}"), Refused()]


def test_the_sockets_of_side_feeds_are_replayed_beside_that_of_the_book() -> None:
    side = [replace(each, feed="trades", call="/trades") for each in attempt(5, received(20, "trade"))]
    main = attempt(0, received(10, "book"), received(30, "book again"))
    replayed = venue(*sorted([*main, *side], key=lambda each: each.at_ms))
    connect(replayed)
    assert isinstance(replayed.connect(2, f"{PATH}/trades")[0], Accepted)
    assert sent(replayed, 200) == [(10, "book"), (17, "trade"), (30, "book again")]


def test_speed_shortens_the_times_between_frames() -> None:
    replayed = venue(*attempt(0, received(1_000, "a"), received(2_000, "b")), speed=10)
    connect(replayed)
    assert sent(replayed, 300) == [(100, "a"), (200, "b")]


def test_a_tape_of_frames_alone_is_one_socket() -> None:
    replayed = venue(TapeEntry(700, FrameKind.SENT, SUBSCRIBE), received(710, "a"), received(730, "b"))
    replayed.receive(3, connect(replayed), SUBSCRIBE)
    assert sent(replayed, 50) == [(13, "a"), (33, "b")]


def test_at_most_a_hundred_different_misses_are_kept() -> None:
    replayed = venue(*attempt(0, received(1, "a")))
    for number in range(300):
        replayed.request(0, Request("GET", f"/{number}"))
    assert len(replayed.misses) == 101 and replayed.misses.total() == 300
    assert "96 more" in replayed.served_sentence()


def test_a_side_feed_takes_no_attempt_of_the_book_from_a_tape_without_urls() -> None:
    header = TapeHeader("extended", "BTC-USD", "written for this test")
    tape = Tape(Path("extended.tape.jsonl"), venues()["extended"], header, (received(0, "{}"),))
    replayed = ReplayedVenue(tape, protocols()["extended"])
    base = "/stream.extended.exchange/v1"
    refused = [replayed.connect(0, f"{base}/{feed}/BTC-USD")[0] for feed in ("publicTrades", "funding")]
    assert [response.status for response in refused if isinstance(response, HttpResponse)] == [404, 404]
    result, _ = replayed.connect(0, f"{base}/orderbooks/BTC-USD")
    assert isinstance(result, Accepted)
