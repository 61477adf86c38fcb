"""Simulated venues refuse what goes beyond their limits, each in its own words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, CloseConnection, Content, HttpResponse, Request, SendData
from connectors.simulator.protocols import protocols
from connectors.simulator.protocols.limits import UsageLimits
from tests.simulation.fault_matrix import HEADERS

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


# --- Aster ------------------------------------------------------------------------------------------------------------

DEPTH = Request("GET", "/fapi/v3/depth", {"symbol": "ETHUSDT", "limit": "1000"})


def test_depth_asked_in_a_loop_meets_429_and_then_418_until_the_ban_is_over() -> None:
    exchange = Exchange(protocols()["aster"], start_unix_ms=1_790_000_000_000)
    responses = [exchange.request(number, DEPTH)[0] for number in range(131)]
    assert [response.status for response in responses] == [200] * 120 + [429] * 9 + [418] * 2
    assert b"current limit is 2400 requests per minute" in responses[120].body
    assert dict(responses[120].headers) == {"Retry-After": "60", "X-MBX-USED-WEIGHT-1M": "2400"}
    assert b"IP banned until 1790000120129" in responses[-1].body
    assert dict(responses[-1].headers)["Retry-After"] == "120"
    assert [exchange.request(at_ms, DEPTH)[0].status for at_ms in (120_128, 120_129)] == [418, 200]


def test_a_client_that_waits_after_429_is_not_banned() -> None:
    exchange = Exchange(protocols()["aster"])
    statuses = [exchange.request(at_ms, DEPTH)[0].status for at_ms in (*range(125), 60_000, *range(60_001, 60_006))]
    assert statuses == [200] * 120 + [429] * 5 + [200] * 6


WEIGHTS = {
    "/fapi/v3/depth": {"5": 2, "10": 2, "20": 2, "50": 2, "100": 5, "500": 10, "1000": 20, "": 10},
    "/fapi/v3/klines": {"99": 1, "499": 2, "1000": 5, "1500": 10, "": 5},
    "/fapi/v3/ticker/24hr": {"": 1},
}


@pytest.mark.parametrize(("path", "limit"), [(path, limit) for path, limits in WEIGHTS.items() for limit in limits])
def test_a_request_has_the_weight_of_its_limit(path: str, limit: str) -> None:
    query = {"symbol": "ETHUSDT", "interval": "1m"} | ({"limit": limit} if limit else {})
    response, _ = Exchange(protocols()["aster"]).request(0, Request("GET", path, query))
    assert response.status == 200
    assert dict(response.headers)["X-MBX-USED-WEIGHT-1M"] == str(WEIGHTS[path][limit])


def test_statistics_of_all_markets_weigh_forty() -> None:
    response, _ = Exchange(protocols()["aster"]).request(0, Request("GET", "/fapi/v3/ticker/24hr"))
    assert dict(response.headers)["X-MBX-USED-WEIGHT-1M"] == "40"


def test_aster_ends_a_connection_at_its_eleventh_message_in_a_second() -> None:
    exchange = Exchange(protocols()["aster"])
    busy, calm = (conn_id(exchange.connect(0, "/ws")[0]) for _ in range(2))
    message = '{"method":"LIST_SUBSCRIPTIONS","id":1}'
    assert all(exchange.receive(1, busy, message) for _ in range(10))
    assert exchange.receive(2, calm, message) != [CloseConnection(calm)]
    assert exchange.receive(1_000, busy, message) == [CloseConnection(busy)]


def test_aster_takes_two_hundred_streams_a_connection() -> None:
    exchange = Exchange(protocols()["aster"])
    intervals = ("1m", "3m", "5m", "15m")
    names = [f"ethusdt@kline_{interval}" for interval in intervals]
    refused, _ = exchange.connect(0, "/stream?streams=" + "/".join([*names, *["x"] * 197]))
    accepted, _ = exchange.connect(0, "/stream?streams=" + "/".join([*names, *["x"] * 196]))
    assert refused.status == 400
    assert isinstance(accepted, Accepted)
    few = limited("aster", subscriptions=2)
    connection = conn_id(few.connect(0, "/ws")[0])
    actions = few.receive(1, connection, json.dumps({"method": "SUBSCRIBE", "params": names[:3], "id": 1}))
    assert last_text(actions) == '{"code":2,"msg":"Invalid request: too many parameters"}'


# --- Hyperliquid ------------------------------------------------------------------------------------------------------

HL_SUBSCRIBE = '{"method":"subscribe","subscription":{"type":"%s","coin":"ETH"}}'


def test_hyperliquid_takes_ten_connections_and_thirty_handshakes_a_minute() -> None:
    exchange = Exchange(protocols()["hyperliquid"])
    open_ids = [conn_id(exchange.connect(0, "/ws")[0]) for _ in range(10)]
    assert exchange.connect(0, "/ws")[0] == HttpResponse(429, b"null")
    for _ in range(20):
        exchange.client_left(1, open_ids.pop())
        open_ids.append(conn_id(exchange.connect(1, "/ws")[0]))
    exchange.client_left(2, open_ids.pop())
    assert exchange.connect(2, "/ws")[0] == HttpResponse(429, b"null")
    assert isinstance(exchange.connect(60_001, "/ws")[0], Accepted)


def test_hyperliquid_reads_two_thousand_messages_a_minute_and_says_so() -> None:
    exchange = Exchange(protocols()["hyperliquid"])
    connection = conn_id(exchange.connect(0, "/ws")[0])
    for _ in range(2_000):
        answered = exchange.receive(1, connection, '{"method":"ping"}')
    refused = exchange.receive(2, connection, HL_SUBSCRIBE % "trades")
    assert last_text(answered) == '{"channel":"pong"}'
    assert last_text(refused) == '{"channel":"error","data":"Cannot send more than 2000 messages per minute."}'


def test_hyperliquid_refuses_a_subscription_above_its_limit() -> None:
    exchange = limited("hyperliquid", subscriptions=1)
    connection = conn_id(exchange.connect(0, "/ws")[0])
    exchange.receive(1, connection, HL_SUBSCRIBE % "trades")
    refused = exchange.receive(2, connection, HL_SUBSCRIBE % "bbo")
    assert last_text(refused) == '{"channel":"error","data":"Cannot subscribe to more than 1000 channels."}'


def test_hyperliquid_weighs_a_book_two_and_the_list_of_markets_twenty() -> None:
    exchange = Exchange(protocols()["hyperliquid"])
    book, markets = (
        Request("POST", "/info", body=body) for body in (b'{"type":"l2Book","coin":"ETH"}', b'{"type":"meta"}')
    )
    assert [exchange.request(0, markets)[0].status for _ in range(59)] == [200] * 59
    assert [exchange.request(0, book)[0].status for _ in range(10)] == [200] * 10
    assert exchange.request(0, book)[0] == HttpResponse(429, b"null")
    assert exchange.request(60_000, markets)[0].status == 200
