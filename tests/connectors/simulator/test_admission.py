"""Simulated venues refuse what goes beyond their limits, each in its own words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, CloseConnection, Content, HttpResponse, Request, SendData
from connectors.simulator.protocols import protocols
from connectors.simulator.protocols.limits import UsageLimits
from tests.simulation.fault_matrix import HEADERS

PATHS = {"lighter": "/stream", "extended": "/v2/rpc", "aster": "/ws"}
SUBSCRIBE = {
    "lighter": '{"type":"subscribe","channel":"%s/0"}',
    "extended": '{"method":"subscribe","id":"1","params":{"scope":"%s","selector":{"market":"ETH-USD"}}}',
}


def limited(venue: str, **limits: int) -> Exchange:
    return Exchange(replace(protocols()[venue], usage_limits=UsageLimits(**limits)))


def conn_id(result: object) -> str:
    assert isinstance(result, Accepted)
    return result.conn_id


def last_text(actions: list[object]) -> str:
    frames = [action for action in actions if isinstance(action, SendData) and action.content != Content.BOOK]
    return str(frames[-1].data)


REQUESTS = {
    "lighter": ("/api/v1/currentHeight", 60, '{"code":23000,"message":"Too Many Requests!"}'),
    "extended": (
        "/api/v1/info/markets/ETH-USD/orderbook",
        1_000,
        '{"status":"ERROR","error":{"code":429,"message":"Rate limit exceeded"}}',
    ),
}


@pytest.mark.parametrize("venue", REQUESTS)
def test_requests_above_the_limit_of_a_minute_get_429_until_the_oldest_is_a_minute_old(venue: str) -> None:
    path, limit, text = REQUESTS[venue]
    exchange = Exchange(protocols()[venue])
    request = Request("GET", path, headers=HEADERS)
    responses = [exchange.request(number * 10, request)[0] for number in range(limit + 1)]
    assert {response.status for response in responses[:-1]} == {200}
    assert responses[-1] == HttpResponse(429, text.encode())
    assert exchange.request(60_000, request)[0].status == 200


def test_a_message_above_the_limit_of_a_minute_is_refused_by_lighter_and_not_read() -> None:
    exchange = Exchange(protocols()["lighter"])
    connection = conn_id(exchange.connect(0, "/stream")[0])
    for _ in range(200):
        answered = exchange.receive(1, connection, '{"type":"ping"}')
    refused = exchange.receive(2, connection, SUBSCRIBE["lighter"] % "trade")
    taken = exchange.receive(60_002, connection, SUBSCRIBE["lighter"] % "trade")
    assert last_text(answered) == '{"type":"pong"}'
    assert last_text(refused) == '{"error":{"code":30009,"message":"Too Many Websocket Messages!"}}'
    assert last_text(taken).endswith('"type":"subscribed/trade"}')


def test_a_venue_without_words_for_it_ends_a_connection_that_sends_too_many_messages() -> None:
    exchange = limited("aster", messages=1)
    connection = conn_id(exchange.connect(0, "/ws")[0])
    exchange.receive(1, connection, '{"method":"LIST_SUBSCRIPTIONS","id":1}')
    assert exchange.receive(2, connection, '{"method":"LIST_SUBSCRIPTIONS","id":2}') == [CloseConnection(connection)]


def test_a_subscription_above_the_limit_of_a_connection_is_refused() -> None:
    exchange = limited("lighter", subscriptions=1)
    connection = conn_id(exchange.connect(0, "/stream")[0])
    exchange.receive(1, connection, SUBSCRIBE["lighter"] % "trade")
    refused = exchange.receive(2, connection, SUBSCRIBE["lighter"] % "ticker")
    assert last_text(refused) == '{"error":{"code":23001,"message":"Too Many Subscriptions!"}}'


def test_the_subscription_of_a_stream_that_there_is_does_not_count_again() -> None:
    exchange = limited("extended", subscriptions=1)
    connection = conn_id(exchange.connect(0, "/v2/rpc", HEADERS)[0])
    for at_ms in (1, 2):
        actions = exchange.receive(at_ms, connection, SUBSCRIBE["extended"] % "funding-rates")
        assert '"type":"FUNDING_RATES"' in last_text(actions)


@pytest.mark.parametrize("limits", [{"connections": 2}, {"connects": 2}])
def test_a_connection_above_the_limit_is_refused(limits: dict[str, int]) -> None:
    exchange = limited("lighter", **limits)
    first, *_ = [conn_id(exchange.connect(0, "/stream")[0]) for _ in range(2)]
    refused, _ = exchange.connect(1, "/stream")
    assert refused == HttpResponse(429, b'{"code":23003,"message":"Too Many Connections!"}')
    exchange.client_left(2, first)
    again, _ = exchange.connect(60_002, "/stream")
    assert isinstance(again, Accepted)
