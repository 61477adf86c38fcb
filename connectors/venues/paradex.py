"""Paradex: JSON-RPC channels; best bid and ask, a conflated book of 15 levels, or a snapshot with numbered deltas.

Sources: Paradex docs, "WebSocket channels" (AsyncAPI 2.6.0) and "Error handling"; paradex-py 0.8.2, `ws_client`;
published captures of the public socket, 2026-10 (the bare `deltas` channel, `seq_no` numbered by one).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    BookSide,
    DecodeMiss,
    Frame,
    Funding,
    Json,
    Level,
    Refusal,
    Trade,
)
from connectors.venues.parsing import HOUR_S, both_sides, integer, price, rate, rows, size, unix_ms
from connectors.venues.spec import Recovery, RestCall, RestSpec, Setting, SettingType, Target, Topic, TopicKind, Venue

FEED = "PARAPHINA_PARADEX_PUBLIC_FEED"
REQUEST_IDS = {"subscribe": 1, "unsubscribe": 2}
DELETED = Decimal(0)
TAKER = {"BUY": BookSide.BUY, "SELL": BookSide.SELL}

BOOKS = {
    "bbo": "bbo.{}",
    "orderbook": "order_book.{}.snapshot@15@100ms",
    "deltas": "order_book.{}.deltas",
    "interactive": "order_book.{}.interactive@15@100ms",
    "interactive_50ms": "order_book.{}.interactive@15@50ms",
}


def decode(message: Json) -> Iterator[Frame]:
    """Decode one message.

    The answers to `subscribe` and `unsubscribe` both name the channel; only the id of the request tells them apart.
    """
    match message:
        case {"method": "subscription", "params": {"channel": str(channel), "data": dict(data)}}:
            yield _event(channel, data)
        case {"result": {"channel": str(channel)}}:
            yield Ack(channel, subscribed=message.get("id") != REQUEST_IDS["unsubscribe"])
        case {"error": {"code": int(code), "message": str(text), "data": str(more)}}:
            yield Refusal(f"{text}: {more}", code)
        case {"error": {"code": int(code), "message": str(text)}}:
            yield Refusal(text, code)
        case _:
            yield DecodeMiss()


def _event(channel: str, data: Json) -> Frame:
    match channel.split(".")[0], data:
        case "bbo", {"seq_no": seq, "bid": bid, "ask": ask}:
            both_sides = _best_level(bid, data["bid_size"]), _best_level(ask, data["ask_size"])
            return Book(channel, *both_sides, integer(seq), unix_ms(data.get("last_updated_at")))
        case "order_book", {"update_type": "s", "seq_no": seq}:
            return Book(channel, *_sides(data), integer(seq), unix_ms(data.get("last_updated_at")))
        case "order_book", {"update_type": "d", "seq_no": seq}:
            number = integer(seq)
            at_ms = unix_ms(data.get("last_updated_at"))
            return BookDelta(channel, *_sides(data), number, number - 1, exchange_ms=at_ms)
        case "trades", {"side": side, "price": at, "size": qty}:
            return Trade(channel, price(at), size(qty), TAKER[side], str(data["id"]), unix_ms(data.get("created_at")))
        case "funding_data", {"funding_rate": funding, "funding_period_hours": hours}:
            period_s = int(size(str(hours)) * HOUR_S)
            return Funding(channel, rate(funding), period_s, exchange_ms=unix_ms(data.get("created_at")))
        case _:
            return DecodeMiss()


def _best_level(at: object, amount: object) -> tuple[Level, ...]:
    """Decode one side of the best bid and ask; a side without orders has no price."""
    return () if at in (None, "", "0") else ((price(at), size(amount)),)


def _sides(data: Json) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """Decode bids and asks of a book message; a deleted level gets size 0, whatever size it is sent with."""
    both_sides: dict[str, list[Level]] = {"BUY": [], "SELL": []}
    for row in rows(data["inserts"], data["updates"]):
        both_sides[row["side"]].append((price(row["price"]), size(row["size"])))
    for row in rows(data["deletes"]):
        both_sides[row["side"]].append((price(row["price"]), DELETED))
    return tuple(both_sides["BUY"]), tuple(both_sides["SELL"])


def _topics(target: Target) -> tuple[Topic, ...]:
    """Return the topics; only the `deltas` channel numbers each frame, in the others numbers grow with gaps."""
    market = target.instrument
    return (
        _topic(_book_channel(target), TopicKind.BOOK, monotone=target.options[FEED] != "deltas"),
        _topic(f"trades.{market}", TopicKind.TRADES),
        _topic(f"funding_data.{market}", TopicKind.FUNDING),
    )


def _book_channel(target: Target) -> str:
    return BOOKS[str(target.options[FEED])].format(target.instrument)


def _topic(channel: str, kind: TopicKind, *, monotone: bool = False) -> Topic:
    def request(method: str) -> Json:
        return {"jsonrpc": "2.0", "method": method, "params": {"channel": channel}, "id": REQUEST_IDS[method]}

    return Topic.from_json_request(channel, kind, request, monotone=monotone)


def _book_request(target: Target) -> RestCall:
    """Request the book by REST; retail orders are only in the interactive book, as on the socket."""
    interactive = "/interactive" if str(target.options[FEED]).startswith("interactive") else ""
    return RestCall(f"/orderbook/{target.instrument}{interactive}?depth=20")


def _decode_book(body: Json, target: Target) -> Book:
    at_ms = unix_ms(body.get("last_updated_at"))
    return Book(_book_channel(target), *both_sides(body, 0, 1), integer(body["seq_no"]), at_ms)


VENUE = Venue(
    name="paradex",
    rank=4,
    ws=Setting("PARADEX_WS_URL", "wss://ws.api.prod.paradex.trade/v1", SettingType.URLS, "WebSocket URLs"),
    rest=Setting("PARADEX_REST_URL", "https://api.prod.paradex.trade/v1", SettingType.URLS, "REST base URLs"),
    market=Setting("PARADEX_MARKET", "BTC-USD-PERP", SettingType.NAME, "market"),
    symbol="{base}-USD-PERP",
    topics=_topics,
    decode=decode,
    recovery=Recovery.RESUBSCRIBE,
    snapshot=RestSpec(_book_request, _decode_book),
    fresh_ms=3_000,
    settings=(
        Setting(FEED, "bbo", SettingType.TEXT, "best bid and ask, or a book and how it is sent", choices=tuple(BOOKS)),
    ),
    log_templates={"subscribed": "INFO: {title} subscribed channel={topic}"},
)
