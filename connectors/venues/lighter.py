"""Lighter: the whole book once, then deltas chained by nonce; a gap is mended by unsubscribing and subscribing again.

Sources: Lighter apidocs, "WebSocket" and "Market data"; lighter-sdk 1.1.8, `ws_client`; published captures of the
public socket, 2026-06 and 2026-07.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.description import Feed, Kind, Recovery, Rest, RestCall, Setting, Target, Topic, Venue
from connectors.frames import (
    Ack,
    Book,
    BookDelta,
    ClosingSoon,
    DecodeMiss,
    Frame,
    Funding,
    Heartbeat,
    Ignored,
    Json,
    Level,
    Refusal,
    Side,
    Trade,
)
from connectors.numbers import levels, moment, price, rate, size, whole

HOUR_S = 3_600
ORDERS_A_SIDE = 250
REST = "https://mainnet.zklighter.elliot.ai"


def decode(message: Json) -> Iterator[Frame]:
    """Read one message of the public socket; `subscribed/…` is the acknowledgement and the first data in one."""
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
            yield ClosingSoon(whole(in_ms))
        case {"error": {"code": int(code), "message": str(text)}}:
            yield Refusal(text, code)
        case {"type": "error", "code": int(code), "message": str(text), "channel": str(topic)}:
            yield Refusal(text, code, topic)
        case {"type": "error", "code": int(code), "message": str(text)}:
            yield Refusal(text, code)
        case _:
            yield DecodeMiss()


def _data(topic: str, message: dict[str, Any]) -> Iterator[Frame]:
    at_ms = moment(message.get("timestamp"))
    match message:
        case {"type": "subscribed/order_book", "order_book": book}:
            yield Book(topic, *_sides(book), whole(book["nonce"]), at_ms)
        case {"type": "update/order_book", "order_book": book}:
            seq, prev = whole(book["nonce"]), whole(book["begin_nonce"])
            yield BookDelta(topic, *_sides(book), seq, prev, exchange_ms=at_ms)
        case {"trades": trades}:
            yield from (_trade(topic, trade) for trade in trades or ())
        case {"market_stats": {"current_funding_rate": percent}}:
            # The coming hour's payment, in percent; `funding_rate` and `funding_timestamp` are the last hour's.
            yield Funding(topic, rate(percent) / 100, HOUR_S, exchange_ms=at_ms)
        case _:
            yield DecodeMiss()


def _sides(book: dict[str, Any]) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    return levels(book["bids"] or (), "price", "size"), levels(book["asks"] or (), "price", "size")


def _trade(topic: str, trade: dict[str, Any]) -> Trade:
    taker = {True: Side.BUY, False: Side.SELL}[trade["is_maker_ask"]]
    at_ms, trade_id = moment(trade.get("timestamp")), str(whole(trade["trade_id"]))
    return Trade(topic, price(trade["price"]), size(trade["size"]), taker, trade_id, at_ms)


def _topics(target: Target) -> tuple[Topic, ...]:
    feeds = {"order_book": Feed.BOOK, "trade": Feed.TRADES, "market_stats": Feed.FUNDING}
    return tuple(_topic(channel, target.instrument, feed) for channel, feed in feeds.items())


def _topic(channel: str, market_id: str, feed: Feed) -> Topic:
    """Requests write the market after a slash, answers after a colon."""
    subscribe, unsubscribe = (
        json.dumps({"type": kind, "channel": f"{channel}/{market_id}"}) for kind in ("subscribe", "unsubscribe")
    )
    return Topic(f"{channel}:{market_id}", feed, subscribe, unsubscribe)


def _socket_url(base: str, target: Target) -> str:
    if not target.options["PARAPHINA_LIGHTER_WS_READONLY"]:
        return base
    return f"{base}{'&' if '?' in base else '?'}readonly=true"


def _ask_markets(_target: Target) -> RestCall:
    return RestCall("/api/v1/orderBooks")


def _find_market(body: Json, target: Target) -> str:
    wanted = re.sub(r"(-USD)?(-PERP)?$", "", target.market.upper())
    for row in body["order_books"]:
        if row["symbol"].upper() == wanted:
            return str(whole(row["market_id"]))
    raise LookupError(f"no market {wanted}")


def _ask_book(target: Target) -> RestCall:
    return RestCall(f"/api/v1/orderBookOrders?market_id={target.instrument}&limit={ORDERS_A_SIDE}")


def _read_book(body: Json, target: Target) -> Book:
    return Book(f"order_book:{target.instrument}", _added_up(body["bids"]), _added_up(body["asks"]))


def _added_up(orders: list[dict[str, Any]] | None) -> tuple[Level, ...]:
    """REST lists single orders; a level is the sum of what remains of those at its price, the last one maybe cut."""
    sizes: dict[Decimal, Decimal] = {}
    for order in orders or ():
        at = price(order["price"])
        sizes[at] = sizes.get(at, Decimal(0)) + size(order["remaining_base_amount"])
    return tuple(sizes.items())[: -1 if len(orders or ()) >= ORDERS_A_SIDE else None]


VENUE = Venue(
    name="lighter",
    title="Lighter",
    prefix="LIGHTER",
    rank=3,
    ws=Setting("LIGHTER_WS_URL", "wss://mainnet.zklighter.elliot.ai/stream", Kind.URLS, "sockets"),
    rest=Setting("LIGHTER_HTTP_BASE_URL", REST, Kind.URLS, "REST bases", aliases=("LIGHTER_REST_URL",)),
    market=Setting("LIGHTER_MARKET", "BTC-USD", Kind.NAME, "market; its number is looked up by REST"),
    instrument=Setting("LIGHTER_MARKET_ID", None, Kind.COUNT, "the market's number; unset: looked up"),
    symbol="{base}-USD",
    topics=_topics,
    decode=decode,
    socket_url=_socket_url,
    recovery=Recovery.RESUBSCRIBE,
    snapshot=Rest(_ask_book, _read_book),
    lookup=Rest(_ask_markets, _find_market),
    settings=(Setting("PARAPHINA_LIGHTER_WS_READONLY", False, Kind.FLAG, "ask for the read-only socket"),),
    lines={
        "connecting": "INFO: {title} public WS connecting readonly={PARAPHINA_LIGHTER_WS_READONLY} url={url}",
        "subscribed": "INFO: {title} subscribe ok channel=order_book/{instrument} "
        "symbol={market} market_id={instrument}",
    },
)
