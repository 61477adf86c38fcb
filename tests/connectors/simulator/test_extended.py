"""The simulated Extended: its streams by URL and by request, its numbering, and who it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, Content, HttpResponse, Request, SendData
from connectors.simulator.protocols import protocols
from tests.connectors.simulator.listener import Listener
from tests.simulation.fault_matrix import HEADERS

START_UNIX_MS = 1_790_000_000_000
V1, V2 = "/stream.extended.exchange/v1", "/stream.extended.exchange/v2/rpc"


def converse(path: str, requests: list[dict[str, Any]], seconds: float, *, after_s: int = 60) -> list[dict[str, Any]]:
    """Connect after some time and send requests; return all frames of some seconds."""
    exchange = Exchange(protocols()["extended"], start_unix_ms=START_UNIX_MS)
    exchange.advance(after_s * 1_000)
    result, actions = exchange.connect(after_s * 1_000, path, HEADERS)
    assert isinstance(result, Accepted)
    for request in requests:
        actions += exchange.receive(after_s * 1_000, result.conn_id, json.dumps(request))
    actions += exchange.advance(int((after_s + seconds) * 1_000))
    return [json.loads(action.data) for action in actions if isinstance(action, SendData)]


STREAMS = {
    # path: (type of a frame, names in its data)
    "/orderbooks/ETH-USD": ("SNAPSHOT", {"t", "m", "b", "a", "d"}),
    "/orderbooks/ETH-USD?depth=1": ("SNAPSHOT", {"t", "m", "b", "a", "d"}),
    "/orderbooks": ("SNAPSHOT", {"t", "m", "b", "a", "d"}),
    "/publicTrades/ETH-USD": (None, {"i", "m", "S", "tT", "T", "p", "q"}),
    "/funding/ETH-USD": (None, {"m", "T", "f"}),
    "/prices/mark/ETH-USD": ("MP", {"m", "p", "ts"}),
    "/prices/index": ("IP", {"m", "p", "ts"}),
    "/candles/ETH-USD/trades?interval=PT1M": (None, {"T", "o", "h", "l", "c", "v"}),
    "/candles/ETH-USD/mark-prices?interval=PT1H": (None, {"T", "o", "h", "l", "c"}),
}


@pytest.mark.parametrize("path", STREAMS)
def test_a_url_is_the_subscription_of_its_stream(path: str) -> None:
    frame_type, names = STREAMS[path]
    first, *later = converse(V1 + path, [], 5)
    rows = first["data"] if isinstance(first["data"], list) else [first["data"]]
    assert first.get("type") == frame_type
    assert set(rows[0]) == names
    assert [frame["seq"] for frame in (first, *later)] == list(range(1, len(later) + 2))


UNKNOWN = {
    "/orderbooks/X-USD": 1_001,
    "/prices/mark/X-USD": 1_001,
    "/candles/X-USD/trades?interval=PT1M": 1_001,
    "/candles/ETH-USD/trades?interval=PT7M": 1_005,
    "/gossip/ETH-USD": 404,
}


@pytest.mark.parametrize(("path", "code"), UNKNOWN.items())
def test_an_unknown_market_or_stream_is_refused_at_the_handshake(path: str, code: int) -> None:
    result, _ = Exchange(protocols()["extended"]).connect(0, V1 + path, HEADERS)
    assert isinstance(result, HttpResponse)
    assert (result.status, json.loads(result.body)["error"]["code"]) == (400 if code == 1_005 else 404, code)


def test_a_client_that_names_no_user_agent_is_refused() -> None:
    exchange = Exchange(protocols()["extended"])
    result, _ = exchange.connect(0, f"{V1}/orderbooks/ETH-USD")
    response, _ = exchange.request(0, Request("GET", "/api/v1/info/markets"))
    assert result == response
    assert response.status == 403
    assert b"403 Forbidden" in response.body


def test_the_full_book_of_each_minute_follows_the_changes_of_its_time_and_continues_the_numbers() -> None:
    listener = Listener("extended")
    listener.connect()
    listener.listen(125_000)
    frames = [json.loads(frame.data) for frame in listener.frames(Content.BOOK)]
    full = [place for place, frame in enumerate(frames) if frame["type"] == "SNAPSHOT"]
    assert len(full) == 3
    for place in full[1:]:
        before, after = frames[place - 1], frames[place]
        assert (before["type"], before["ts"]) == ("DELTA", after["ts"])
        assert after["seq"] == before["seq"] + 1


# --- JSON-RPC ---------------------------------------------------------------------------------------------------------


def request(method: str, number: int, scope: str | None = None, **selector: Any) -> dict[str, Any]:
    params = {} if scope is None else {"params": {"scope": scope, "selector": selector}}
    return {"method": method, "id": str(number), "jsonrpc": "2.0", **params}


RESPONSES = {
    # case: (request, result or error of its response; None: no response)
    "ping": (request("ping", 1), {"method": "ping", "status": "OK"}),
    "no topics": (
        request("list-subscriptions", 1),
        {"method": "list-subscriptions", "status": "OK", "subscriptions": []},
    ),
    "a topic": (
        request("subscribe", 1, "orderbooks", market="ETH-USD", depth="1", rfqOnly=False),
        {"method": "subscribe", "status": "OK", "subscription": "orderbooks.1.ETH-USD"},
    ),
    "all markets": (
        request("subscribe", 1, "trades", market=None),
        {"method": "subscribe", "status": "OK", "subscription": "trades.all"},
    ),
    "another market": (
        request("subscribe", 1, "trades", market="X-USD"),
        {"code": -32_602, "message": "Invalid params"},
    ),
    "another scope": (request("subscribe", 1, "gossip", market=None), {"code": -32_602, "message": "Invalid params"}),
    "not subscribed": (
        request("unsubscribe", 1, "trades", market="ETH-USD"),
        {"code": -32_602, "message": "Invalid params"},
    ),
    "another method": (request("dance", 1), {"code": -32_601, "message": "Method not found"}),
    "another depth": (request("subscribe", 1, "orderbooks", market="ETH-USD", depth="5"), None),
}


@pytest.mark.parametrize(("asked", "expected"), RESPONSES.values(), ids=RESPONSES)
def test_a_request_is_answered_under_its_id(asked: dict[str, Any], expected: dict[str, Any] | None) -> None:
    answers = [frame for frame in converse(V2, [asked], 0) if "id" in frame]
    assert [(frame["id"], frame.get("result", frame.get("error"))) for frame in answers] == (
        [] if expected is None else [("1", expected)]
    )


def test_the_numbers_run_from_0_over_all_topics_of_a_connection() -> None:
    scopes = {"orderbooks": {"depth": "full"}, "prices": {"type": "mark"}, "trades": {}, "funding-rates": {}}
    asked = [
        request("subscribe", number, scope, market="ETH-USD", **more)
        for number, (scope, more) in enumerate(scopes.items())
    ]
    data = [frame for frame in converse(V2, asked, 5) if "seq" in frame]
    assert [frame["seq"] for frame in data] == list(range(len(data)))
    assert {frame["type"] for frame in data} == {
        "ORDERBOOKS.SNAPSHOT",
        "ORDERBOOKS.DELTA",
        "PRICES.MP",
        "TRADES",
        "FUNDING_RATES",
    }


def test_a_second_subscription_of_a_topic_replaces_the_first_and_brings_the_full_book_again() -> None:
    asked = [request("subscribe", number, "orderbooks", market="ETH-USD", depth="full") for number in (1, 2)]
    frames = converse(V2, asked, 0.3)
    kinds = [frame.get("type", "response") for frame in frames]
    assert kinds == ["response", "ORDERBOOKS.SNAPSHOT"] * 2 + ["ORDERBOOKS.DELTA"] * 3


def test_an_ended_subscription_sends_nothing_more() -> None:
    asked = [request(method, 1, "trades", market="ETH-USD") for method in ("subscribe", "unsubscribe")]
    assert [frame.get("type", "response") for frame in converse(V2, asked, 20)] == ["response", "TRADES", "response"]
