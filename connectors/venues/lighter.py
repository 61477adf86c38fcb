"""Lighter: the whole book once, then deltas chained by nonce; after a gap the topic is subscribed again.

Sources: Lighter apidocs, "WebSocket" and "Market data"; lighter-sdk 1.1.8, `ws_client`; published captures of the
public socket, 2026-06 and 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    BookSide,
    ClosingSoon,
    DecodeMiss,
    Frame,
    FrameLevel,
    Funding,
    Heartbeat,
    Ignored,
    Json,
    Refusal,
    Trade,
)
from connectors.venues.parsing import HOUR_S, aggregate_orders, both_sides, integer, price, rate, rows, size, unix_ms
from connectors.venues.spec import Recovery, RestCall, RestSpec, Setting, SettingType, Target, Topic, TopicKind, Venue
from connectors.venues.usual_books import UsualPrice, UsualSize, usual_books

ORDERS_PER_SIDE = 250
REST_URL = "https://mainnet.zklighter.elliot.ai"


def decode(message: Json) -> Iterator[Frame]:
    """Decode one message of the public socket; `subscribed/…` is both the acknowledgement and the first data."""
    match message:
        case {"type": str(kind), "channel": str(topic)} if kind.startswith("subscribed/"):
            yield Ack(topic)
            yield from _data(topic, message)
        case {"type": str(kind), "channel": str(topic)} if kind.startswith("update/"):
            yield from _data(topic, message)
        case {"type": "ping"}:
            yield Heartbeat(reply='{"type":"pong"}')
        case {"type": "pong"}:
            yield Heartbeat(pong=True)
        case {"type": "connected"}:
            yield Ignored("greeting")
        case {"type": "unsubscribed", "channel": str(topic)}:
            yield Ack(topic, subscribed=False)
        case {"type": "shutdown", "close_in_ms": in_ms}:
            yield ClosingSoon(integer(in_ms))
        case {"error": {"code": int(code), "message": str(text)}}:
            yield Refusal(text, code)
        case {"type": "error", "code": int(code), "message": str(text), "channel": str(topic)}:
            yield Refusal(text, code, topic)
        case {"type": "error", "code": int(code), "message": str(text)}:
            yield Refusal(text, code)
        case _:
            yield DecodeMiss()


def _data(topic: str, message: Json) -> Iterator[Frame]:
    at_ms = unix_ms(message.get("timestamp"))
    match message:
        case {"type": "subscribed/order_book", "order_book": {"nonce": seq, **book}}:
            yield Book(topic, *both_sides(book, "price", "size"), integer(seq), at_ms)
        case {"type": "update/order_book", "order_book": {"nonce": seq, "begin_nonce": prev, **book}}:
            yield BookDelta(topic, *both_sides(book, "price", "size"), integer(seq), integer(prev), exchange_ms=at_ms)
        case {"trades": trades}:
            yield from (_trade(topic, trade) for trade in rows(trades, message.get("liquidation_trades")))
        case {"market_stats": {"current_funding_rate": percent}}:
            # The payment of the coming hour, in percent; `funding_rate` and `funding_timestamp` are of the last hour.
            yield Funding(topic, rate(percent) / 100, HOUR_S, exchange_ms=at_ms)
        case _:
            yield DecodeMiss()


class _Level(FrameLevel, frozen=True, gc=False):
    price: UsualPrice
    size: UsualSize


class _Changes(msgspec.Struct):
    nonce: Any
    begin_nonce: Any
    bids: list[_Level]
    asks: list[_Level]


class _Update(msgspec.Struct):
    type: Literal["update/order_book"]
    channel: str
    order_book: _Changes
    timestamp: Any = None

    def frame(self) -> BookDelta:
        book, at_ms = self.order_book, unix_ms(self.timestamp)
        seq, prev = integer(book.nonce), integer(book.begin_nonce)
        return BookDelta(self.channel, book.bids, book.asks, seq, prev, exchange_ms=at_ms)


def _trade(topic: str, trade: Json) -> Trade:
    taker = {True: BookSide.BUY, False: BookSide.SELL}[trade["is_maker_ask"]]
    at_ms, trade_id = unix_ms(trade.get("timestamp")), str(integer(trade["trade_id"]))
    return Trade(topic, price(trade["price"]), size(trade["size"]), taker, trade_id, at_ms)


def _topics(target: Target) -> tuple[Topic, ...]:
    kinds = {"order_book": TopicKind.BOOK, "trade": TopicKind.TRADES, "market_stats": TopicKind.FUNDING}
    return tuple(_topic(channel, target.instrument, kind) for channel, kind in kinds.items())


def _topic(channel: str, market_id: str, kind: TopicKind) -> Topic:
    """Make a topic; requests write the market after a slash, responses after a colon."""
    return Topic.from_json_request(
        f"{channel}:{market_id}", kind, lambda method: {"type": method, "channel": f"{channel}/{market_id}"}
    )


def _socket_url(base: str, target: Target) -> str:
    if not target.options["PARAPHINA_LIGHTER_WS_READONLY"]:
        return base
    return f"{base}{'&' if '?' in base else '?'}readonly=true"


def _find_market(body: Json, target: Target) -> str:
    wanted = re.sub(r"(-USD)?(-PERP)?$", "", target.market.upper())
    for row in body["order_books"]:
        if row["symbol"].upper() == wanted:
            return str(integer(row["market_id"]))
    raise LookupError(f"no market {wanted}")


def _book_request(target: Target) -> RestCall:
    return RestCall(f"/api/v1/orderBookOrders?market_id={target.instrument}&limit={ORDERS_PER_SIDE}")


def _decode_book(body: Json, target: Target) -> Book:
    bids, asks = (_from_orders(body[side] or ()) for side in ("bids", "asks"))
    return Book(f"order_book:{target.instrument}", bids, asks)


def _from_orders(orders: Sequence[Json]) -> list[FrameLevel]:
    """Aggregate the single orders that REST lists; in a full list orders of the last level may be missing."""
    complete_levels = None if len(orders) < ORDERS_PER_SIDE else -1
    return aggregate_orders(orders, "price", "remaining_base_amount")[:complete_levels]


VENUE = Venue(
    name="lighter",
    rank=3,
    ws=Setting("LIGHTER_WS_URL", "wss://mainnet.zklighter.elliot.ai/stream", SettingType.URLS, "WebSocket URLs"),
    rest=Setting("LIGHTER_HTTP_BASE_URL", REST_URL, SettingType.URLS, "REST base URLs", aliases=("LIGHTER_REST_URL",)),
    market=Setting("LIGHTER_MARKET", "BTC-USD", SettingType.NAME, "market; its id is looked up by REST"),
    instrument=Setting("LIGHTER_MARKET_ID", None, SettingType.COUNT, "market id; unset: looked up"),
    symbol="{base}-USD",
    topics=_topics,
    decode=decode,
    read_book=usual_books(_Update, b'"price":"","size":""'),
    socket_url=_socket_url,
    recovery=Recovery.RESUBSCRIBE,
    snapshot=RestSpec(_book_request, _decode_book),
    lookup=RestSpec(lambda _: RestCall("/api/v1/orderBooks"), _find_market),
    settings=(Setting("PARAPHINA_LIGHTER_WS_READONLY", False, SettingType.FLAG, "request the read-only socket"),),
    log_templates={
        "connecting": "INFO: {title} public WS connecting readonly={PARAPHINA_LIGHTER_WS_READONLY} url={url}",
        "subscribed": "INFO: {title} subscribe ok channel=order_book/{instrument} "
        "symbol={market} market_id={instrument}",
    },
)
