"""A side feed publishes its data, tells its losses in notes of its own, and connects again with a backoff of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.recording.log_lines import render
from connectors.session.connector import ConnectorState
from connectors.session.events import (
    Action,
    Close,
    Connect,
    ConnectFailed,
    Control,
    ControlReceived,
    Note,
    Opened,
    Ping,
    Publish,
    Received,
    SendFailed,
    SessionEvent,
    SocketClosed,
    Started,
    Stop,
    TimePassed,
)
from connectors.session.side_feeds.connector import SILENCE_MS, SideConnector
from connectors.settings import limits, resolve, target, venue_settings
from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, CloseConnection, ExchangeAction, SendControl, SendData
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import plan
from connectors.venues import venues
from connectors.venues.frames import Funding, Trade
from connectors.venues.spec import VenueLimits
from tests.simulation.fault_matrix import HEADERS
from toolkit.model.vocabulary import ReconnectReason as Reason

VENUE = venues()["extended"]
RESOLVED = resolve(venue_settings(VENUE), {})
TARGET = target(VENUE, RESOLVED, "BTC")
TRADES, FUNDING = VENUE.side_feeds(TARGET)
TRADE = '{"data":[{"i":1,"m":"BTC-USD","S":"BUY","tT":"TRADE","T":9,"p":"63709","q":"0.00481"}],"ts":10,"seq":2}'


def side_feed(feed: Any = TRADES, uniform: float = 0.0, **environ: str) -> SideConnector:
    return SideConnector(VENUE, TARGET, limits(VENUE, resolve(venue_settings(VENUE), environ)), feed, lambda: uniform)


def opened(uniform: float = 0.0, **environ: str) -> SideConnector:
    machine = side_feed(uniform=uniform, **environ)
    machine.step(0, Started())
    machine.step(10, Opened())
    return machine


def notes(actions: list[Action]) -> list[str]:
    return [line for action in actions if isinstance(action, Note) for line, _ in render(VENUE, action)]


def test_each_side_feed_has_the_url_and_topic_of_its_stream() -> None:
    base = TARGET.ws_urls[0]
    assert [(feed.topic.key, feed.socket_url(base, TARGET)) for feed in (TRADES, FUNDING)] == [
        ("publicTrades:BTC-USD", f"{base}/publicTrades/BTC-USD"),
        ("funding:BTC-USD", f"{base}/funding/BTC-USD"),
    ]


def test_it_connects_with_the_headers_of_the_venue_and_publishes_its_data() -> None:
    machine = side_feed()
    (connect,) = machine.step(0, Started())
    assert isinstance(connect, Connect)
    assert dict(connect.headers)["User-Agent"]
    machine.step(10, Opened())
    published = [action.event for action in machine.step(20, Received(TRADE)) if isinstance(action, Publish)]
    assert [type(event) for event in published] == [Trade]


ENDS: dict[str, tuple[SessionEvent, Reason]] = {
    "reset": (SocketClosed(None, "no close frame"), Reason.STREAM_ENDED),
    "close frame": (SocketClosed(1012, "restart"), Reason.SERVER_CLOSE),
    "ping not written": (SendFailed("not written", ping=True), Reason.PING_SEND_FAIL),
    "refused": (Received('{"type":"SNAPSHOT","error":"Market not found","ts":1,"seq":0}'), Reason.SUBSCRIBE_ERROR),
}


@pytest.mark.parametrize(("event", "reason"), ENDS.values(), ids=ENDS)
def test_a_loss_is_told_and_another_attempt_follows(event: SessionEvent, reason: Reason) -> None:
    machine = opened()
    actions = machine.step(5_010, event)
    *_, close = actions
    assert isinstance(close, Close)
    (line,) = notes(actions)
    assert line.startswith(
        f"WARN: Extended side feed publicTrades:BTC-USD lost reason={reason} count=1 lasted=5s retry_in=100ms: "
    )
    assert machine.due_ms == 5_110
    assert [type(action) for action in machine.step(5_110, TimePassed())] == [Connect]


def test_a_failed_attempt_is_told_and_respects_retry_after() -> None:
    machine = side_feed()
    machine.step(0, Started())
    (line,) = notes(machine.step(100, ConnectFailed("HTTP 429", status=429, retry_after_ms=9_000)))
    assert "reason=connect_error count=1 lasted=0ms retry_in=9s: HTTP 429" in line
    assert machine.state is ConnectorState.WAITING


def test_the_wait_grows_until_a_socket_was_healthy() -> None:
    machine, now_ms, waits = opened(uniform=0.5), 10, []
    for lasted_ms in (0, 0, 0, 60_000):
        machine.step(now_ms := now_ms + lasted_ms, SocketClosed(None))
        waits.append((machine.due_ms or 0) - now_ms)
        machine.step(now_ms := now_ms + 100_000, TimePassed())
        machine.step(now_ms, Opened())
    assert waits == [550, 1_050, 2_050, 550]


def test_a_rare_trade_is_no_silence_as_long_as_the_venue_pings() -> None:
    machine = opened()
    for at_ms in range(15_000, 600_000, 15_000):
        actions = machine.step(at_ms, ControlReceived(Control.PING)) + machine.step(
            at_ms + 1, ControlReceived(Control.PONG)
        )
        assert not [action for action in actions if isinstance(action, Close)]
    assert machine.live


def test_silence_of_the_whole_socket_ends_it() -> None:
    machine = opened(PARAPHINA_EXTENDED_PING_INTERVAL_MS="0")
    assert not [action for action in machine.step(9 + SILENCE_MS, TimePassed()) if isinstance(action, Close)]
    (line,) = notes(machine.step(10 + SILENCE_MS, TimePassed()))
    assert "lost reason=read_timeout" in line


def test_a_ping_without_answer_ends_it_and_its_pings_are_not_those_of_the_book() -> None:
    machine = opened()
    pinged = machine.step(30_010, TimePassed())
    (line,) = notes(machine.step(40_010, TimePassed()))
    assert [type(action) for action in pinged] == [Ping]
    assert "lost reason=ping_timeout" in line


def test_frames_that_cannot_be_read_are_told_and_end_it() -> None:
    machine = opened()
    actions = [
        action for number in range(VenueLimits().decode_misses) for action in machine.step(20 + number, Received("{oh"))
    ]
    lines = notes(actions)
    assert lines[0].startswith("WARN: Extended side feed publicTrades:BTC-USD frame not read why=")
    assert "lost reason=decode_fail_loop" in lines[-1]


def test_a_stopped_side_feed_closes_its_socket_and_does_nothing_more() -> None:
    machine = opened()
    assert machine.step(20, Stop()) == [Close(None)]
    assert machine.step(21, Received(TRADE)) == []
    assert machine.due_ms is None


# --- against the simulated venue ----------------------------------------------------------------------------------------


def follow(feed: Any, seconds: int, *faults: Any) -> list[tuple[int, Action]]:
    """Run a side feed against the simulated venue in virtual time; return its actions with their times in ms."""
    exchange, machine = Exchange(protocols()["extended"], base="BTC", plan=faults), side_feed(feed)
    done: list[tuple[int, Action]] = []
    connected: list[str] = []

    def step(now_ms: int, event: SessionEvent) -> None:
        for action in machine.step(now_ms, event):
            done.append((now_ms, action))
            if isinstance(action, Connect):
                path = action.url.removeprefix("wss://api.starknet.extended.exchange")
                result, actions = exchange.connect(now_ms, path, HEADERS)
                if isinstance(result, Accepted):
                    connected[:] = [result.conn_id]
                step(now_ms, Opened() if isinstance(result, Accepted) else ConnectFailed(str(result)))
                carry_out(now_ms, actions)
            elif isinstance(action, Ping):
                carry_out(now_ms, exchange.receive_control(now_ms, connected[0], Control.PING))

    def carry_out(now_ms: int, actions: list[ExchangeAction]) -> None:
        for action in actions:
            match action:
                case SendData(data=data):
                    step(now_ms, Received(data))
                case SendControl(control=Control.PING):
                    step(now_ms, ControlReceived(Control.PING))
                    carry_out(now_ms, exchange.receive_control(now_ms, connected[0], Control.PONG))
                case SendControl():
                    step(now_ms, ControlReceived(Control.PONG))
                case CloseConnection(code=code):
                    step(now_ms, SocketClosed(code))

    step(0, Started())
    for now_ms in range(0, seconds * 1_000, 50):
        carry_out(now_ms, exchange.advance(now_ms))
        step(now_ms, TimePassed())
    return done


@pytest.mark.parametrize(("feed", "kind"), [(TRADES, Trade), (FUNDING, Funding)])
def test_a_quiet_minute_brings_data_and_no_loss(feed: Any, kind: type) -> None:
    done = follow(feed, 90)
    assert {type(action.event) for _, action in done if isinstance(action, Publish)} == {kind}
    assert [action.kind for _, action in done if isinstance(action, Note)] == ["side_open"]


def test_a_dropped_side_feed_comes_back_by_itself() -> None:
    done = follow(TRADES, 60, plan("extended", "drop", 20))
    kinds = [action.kind for _, action in done if isinstance(action, Note)]
    assert kinds == ["side_open", "side_lost", "side_open"]
    assert any(at_ms > 21_000 for at_ms, action in done if isinstance(action, Publish))


def test_no_line_of_a_side_feed_is_counted_as_a_reconnect_of_the_book() -> None:
    lines = notes([action for _, action in follow(TRADES, 60, plan("extended", "drop", 20))])
    words = json.dumps(lines).lower()
    assert not [
        phrase for phrase in ("reconnect", "public ws", "ws closed", "connect error", "stream ended") if phrase in words
    ]
