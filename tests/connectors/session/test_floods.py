"""Silence is judged by time while a flood of events waits, and a process that stood still takes its delay for no silence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.session.events import Close, Control, ControlReceived, Received, SessionEvent, Silence
from connectors.session.session import LATE_MS
from tests.connectors.harness import Harness, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

FLOODS: dict[str, tuple[SessionEvent, Reason, Silence | None]] = {
    "pings": (ControlReceived(Control.PING), Reason.STALE_WATCHDOG, Silence.HEARTBEAT_ONLY),
    "pongs": (ControlReceived(Control.PONG), Reason.STALE_WATCHDOG, Silence.MUTE),
    "heartbeats": (Received('{"beat": "x"}'), Reason.STALE_WATCHDOG, Silence.HEARTBEAT_ONLY),
    "trades": (Received('{"trade": "100"}'), Reason.STALE_WATCHDOG, Silence.TOPIC_MUTE),
    "acknowledgements": (Received('{"ack": "book"}'), Reason.STALE_WATCHDOG, Silence.MUTE),
    "announced closes": (Received('{"closing": 1}'), Reason.STALE_WATCHDOG, Silence.MUTE),
    "refusals of trades": (Received('{"refusal": "no", "topic": "trades"}'), Reason.STALE_WATCHDOG, Silence.MUTE),
    "frames of no topic": (Received("[]"), Reason.DECODE_FAIL_LOOP, None),
    "frames that are not JSON": (Received("{"), Reason.PARSE_ERROR, None),
}


def flooded(event: SessionEvent, for_ms: int, *, every_ms: int = 20) -> Harness:
    """Return a live session that then gets this event every few ms, so that there is always one waiting."""
    harness = Harness(venue(snapshot=None), limits()).go_live()
    until_ms = harness.now_ms + for_ms
    while harness.now_ms < until_ms and not harness.all(Close):
        harness.now_ms += every_ms
        harness.step(event)
    return harness


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_without_a_book_ends_the_session_in_time(kind: str) -> None:
    event, reason, silence = FLOODS[kind]
    harness = flooded(event, 30_000)
    (close,) = harness.all(Close)
    assert (close.reason, close.silence) == (reason, silence)
    silent_ms = harness.now_ms - 1_000_000
    assert silent_ms <= 15_000, "one and a half times the limit"


def test_a_book_within_the_flood_keeps_the_session() -> None:
    harness = Harness(venue(), limits()).go_live()
    for number in range(4_000):
        harness.now_ms += 20
        harness.step(ControlReceived(Control.PING))
        if number % 400 == 0:
            harness.receive(full(11 + number, bid=str(50 + number % 40)))
        harness.step(ControlReceived(Control.PONG))
    assert harness.all(Close) == []


def test_a_pong_that_never_comes_ends_the_session_within_a_flood_of_books() -> None:
    harness = Harness(venue(), limits(ping_interval_ms=5_000, pong_ms=2_000)).go_live()
    while not harness.all(Close) and harness.now_ms < 1_060_000:
        harness.now_ms += 20
        harness.receive(full(harness.now_ms))
    (close,) = harness.all(Close)
    assert close.reason is Reason.PING_TIMEOUT
    assert harness.now_ms - 1_000_000 == 5_000 + 2_000 + LATE_MS


FIRST = {
    "a trade": Received('{"trade": "100"}'),
    "a ping": ControlReceived(Control.PING),
    "a book": Received(full(20)),
    "an unreadable frame": Received("{"),
}


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("stood_still_ms", [1_500, 9_000, 11_000, 14_000, 25_000, 600_000])
def test_what_waited_while_the_process_stood_still_ends_no_session(first: str, stood_still_ms: int) -> None:
    """A ping is unanswered when the process stops; the book and the pong wait behind other frames."""
    values = replace(limits(), ping_interval_ms=5_000, pong_ms=2_000, read_ms=10_000)
    harness = Harness(venue(), values).go_live().wait(5_500)
    harness.receive(full(11))
    harness.now_ms += stood_still_ms
    harness.step(FIRST[first]).receive(json.dumps({"trade": "1"}), full(21)).pong()
    harness.wait(1_900)
    assert harness.all(Close) == []


def test_a_session_that_is_silent_after_a_standstill_ends_one_limit_later() -> None:
    harness = Harness(venue(snapshot=None), limits()).go_live()
    harness.now_ms += 25_000
    harness.step(ControlReceived(Control.PING)).wait(20_000)
    at_ms, close = next((at_ms, action) for at_ms, action in harness.log if isinstance(action, Close))
    assert close.reason is Reason.STALE_WATCHDOG
    assert at_ms - 1_000_000 == 25_000 + 10_000 + 2_000
