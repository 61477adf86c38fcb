"""Tests of the simulated venue protocols: published frame shapes, and the responses and errors of the real venues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, CloseConnection, Content, HttpResponse, Request, SendData
from connectors.simulator.protocols import protocols
from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.venues.frames import exact_levels
from tests.connectors.simulator.listener import HEADERS, NAMES, START_UNIX_MS, Listener

TAPES = Path(__file__).parent.parent / "tapes"
JSON = {"PARADEX_WS_ENCODING": "json"}
FEEDS = [
    *((name, {} if name != "paradex" else JSON) for name in NAMES),
    ("extended", {"PARAPHINA_EXTENDED_WS_DEPTH_LEVELS": "1"}),
    ("paradex", JSON | {"PARAPHINA_PARADEX_PUBLIC_FEED": "deltas"}),
    ("paradex", JSON | {"PARAPHINA_PARADEX_PUBLIC_FEED": "orderbook"}),
]


def field_types(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and the type of each value in a message."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from field_types(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from field_types(inner, (*path, "[]"))
    else:
        yield path, type(value).__name__


def recorded_fields(venue: str) -> set[tuple[tuple[str, ...], str]]:
    fields: set[tuple[tuple[str, ...], str]] = set()
    for tape in TAPES.glob(f"{venue}.*.tape.jsonl"):
        for line in tape.read_text().splitlines()[1:]:
            row = json.loads(line)
            if row["way"] != "sent" and row.get("text", "").startswith(("{", "[")):
                text = row["text"]
                fields |= set(field_types(json.loads(text))) if text.endswith(("}", "]")) else set()
    return fields


@pytest.mark.parametrize(("venue", "environ"), FEEDS)
def test_every_field_of_a_frame_is_in_a_published_frame(venue: str, environ: dict[str, str]) -> None:
    listener = Listener(venue, environ=environ)
    listener.connect()
    listener.listen(8_000)
    assert listener.venue.snapshot is not None
    frames = [str(frame.data) for frame in listener.frames(Content.TEXT)]
    bodies = [*frames, listener.fetch(listener.venue.snapshot).body.decode()]
    assert set().union(*(field_types(json.loads(body)) for body in bodies)) <= recorded_fields(venue)


# --- conversations ----------------------------------------------------------------------------------------------------

SUBSCRIBE = '{"method":"subscribe","subscription":{"type":"%s","coin":"%s"}}'
RPC = '{"jsonrpc":"2.0","method":"%s","params":{"channel":"%s"},"id":7}'

CONVERSATIONS: dict[str, tuple[str, str, list[str], str]] = {
    # case: (venue, path, messages of the client, part of the last response)
    "HL answers a JSON ping": ("hyperliquid", "/ws", ['{"method":"ping"}'], '{"channel":"pong"}'),
    "HL fills in the defaults": ("hyperliquid", "/ws", [SUBSCRIBE % ("l2Book", "ETH")], '"levels"'),
    "HL knows bbo": ("hyperliquid", "/ws", [SUBSCRIBE % ("bbo", "ETH")], '"bbo":[{"px"'),
    "HL refuses a second time": ("hyperliquid", "/ws", [SUBSCRIBE % ("trades", "ETH")] * 2, "Already subscribed: "),
    "HL refuses what is not subscribed": (
        "hyperliquid",
        "/ws",
        [(SUBSCRIBE % ("bbo", "ETH")).replace("subscribe", "unsubscribe", 1)],
        "Already unsubscribed: ",
    ),
    "HL ends a subscription": (
        "hyperliquid",
        "/ws",
        [SUBSCRIBE % ("trades", "ETH"), (SUBSCRIBE % ("trades", "ETH")).replace("subscribe", "unsubscribe", 1)],
        '"method":"unsubscribe"',
    ),
    "HL knows no such type": ("hyperliquid", "/ws", [SUBSCRIBE % ("l3Book", "ETH")], "Error parsing JSON into"),
    "HL reads no garbage": ("hyperliquid", "/ws", ["{oh"], "Error parsing JSON into valid websocket request: {oh"),
    "Lighter answers a ping": ("lighter", "/stream", ['{"type":"ping"}'], '{"type":"pong"}'),
    "Lighter takes a pong": ("lighter", "/stream", ['{"type":"pong"}'], '"type":"connected"'),
    "Lighter has tickers": ("lighter", "/stream", ['{"type":"subscribe","channel":"ticker/0"}'], '"ticker":{"s":"ETH"'),
    "Lighter knows no market 99": (
        "lighter",
        "/stream",
        ['{"type":"subscribe","channel":"order_book/99"}'],
        '"code":30005,"message":"Invalid Channel:  (marketId)"',
    ),
    "Lighter knows no such channel": (
        "lighter",
        "/stream",
        ['{"type":"subscribe","channel":"gossip/0"}'],
        '"code":30005,"message":"Invalid Channel"',
    ),
    "Lighter refuses a second time, without a book": (
        "lighter",
        "/stream",
        ['{"type":"subscribe","channel":"order_book/0"}'] * 2,
        '{"error":{"code":30003,"message":"Already Subscribed to : order_book:0"}}',
    ),
    "Lighter writes one frame with spaces": (
        "lighter",
        "/stream",
        [f'{{"type":"{action}","channel":"order_book/0"}}' for action in ("subscribe", "unsubscribe")],
        '{"type": "unsubscribed", "channel": "order_book:0"}',
    ),
    "Lighter reads no other type": ("lighter", "/stream", ['{"type":"shout"}'], '"code":30001'),
    "Lighter reads no garbage": ("lighter", "/stream", ["{oh"], '"code":30000,"message":"Invalid Json"'),
    "Extended hears nothing": ("extended", "/v1/orderbooks/ETH-USD?depth=1", ['{"any":1}', "{oh"], '"type":"SNAPSHOT"'),
    "Extended streams funding": ("extended", "/v1/funding/ETH-USD", [], '"f":"0.0000'),
    "Aster acknowledges": ("aster", "/ws", ['{"method":"SUBSCRIBE","params":["ethusdt@depth"],"id":5}'], '"id":5'),
    "Aster takes an unknown stream and never fills it": (
        "aster",
        "/ws",
        ['{"method":"SUBSCRIBE","params":["ethusdt@gossip","xusdt@depth"],"id":5}'],
        '{"result":null,"id":5}',
    ),
    "Aster lists": (
        "aster",
        "/stream?streams=ethusdt@bookTicker/ethusdt@depth20@500ms",
        ['{"method":"LIST_SUBSCRIPTIONS","id":3}'],
        '{"result":["ethusdt@bookTicker","ethusdt@depth20@500ms"],"id":3}',
    ),
    "Aster forgets": (
        "aster",
        "/ws/ethusdt@markPrice",
        ['{"method":"UNSUBSCRIBE","params":["ethusdt@markPrice"]}', '{"method":"LIST_SUBSCRIPTIONS"}'],
        '{"result":[],"id":null}',
    ),
    "Aster knows no such method": (
        "aster",
        "/ws",
        ['{"method":"FOO"}'],
        '"code":2,"msg":"Invalid request: unknown var',
    ),
    "Aster misses the method": ("aster", "/ws", ["{}"], "missing field `method`"),
    "Aster reads no garbage": ("aster", "/ws", ["{oh"], '"code":3,"msg":"Invalid JSON'),
    "Paradex echoes the id": ("paradex", "/v1", [RPC % ("subscribe", "trades.ETH-USD-PERP")], '"id":7'),
    "Paradex needs no id": (
        "paradex",
        "/v1",
        ['{"method":"subscribe","params":{"channel":"trades.ETH-USD-PERP"}}'],
        '{"jsonrpc":"2.0","result":{"channel":"trades.ETH-USD-PERP"},"usIn"',
    ),
    "Paradex refuses the documented spelling": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "order_book.ETH-USD-PERP.deltas@15@50ms")],
        '"code":-32600,"message":"invalid subscribe request","data":"no parameters expected for deltas topic."',
    ),
    "Paradex knows no such channel": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "bbo.NOPE")],
        '"data":"invalid channel"',
    ),
    "Paradex refuses a second time": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "trades.ETH-USD-PERP")] * 2,
        '"data":"already subscribed"',
    ),
    "Paradex ends a subscription": (
        "paradex",
        "/v1",
        [RPC % (action, "trades.ETH-USD-PERP") for action in ("subscribe", "unsubscribe")],
        '"result":{"channel":"trades.ETH-USD-PERP"}',
    ),
    "Paradex refuses what is not subscribed": (
        "paradex",
        "/v1",
        [RPC % ("unsubscribe", "trades.ETH-USD-PERP")],
        '"data":"not subscribed"',
    ),
    "Paradex has a summary": ("paradex", "/v1", [RPC % ("subscribe", "markets_summary.ETH-USD-PERP")], '"mark_price"'),
    "Paradex has one summary of all markets": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "markets_summary")],
        '"channel":"markets_summary","data":{"symbol":"ETH-USD-PERP"',
    ),
    "Paradex has the trades of all markets": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "trades.ALL")],
        '"channel":"trades.ALL"',
    ),
    "Paradex has the best of all markets": ("paradex", "/v1", [RPC % ("subscribe", "bbo.ALL")], '"channel":"bbo.ALL"'),
    "Paradex has funding with 14 decimals": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "funding_data")],
        '"channel":"funding_data","data":{"market":"ETH-USD-PERP"',
    ),
    "Paradex groups no book by less than its tick": (
        "paradex",
        "/v1",
        [RPC % ("subscribe", "order_book.ETH-USD-PERP.snapshot@15@100ms@0_01")],
        '"data":"invalid channel"',
    ),
    "Paradex knows no such method": ("paradex", "/v1", [RPC % ("auth", "x")], '"code":-32601'),
    "Paradex reads no garbage": ("paradex", "/v1", ["{oh"], '"code":-32700'),
}


def converse(venue: str, path: str, messages: list[str]) -> list[object]:
    exchange = Exchange(protocols(ClientProfile.PARAPHINA)[venue], start_unix_ms=START_UNIX_MS)
    accepted, actions = exchange.connect(100, path, HEADERS)
    assert isinstance(accepted, Accepted)
    for frame in messages:
        actions += exchange.receive(100, accepted.conn_id, frame)
    return list(actions)


@pytest.mark.parametrize(("venue", "path", "messages", "expected"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_a_venue_responds_with_its_own_text(venue: str, path: str, messages: list[str], expected: str) -> None:
    last = converse(venue, path, messages)[-1]
    assert isinstance(last, SendData)
    assert expected in str(last.data)


@pytest.mark.parametrize("venue", NAMES)
def test_no_frame_of_a_client_stops_a_venue(venue: str) -> None:
    listener = Listener(venue)
    listener.connect()
    for text in ("[" * 100_000, "null", "[]", '{"method":[]}', '{"type":{}}', '{"method":"SUBSCRIBE","params":[{}]}'):
        listener.send(text)
    assert listener.settle()


@pytest.mark.parametrize("coin", ["eth", "NOPE"])
def test_hyperliquid_closes_without_a_close_frame_on_an_unknown_coin(coin: str) -> None:
    assert converse("hyperliquid", "/ws", [SUBSCRIBE % ("l2Book", coin)]) == [CloseConnection("hy1")]


def test_only_a_combined_aster_stream_is_wrapped() -> None:
    for path, first in (("/ws/ethusdt@depth20", "e"), ("/fstream/stream?streams=ethusdt@depth20", "stream")):
        exchange = Exchange(protocols()["aster"])
        exchange.connect(0, path)
        frame = next(action for action in exchange.advance(1_000) if isinstance(action, SendData))
        assert next(iter(json.loads(frame.data))) == first


REST = {
    # case: (venue, method, path, query, body, part of the response)
    "Lighter details": (
        "lighter",
        "GET",
        "/api/v1/orderBookDetails",
        {},
        None,
        '"order_book_details":[{"symbol":"ETH"',
    ),
    "Lighter funding": ("lighter", "GET", "/api/v1/funding-rates", {}, None, '"rate":'),
    "Extended markets": ("extended", "GET", "/api/v1/info/markets", {}, None, '"minPriceChange":"0.1"'),
    "Paradex markets": ("paradex", "GET", "/v1/markets", {}, None, '"symbol":"ETH-USD-PERP"'),
    "Paradex other market": ("paradex", "GET", "/v1/markets", {"market": "X"}, None, '{"results":[]}'),
    "Paradex summary": ("paradex", "GET", "/v1/markets/summary", {"market": "ALL"}, None, '"funding_rate":"0.0'),
    "Paradex best": ("paradex", "GET", "/v1/bbo/ETH-USD-PERP", {}, None, '"bid_size"'),
    "Paradex book": ("paradex", "GET", "/v1/orderbook/ETH-USD-PERP", {"price_tick": "0_5"}, None, '"best_bid_api":["'),
    "Paradex interactive": (
        "paradex",
        "GET",
        "/v1/orderbook/ETH-USD-PERP/interactive",
        {"depth": "1"},
        None,
        '"best_ask_interactive":["',
    ),
    "Paradex config": ("paradex", "GET", "/v1/system/config", {}, None, '"paraclear_decimals":8'),
    "Paradex state": ("paradex", "GET", "/v1/system/state", {}, None, '{"status":"ok"}'),
    "Paradex funding": (
        "paradex",
        "GET",
        "/v1/funding/data",
        {"market": "ETH-USD-PERP"},
        None,
        '"funding_rate_8h":"0.0',
    ),
    "Paradex trades": ("paradex", "GET", "/v1/trades", {"market": "ETH-USD-PERP"}, None, '{"next":null,"prev":null,'),
    "Paradex candles": (
        "paradex",
        "GET",
        "/v1/markets/klines",
        {"symbol": "ETH-USD-PERP", "resolution": "1", "start_at": "0", "end_at": "1"},
        None,
        '{"results":[]}',
    ),
    "Paradex insurance": ("paradex", "GET", "/v1/insurance", {}, None, '"settlement_asset":"USDC"'),
    "Paradex time": ("paradex", "GET", "/v1/system/time", {}, None, '"server_time":"1790000000000"'),
}


def send_request(venue: str, request: Request) -> HttpResponse:
    return Exchange(protocols()[venue], start_unix_ms=START_UNIX_MS).request(0, replace(request, headers=HEADERS))[0]


@pytest.mark.parametrize(("venue", "method", "path", "query", "body", "expected"), REST.values(), ids=REST)
def test_rest_responds_with_the_venues_text(
    venue: str, method: str, path: str, query: dict[str, str], body: object, expected: str
) -> None:
    response = send_request(venue, Request(method, path, query, b"" if body is None else json.dumps(body).encode()))
    assert response.status == 200
    assert expected in response.body.decode()


MISSING = {
    "HL abyss": ("hyperliquid", Request("POST", "/info", body=b"[" * 100_000), 400),
    "Lighter by POST": ("lighter", Request("POST", "/api/v1/orderBooks"), 404),
    "Lighter unheard": ("lighter", Request("GET", "/api/v1/orderBookOrders", {"market_id": "9"}), 400),
    "Lighter limit": ("lighter", Request("GET", "/api/v1/orderBookOrders", {"market_id": "0", "limit": "x"}), 400),
    "Extended elsewhere": ("extended", Request("GET", "/fapi/v1/depth"), 404),
    "Extended other market": ("extended", Request("GET", "/api/v1/info/markets/X-USD/orderbook"), 404),
    "Paradex by POST": ("paradex", Request("POST", "/v1/markets"), 404),
    "Paradex other market": ("paradex", Request("GET", "/v1/orderbook/X"), 404),
    "Paradex elsewhere": ("paradex", Request("GET", "/v1/gossip"), 404),
    "Paradex depth": ("paradex", Request("GET", "/v1/orderbook/ETH-USD-PERP", {"depth": "0"}), 400),
    "Paradex tick": ("paradex", Request("GET", "/v1/orderbook/ETH-USD-PERP", {"price_tick": "0.01"}), 400),
    "Paradex strange tick": ("paradex", Request("GET", "/v1/orderbook/ETH-USD-PERP", {"price_tick": "1e9"}), 400),
    "Paradex candles of no time": ("paradex", Request("GET", "/v1/markets/klines", {"resolution": "x"}), 400),
}


@pytest.mark.parametrize(("venue", "request_", "status"), MISSING.values(), ids=MISSING)
def test_rest_rejects_an_invalid_or_unknown_request(venue: str, request_: Request, status: int) -> None:
    assert send_request(venue, request_).status == status


def test_the_orders_of_lighter_add_up_to_its_book() -> None:
    listener = Listener("lighter")
    assert listener.venue.snapshot is not None
    response = listener.fetch(listener.venue.snapshot)
    assert response.true_book is not None
    book = listener.venue.snapshot.decode(json.loads(response.body), listener.target)
    assert (exact_levels(book.bids), exact_levels(book.asks)) == response.true_book.levels()
    assert len(json.loads(response.body)["bids"]) == 2 * len(book.bids)
