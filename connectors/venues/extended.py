"""Extended: one stream per socket, named by its URL; a snapshot about every minute, deltas numbered by one between.

Sources: Extended API docs, "Public WebSocket streams"; x10-python-trading-starknet 2.6.0, `stream_client` and
`configuration`; ccxt 4.5.64, `pro/extended`; published captures of the public sockets, 2026-08 and 2026-09.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from connectors.venues.frames import (
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
from connectors.venues.parsing import HOUR_S, integer, levels, price, rate, size, unix_ms
from connectors.venues.spec import (
    RestCall,
    RestSpec,
    Setting,
    SettingType,
    SideFeed,
    Target,
    Topic,
    TopicKind,
    Venue,
    VenueLimits,
)
from connectors.venues.usual_books import UsualPrice, UsualSize, usual_books


def decode(message: Json) -> Iterator[Frame]:
    """Decode one message of a book, trades, funding or mark price stream.

    In a snapshot `q` is the size. In a delta `q` is the signed change and `c` the resulting size. The snapshot of each
    minute follows the delta of the same time and continues the numbering; a snapshot replaces the book, so its number
    is not checked. A funding rate of the stream is one that was paid, for one hour.
    """
    match message:
        case {"type": "SNAPSHOT", "error": str(text)}:
            yield Refusal(text)
        case {"type": "SNAPSHOT", "data": {"m": str(market), "b": bids, "a": asks}, "seq": seq}:
            sides = levels(bids, "p", "q"), levels(asks, "p", "q")
            yield Book(f"orderbooks:{market}", *sides, integer(seq), unix_ms(message.get("ts")))
        case {"type": "DELTA", "data": {"m": str(market), "b": bids, "a": asks}, "seq": seq}:
            sides = levels(bids, "p", "c"), levels(asks, "p", "c")
            number = integer(seq)
            yield BookDelta(f"orderbooks:{market}", *sides, number, number - 1, exchange_ms=unix_ms(message.get("ts")))
        case {"data": [*trades], "seq": _}:
            yield from (_trade(trade) for trade in trades)
        case {"data": {"m": str(market), "f": paid, "T": paid_ms}, "seq": _}:
            yield Funding(f"funding:{market}", rate(paid), HOUR_S, exchange_ms=unix_ms(paid_ms))
        case {"type": "MP", "data": {"m": str()}}:
            yield Ignored("mark price")
        case {"status": "ERROR", "error": {"code": int(code), "message": str(text)}}:
            yield Refusal(text, code)
        case _:
            yield DecodeMiss()


class _Change(FrameLevel, frozen=True, gc=False, rename={"price": "p", "size": "c"}):
    price: UsualPrice
    size: UsualSize


class _Changes(msgspec.Struct):
    m: str
    b: list[_Change]
    a: list[_Change]


class _Delta(msgspec.Struct):
    type: Literal["DELTA"]
    data: _Changes
    seq: Any
    ts: Any = None

    def frame(self) -> BookDelta:
        data, number = self.data, integer(self.seq)
        topic = f"orderbooks:{data.m}"
        return BookDelta(topic, data.b, data.a, number, number - 1, exchange_ms=unix_ms(self.ts))


def _trade(trade: Json) -> Trade:
    """Decode a trade; `S` is the side of the taker."""
    topic, taker = f"publicTrades:{_text(trade['m'])}", {"BUY": BookSide.BUY, "SELL": BookSide.SELL}[trade["S"]]
    at_ms, trade_id = unix_ms(trade.get("T")), str(integer(trade["i"]))
    return Trade(topic, price(trade["p"]), size(trade["q"]), taker, trade_id, at_ms)


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"not text: {value!r}")


def _market(target: Target) -> str:
    """Return the market as this venue writes it; BTCUSDT, the name at other venues, becomes BTC-USD."""
    return re.sub(r"^([A-Z0-9]+?)(USDT|USDC|USD)$", r"\1-USD", target.instrument.upper())


def _topics(target: Target) -> tuple[Topic, ...]:
    return (Topic(f"orderbooks:{_market(target)}"),)


def _socket_url(base: str, target: Target) -> str:
    best_only = target.options["PARAPHINA_EXTENDED_WS_DEPTH_LEVELS"] == 1
    return f"{base}/orderbooks/{_market(target)}{'?depth=1' if best_only else ''}"


def _side_feeds(target: Target) -> tuple[SideFeed, ...]:
    kinds = {"publicTrades": TopicKind.TRADES, "funding": TopicKind.FUNDING}
    return tuple(_side_feed(name, kind, _market(target)) for name, kind in kinds.items())


def _side_feed(name: str, kind: TopicKind, market: str) -> SideFeed:
    return SideFeed(Topic(f"{name}:{market}", kind), lambda base, _target: f"{base}/{name}/{market}")


def _book_request(target: Target) -> RestCall:
    return RestCall(f"/api/v1/info/markets/{_market(target)}/orderbook")


def _decode_book(body: Json, target: Target) -> Book:
    bids, asks = (levels(body["data"][side], "price", "qty") for side in ("bid", "ask"))
    return Book(f"orderbooks:{_market(target)}", bids, asks)


def _funding_request(target: Target) -> RestCall:
    return RestCall(f"/api/v1/info/markets/{_market(target)}/stats")


def _decode_funding(body: Json, target: Target) -> Funding:
    """Decode the funding rate; `nextFundingRate` is a time, despite its name."""
    stats = body["data"]
    next_ms = unix_ms(stats.get("nextFundingRate"))
    return Funding(f"funding:{_market(target)}", rate(stats["fundingRate"]), HOUR_S, next_ms)


VENUE = Venue(
    name="extended",
    rank=0,
    ws=Setting(
        "EXTENDED_WS_URL",
        "wss://api.starknet.extended.exchange/stream.extended.exchange/v1",
        SettingType.URLS,
        "WebSocket base URLs; the stream's path is added",
    ),
    rest=Setting("EXTENDED_REST_URL", "https://api.starknet.extended.exchange", SettingType.URLS, "REST base URLs"),
    market=Setting("EXTENDED_MARKET", "BTC-USD", SettingType.NAME, "market; BTCUSDT is read as BTC-USD"),
    symbol="{base}-USD",
    topics=_topics,
    decode=decode,
    read_book=usual_books(_Delta, b'"p":"","c":""'),
    socket_url=_socket_url,
    side_feeds=_side_feeds,
    # The venue's firewall refuses requests without a User-Agent.
    headers=(("User-Agent", "run-evidence-toolkit"),),
    snapshot=RestSpec(_book_request, _decode_book),
    funding=RestSpec(_funding_request, _decode_funding),
    limits=VenueLimits(read_ms=10_000),
    settings=(
        Setting(
            "PARAPHINA_EXTENDED_WS_DEPTH_LEVELS",
            2,
            SettingType.COUNT,
            "1: best bid and ask; more: the whole book",
            least=1,
        ),
    ),
    log_templates={"limits": "WS_AUDIT venue={venue} extended_read_timeout_ms={read_ms}"},
)
