"""Tests of the recorder: which events and actions of a connector become rows of a tape, and how they are read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.clock import VirtualClock
from connectors.recording.tape import FrameKind, TapeEntry, TapeHeader, read_entry, read_header, read_tape
from connectors.recording.tape_writer import TapeWriter
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    Fetch,
    Fetched,
    FetchFailed,
    FetchPurpose,
    Opened,
    Ping,
    Received,
    Send,
    SessionEvent,
    SocketClosed,
)
from connectors.venues.spec import RestCall
from toolkit.model.vocabulary import ReconnectReason

HEADER = TapeHeader("aster", "ETHUSDT", "SIMULATED", "ethusdt", {"A": 1})
CONNECT = Connect("wss://a.test/ws/eth@depth?x=1", (), 15_000)


def fetch(ticket: int) -> Fetch:
    return Fetch(ticket, FetchPurpose.SNAPSHOT, "https://a.test/depth", RestCall("/depth", "POST", "{}"), 5_000)


def recorded(tmp_path: Path, *steps: SessionEvent | Action) -> list[TapeEntry]:
    """Record each step one millisecond after the one before, and read the tape."""
    clock = VirtualClock(0)
    with TapeWriter(tmp_path / "frames", HEADER, clock, ("wss://b.test", "wss://a.test/ws")) as tape:
        recorder = tape.recorder()
        for at_ms, step in enumerate(steps, start=1):
            clock.advance_to(at_ms)
            recorder.record_action(step) if isinstance(step, Action) else recorder.record_event(step)
    with (tmp_path / "frames" / "aster.tape.jsonl").open() as lines:
        header, entries = read_tape(lines)
    assert header == HEADER
    return entries


def test_recorded_frames_form_a_tape(tmp_path: Path) -> None:
    frames = [Send("subscribe"), Received(b'{"a":1}'), Received(b"\xff\x00"), Received(b"ab", binary=True)]
    controls = [Ping("p"), ControlReceived(Control.PONG), ControlReceived(Control.PING)]
    assert recorded(tmp_path, Opened(), *frames, *controls)[1:] == [
        TapeEntry(2, FrameKind.SENT, "subscribe"),
        TapeEntry(3, FrameKind.RECEIVED, '{"a":1}'),
        TapeEntry(4, FrameKind.RECEIVED, b"\xff\x00"),
        TapeEntry(5, FrameKind.RECEIVED, b"ab"),
        TapeEntry(6, FrameKind.PING_SENT),
        TapeEntry(7, FrameKind.PONG),
        TapeEntry(8, FrameKind.PING),
    ]


def test_a_tape_states_how_each_attempt_and_each_socket_ended(tmp_path: Path) -> None:
    closed = Close(ReconnectReason.SERVER_CLOSE)
    stale = Close(ReconnectReason.STALE_WATCHDOG)
    refused = ConnectFailed("HTTP 429", status=429, retry_after_ms=3_000)
    steps = [CONNECT, refused, CONNECT, ConnectFailed("a.test did not answer", timeout=True)]
    steps += [CONNECT, Opened(), SocketClosed(1012, "restart"), closed, CONNECT, Opened(), stale]
    assert recorded(tmp_path, *steps) == [
        TapeEntry(1, FrameKind.CONNECT, call="/eth@depth?x=1"),
        TapeEntry(2, FrameKind.REFUSED, "HTTP 429", code=429, retry_after_ms=3_000),
        TapeEntry(3, FrameKind.CONNECT, call="/eth@depth?x=1"),
        TapeEntry(4, FrameKind.UNANSWERED, "a.test did not answer"),
        TapeEntry(5, FrameKind.CONNECT, call="/eth@depth?x=1"),
        TapeEntry(6, FrameKind.OPEN),
        TapeEntry(7, FrameKind.CLOSE, "restart", code=1012),
        TapeEntry(9, FrameKind.CONNECT, call="/eth@depth?x=1"),
        TapeEntry(10, FrameKind.OPEN),
        TapeEntry(11, FrameKind.LEAVE, "stale_watchdog"),
    ]


def test_a_tape_states_the_request_of_each_answer(tmp_path: Path) -> None:
    answers = [Fetched(1, b"[]"), FetchFailed(2, "HTTP 503", 503, 2_000)]
    assert recorded(tmp_path, fetch(1), fetch(2), *answers) == [
        TapeEntry(3, FrameKind.REST, "[]", "/depth", body="{}"),
        TapeEntry(4, FrameKind.FAILED, "HTTP 503", "/depth", code=503, body="{}", retry_after_ms=2_000),
    ]


def test_a_frame_that_no_open_socket_takes_is_not_recorded(tmp_path: Path) -> None:
    assert recorded(tmp_path, Send("too early"), Ping("p"), Close(None)) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"at_ms":-1,"way":"received","text":""}', "at_ms"),
        ('{"at_ms":"1","way":"received","text":""}', "at_ms"),
        ('{"at_ms":1,"way":"sideways","text":""}', "way"),
        ('{"at_ms":1,"way":"received"}', "needs `text` or `base64`"),
        ('{"at_ms":1,"way":"received","base64":"?"}', "base64"),
        ('{"at_ms":1,"way":"close","code":99999}', "code"),
        ('{"at_ms":1,"way":"recei', "truncated"),
    ],
)
def test_a_line_of_another_form_is_an_error_that_names_the_fault(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_entry(line)


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"tape":2,"venue":"aster","market":"A","source":""}', '{"tape":1,"venue":"aster"}']
)
def test_a_first_line_of_another_form_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="tape"):
        read_header(line)
