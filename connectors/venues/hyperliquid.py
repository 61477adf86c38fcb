"""Hyperliquid: whole books on every push, no sequence numbers, JSON pings.

Sources: Hyperliquid docs, "WebSocket" (subscriptions, post requests, timeouts and heartbeats) and "Info endpoint";
hyperliquid-python-sdk, `websocket_manager` and `info`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from connectors.venues.frames import (
    Ack,
    Book,
    BookSide,
    DecodeMiss,
    Frame,
    FrameLevel,
    Funding,
    Heartbeat,
    Json,
    Refusal,
    Trade,
)
from connectors.venues.parsing import HOUR_S, levels, price, rate, size, unix_ms
from connectors.venues.spec import (
    KeepAlive,
    PingKind,
    RestCall,
    RestSpec,
    Setting,
    SettingType,
    Target,
    Topic,
    TopicKind,
    Venue,
)
from connectors.venues.usual_books import UsualPrice, UsualSize, usual_books


def decode(message: Json) -> Iterator[Frame]:
    """Decode one message of the public socket."""
    match message:
        case {"channel": "l2Book", "data": {"coin": str(coin), "levels": [list(), list()]} as data}:
            yield _book(f"l2Book:{coin}", data)
        case {"channel": "trades", "data": list(trades)}:
            for trade in trades:
                yield _trade(trade)
        case {"channel": "activeAssetCtx", "data": {"coin": str(coin), "ctx": {"funding": funding}}}:
            yield Funding(f"activeAssetCtx:{coin}", rate(funding), interval_s=HOUR_S)
        case {"channel": "pong"}:
            yield Heartbeat(pong=True)
        case {
            "channel": "subscriptionResponse",
            "data": {"method": method, "subscription": {"type": str(name), **rest}},
        }:
            yield Ack(f"{name}:{rest['coin']}" if "coin" in rest else name, subscribed=method == "subscribe")
        case {"channel": "error", "data": str(text)}:
            yield Refusal(text)
        case _:
            yield DecodeMiss()


def _book(topic: str, data: Json) -> Book:
    bids, asks = (levels(side, "px", "sz") for side in data["levels"])
    return Book(topic, bids, asks, exchange_ms=unix_ms(data.get("time")))


class _Level(FrameLevel, frozen=True, gc=False, rename={"price": "px", "size": "sz"}):
    price: UsualPrice
    size: UsualSize


class _BookData(msgspec.Struct):
    coin: str
    levels: tuple[list[_Level], list[_Level]]
    time: Any = None


class _L2Book(msgspec.Struct):
    channel: Literal["l2Book"]
    data: _BookData

    def frame(self) -> Book:
        bids, asks = self.data.levels
        return Book(f"l2Book:{self.data.coin}", bids, asks, exchange_ms=unix_ms(self.data.time))


def _trade(trade: Json) -> Trade:
    """Decode a trade; `side` is the taker's: A sells into bids, B buys from asks.

    A trade without `tid` has the hash of its transaction as its id.
    """
    taker = {"A": BookSide.SELL, "B": BookSide.BUY}[trade["side"]]
    topic = f"trades:{trade['coin']}"
    number = trade.get("tid", trade.get("hash", ""))
    return Trade(topic, price(trade["px"]), size(trade["sz"]), taker, str(number), unix_ms(trade["time"]))


def _topics(target: Target) -> tuple[Topic, ...]:
    coin = target.instrument
    depth: Json = {"fast": True} if target.options["HL_L2_FAST"] else {"nLevels": target.options["HL_L2_LEVELS"]}
    return (
        _topic("l2Book", coin, TopicKind.BOOK, **_rounding(target), **depth),
        _topic("trades", coin, TopicKind.TRADES),
        _topic("activeAssetCtx", coin, TopicKind.FUNDING),
    )


def _rounding(target: Target) -> Json:
    """Return the rounding of socket and REST requests: a rounded and an exact book differ at the top."""
    return {} if target.options["HL_L2_FAST"] else {"nSigFigs": target.options["HL_L2_SIGFIGS"]}


def _topic(name: str, coin: str, kind: TopicKind, **options: object) -> Topic:
    subscription = {"type": name, "coin": coin, **options}
    return Topic.from_json_request(
        f"{name}:{coin}", kind, lambda method: {"method": method, "subscription": subscription}
    )


def _book_request(target: Target) -> RestCall:
    return RestCall("/info", "POST", json.dumps({"type": "l2Book", "coin": target.instrument, **_rounding(target)}))


def _decode_book(body: Json, target: Target) -> Book:
    return _book(f"l2Book:{target.instrument}", body)


VENUE = Venue(
    name="hyperliquid",
    prefix="HL",
    rank=1,
    ws=Setting(
        "HL_WS_URLS", "wss://api.hyperliquid.xyz/ws", SettingType.URLS, "WebSocket URLs", aliases=("HL_WS_URL",)
    ),
    rest=Setting(
        "HL_REST_URLS", "https://api.hyperliquid.xyz", SettingType.URLS, "REST base URLs", aliases=("HL_REST_URL",)
    ),
    market=Setting("HL_COIN", "TAO", SettingType.NAME, "coin, case-sensitive"),
    client_paths={"HL_REST_URL": "/exchange", "HL_INFO_URL": "/info", "HL_INFO_URLS": "/info"},
    topics=_topics,
    decode=decode,
    read_book=usual_books(_L2Book, b'"px":"","sz":""'),
    keep_alive=KeepAlive(PingKind.JSON, '{"method":"ping"}'),
    snapshot=RestSpec(_book_request, _decode_book),
    fresh_ms=2_000,
    settings=(
        Setting("HL_L2_FAST", True, SettingType.FLAG, "5 levels about every 0.5 s instead of 20 about every 5.4 s"),
        Setting("HL_L2_SIGFIGS", 5, SettingType.COUNT, "significant figures, without HL_L2_FAST", least=2, most=5),
        Setting("HL_L2_LEVELS", 20, SettingType.COUNT, "levels of each side, without HL_L2_FAST", least=1, most=100),
    ),
    log_templates={
        "connecting": "INFO: {title} public WS connecting url={url} connect_timeout={connect_timeout}",
        "subscribed": "INFO: {title} public WS subscribed coin={market} "
        "nSigFigs={HL_L2_SIGFIGS} nLevels={HL_L2_LEVELS} fast={HL_L2_FAST}",
    },
)
