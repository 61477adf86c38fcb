"""Aster (Binance futures style): a REST snapshot, then deltas each of which names the one it follows.

Sources: asterdex/api-docs, futures API, "Websocket Market Streams" and "How to manage a local order book correctly".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    DecodeMiss,
    Frame,
    Funding,
    Ignored,
    Json,
    Refusal,
    Side,
    Trade,
)
from connectors.venues.parsing import levels, moment, price, rate, sides, size, whole
from connectors.venues.spec import Feed, Kind, Recovery, Rest, RestCall, Setting, Target, Topic, Venue

STREAMS = {
    "depthUpdate": ("@depth@100ms", Feed.BOOK),
    "aggTrade": ("@aggTrade", Feed.TRADES),
    "markPriceUpdate": ("@markPrice@1s", Feed.FUNDING),
}

PARTIAL = re.compile(r"@depth(5|10|20)\b")
"""Streams of whole tops, which look like changes but for their name."""


def decode(message: Json) -> Iterator[Frame]:
    """Read one message, raw (`/ws`) or wrapped with its stream's name (`/stream`)."""
    match message:
        case {"stream": str(stream), "data": event}:
            yield DecodeMiss("only the top of a book") if PARTIAL.search(stream) else _event(event)
        case {"result": None}:
            yield Ack(None)
        case {"result": list()}:
            yield Ignored("subscriptions")
        case {"code": int(code), "msg": str(text)}:
            yield Refusal(text, code)
        case _:
            yield _event(message)


def _event(event: Json) -> Frame:
    match event:
        case {"e": "depthUpdate", "s": str(symbol)}:
            return _delta(f"depthUpdate:{symbol}", event)
        case {"e": "aggTrade", "s": str(symbol)}:
            return _trade(f"aggTrade:{symbol}", event)
        case {"e": "markPriceUpdate", "s": str(symbol), "r": funding, "T": next_ms}:
            at_ms = moment(event.get("E"))
            return Funding(f"markPriceUpdate:{symbol}", rate(funding), next_ms=moment(next_ms), exchange_ms=at_ms)
        case _:
            return DecodeMiss()


def _delta(topic: str, event: Json) -> BookDelta:
    """`U` and `u` are the first and last change inside and skip legally; only `pu`, the last `u`, makes the chain."""
    seq, prev, first = whole(event["u"]), whole(event["pu"]), whole(event["U"])
    bids, asks = levels(event["b"], 0, 1), levels(event["a"], 0, 1)
    return BookDelta(topic, bids, asks, seq, prev, first, moment(event.get("E")))


def _trade(topic: str, event: Json) -> Trade:
    """`m` tells that the buyer was the maker: then the taker sold."""
    taker = {True: Side.SELL, False: Side.BUY}[event["m"]]
    return Trade(topic, price(event["p"]), size(event["q"]), taker, str(whole(event["a"])), moment(event.get("T")))


def _symbol(target: Target) -> str:
    return target.instrument.upper()


def _topics(target: Target) -> tuple[Topic, ...]:
    symbol = _symbol(target)
    return tuple(
        _topic(number, f"{event}:{symbol}", symbol.lower() + stream, feed)
        for number, (event, (stream, feed)) in enumerate(STREAMS.items(), start=1)
    )


def _topic(number: int, key: str, stream: str, feed: Feed) -> Topic:
    return Topic(key, feed, json.dumps({"method": "SUBSCRIBE", "params": [stream], "id": number}))


def _ask_book(target: Target) -> RestCall:
    return RestCall(f"/fapi/v1/depth?symbol={_symbol(target)}&limit={target.options['ASTER_DEPTH_LIMIT']}")


def _read_book(body: Json, target: Target) -> Book:
    topic = f"depthUpdate:{_symbol(target)}"
    return Book(topic, *sides(body, 0, 1), whole(body["lastUpdateId"]), moment(body.get("E")))


VENUE = Venue(
    name="aster",
    rank=2,
    ws=Setting("ASTER_WS_URL", "wss://fstream.asterdex.com/ws", Kind.URLS, "sockets"),
    rest=Setting("ASTER_REST_URL", "https://fapi.asterdex.com", Kind.URLS, "REST bases"),
    market=Setting("ASTER_MARKET", "BTCUSDT", Kind.NAME, "symbol"),
    symbol="{base}USDT",
    topics=_topics,
    decode=decode,
    recovery=Recovery.REST,
    snapshot=Rest(_ask_book, _read_book),
    settings=(
        Setting(
            "ASTER_DEPTH_LIMIT",
            "100",
            Kind.TEXT,
            "levels a side of a REST snapshot",
            choices=("5", "10", "20", "50", "100", "500", "1000"),
        ),
    ),
    lines={
        "snapshot_applied": "INFO: {title} snapshot applied (snap_id={seq}), waiting for bridge delta on WS",
        "bridged": "INFO: {title} bridge delta found after snapshot; snap_id={snapshot_seq} delta_end={seq}",
    },
)
