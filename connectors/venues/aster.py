"""Aster (Binance futures style): a REST snapshot, then deltas of which each names its predecessor.

Sources: asterdex/api-docs, futures API, "Websocket Market Streams" and "How to manage a local order book correctly".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    BookSide,
    DecodeMiss,
    Frame,
    FrameLevel,
    Funding,
    Ignored,
    Json,
    Refusal,
    Trade,
)
from connectors.venues.parsing import both_sides, integer, levels, price, rate, size, unix_ms
from connectors.venues.spec import Recovery, RestCall, RestSpec, Setting, SettingType, Target, Topic, TopicKind, Venue
from connectors.venues.usual_books import UsualPrice, UsualSize, usual_books

STREAMS = {
    "depthUpdate": ("@depth@100ms", TopicKind.BOOK),
    "aggTrade": ("@aggTrade", TopicKind.TRADES),
    "markPriceUpdate": ("@markPrice@1s", TopicKind.FUNDING),
}

PARTIAL = re.compile(r"@depth(5|10|20)\b")
"""Streams of partial books: their events differ from deltas only in the stream's name."""


def decode(message: Json) -> Iterator[Frame]:
    """Decode one message, raw (`/ws`) or wrapped with the name of its stream (`/stream`)."""
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
            at_ms = unix_ms(event.get("E"))
            return Funding(f"markPriceUpdate:{symbol}", rate(funding), next_ms=unix_ms(next_ms), exchange_ms=at_ms)
        case _:
            return DecodeMiss()


def _delta(topic: str, event: Json) -> BookDelta:
    """Decode a delta.

    `U` and `u` are the ids of its first and last change, and ids may be skipped. Only `pu`, the `u` of the delta before
    it, makes the chain.
    """
    seq, prev, first = integer(event["u"]), integer(event["pu"]), integer(event["U"])
    bids, asks = levels(event["b"], 0, 1), levels(event["a"], 0, 1)
    return BookDelta(topic, bids, asks, seq, prev, first, unix_ms(event.get("E")))


class _Level(FrameLevel, frozen=True, gc=False, array_like=True):
    price: UsualPrice
    size: UsualSize


class _DepthUpdate(msgspec.Struct):
    e: Literal["depthUpdate"]
    s: str
    b: list[_Level]
    a: list[_Level]
    u: Any
    pu: Any
    U: Any
    E: Any = None

    def frame(self) -> BookDelta:
        seq, prev, first = integer(self.u), integer(self.pu), integer(self.U)
        return BookDelta(f"depthUpdate:{self.s}", self.b, self.a, seq, prev, first, unix_ms(self.E))


def _trade(topic: str, event: Json) -> Trade:
    """Decode a trade; `m` is true where the buyer was the maker, so that the taker sold."""
    taker = {True: BookSide.SELL, False: BookSide.BUY}[event["m"]]
    return Trade(topic, price(event["p"]), size(event["q"]), taker, str(integer(event["a"])), unix_ms(event.get("T")))


def _symbol(target: Target) -> str:
    return target.instrument.upper()


def _topics(target: Target) -> tuple[Topic, ...]:
    symbol = _symbol(target)
    return tuple(
        _topic(number, f"{event}:{symbol}", symbol.lower() + stream, kind)
        for number, (event, (stream, kind)) in enumerate(STREAMS.items(), start=1)
    )


def _topic(number: int, key: str, stream: str, kind: TopicKind) -> Topic:
    return Topic(key, kind, json.dumps({"method": "SUBSCRIBE", "params": [stream], "id": number}))


def _book_request(target: Target) -> RestCall:
    return RestCall(f"/fapi/v3/depth?symbol={_symbol(target)}&limit={target.options['ASTER_DEPTH_LIMIT']}")


def _decode_book(body: Json, target: Target) -> Book:
    topic = f"depthUpdate:{_symbol(target)}"
    return Book(topic, *both_sides(body, 0, 1), integer(body["lastUpdateId"]), unix_ms(body.get("E")))


VENUE = Venue(
    name="aster",
    rank=2,
    ws=Setting("ASTER_WS_URL", "wss://fstream.asterdex.com/ws", SettingType.URLS, "WebSocket URLs"),
    rest=Setting("ASTER_REST_URL", "https://fapi.asterdex.com", SettingType.URLS, "REST base URLs"),
    market=Setting("ASTER_MARKET", "BTCUSDT", SettingType.NAME, "symbol"),
    symbol="{base}USDT",
    topics=_topics,
    decode=decode,
    read_book=usual_books(_DepthUpdate, b'["",""]'),
    recovery=Recovery.REST,
    snapshot=RestSpec(_book_request, _decode_book),
    settings=(
        Setting(
            "ASTER_DEPTH_LIMIT",
            "100",
            SettingType.TEXT,
            "levels of each side in a REST snapshot",
            choices=("5", "10", "20", "50", "100", "500", "1000"),
        ),
    ),
    log_templates={
        "snapshot_applied": "INFO: {title} snapshot applied (snap_id={seq}), waiting for bridge delta on WS",
        "bridged": "INFO: {title} bridge delta found after snapshot; snap_id={snapshot_seq} delta_end={seq}",
    },
)
