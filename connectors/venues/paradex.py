"""Paradex: JSON-RPC channels; best bid and ask, a conflated book of 15 levels, or a snapshot with numbered deltas.

Requests and their answers are JSON. Data comes in binary messages if the socket's URL names their schema, which the
venue requires, and in JSON otherwise. A book without `seq_no` is a book. A delta without it is refused as a miss,
because nothing shows that it follows the book; after it the next numbered delta is a gap.

Sources: Paradex docs, "WebSocket channels" (AsyncAPI 2.6.0), "Binary encoding (SBE)" and "Error handling"; paradex-py
0.8.2, `ws_client`; published captures of the public socket, 2026-10 (the bare `deltas` channel, `seq_no` numbered by
one).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connectors.venues import paradex_messages as binary
from connectors.venues.frames import (
    Ack,
    Book,
    BookDelta,
    BookSide,
    DecodeMiss,
    Frame,
    FrameLevel,
    Funding,
    Heartbeat,
    Ignored,
    Json,
    Refusal,
    Trade,
    Unrecognised,
    to_number,
)
from connectors.venues.parsing import (
    HOUR_S,
    BadNumberError,
    both_sides,
    integer,
    known,
    level_price,
    price,
    rate,
    rows,
    size,
    unix_ms,
)
from connectors.venues.spec import (
    BinaryFormat,
    Recovery,
    RestCall,
    RestSpec,
    Setting,
    SettingType,
    Target,
    Topic,
    TopicKind,
    Venue,
)

FEED = "PARAPHINA_PARADEX_PUBLIC_FEED"
ENCODING = "PARADEX_WS_ENCODING"
SCHEMA_QUERY = "sbeSchemaId=1&sbeSchemaVersion=1"
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
        case "bbo", {"bid": bid, "ask": ask}:
            both_sides = _best_level(bid, data["bid_size"]), _best_level(ask, data["ask_size"])
            return Book(channel, *both_sides, _number(data.get("seq_no")), unix_ms(data.get("last_updated_at")))
        case "order_book", {"update_type": "s"}:
            return Book(channel, *_sides(data), _number(data.get("seq_no")), unix_ms(data.get("last_updated_at")))
        case "order_book", {"update_type": "d", "seq_no": seq}:
            number = integer(seq)
            at_ms = unix_ms(data.get("last_updated_at"))
            return BookDelta(channel, *_sides(data), number, number - 1, exchange_ms=at_ms)
        case "trades", {"side": side, "price": at, "size": qty}:
            return Trade(channel, price(at), size(qty), TAKER[side], str(data["id"]), unix_ms(data.get("created_at")))
        case "funding_data", {"funding_rate": funding, "funding_period_hours": hours}:
            period_s = int(size(str(hours)) * HOUR_S)
            return Funding(channel, rate(funding), period_s, exchange_ms=unix_ms(data.get("created_at")))
        case "funding_data", {"funding_rate_8h": funding}:
            return Funding(channel, rate(funding), 8 * HOUR_S, exchange_ms=unix_ms(data.get("created_at")))
        case _:
            return DecodeMiss()


def _number(seq: object) -> int | None:
    return None if seq is None else integer(seq)


# --- binary messages --------------------------------------------------------------------------------------------------


def decode_binary(message: Json, target: Target) -> Iterator[Frame]:
    """Decode one binary message; it names its market, and not its channel."""
    match message:
        case {"template": binary.BBO, "market": market, "seq": seq}:
            bid = _best_amounts(message["bidPrice"], message["bidSize"])
            ask = _best_amounts(message["askPrice"], message["askSize"])
            yield Book(f"bbo.{market}", bid, ask, _number(seq), _ms(message["ts"]))
        case {"template": binary.BOOK, "market": market, "pkgType": kind}:
            yield _binary_book(message, _binary_channel(target, market), kind)
        case {"template": binary.TRADE, "market": market, "side": 1 | 2 as side}:
            at, amount = _amounts(message["price"], message["size"])
            taker = BookSide.BUY if side == 1 else BookSide.SELL
            trade_id = message["tradeIdStr"] or message["tradeId"]
            yield Trade(f"trades.{market}", at, amount, taker, str(trade_id), _ms(message["createdAt"]))
        case {"template": binary.FUNDING, "market": market, "fundingRate": funding, "fundingPeriodHours": hours}:
            period_s = integer(hours) * HOUR_S
            yield Funding(f"funding_data.{market}", known(funding), period_s, exchange_ms=_ms(message["createdAt"]))
        case {"template": binary.HEARTBEAT}:
            yield Heartbeat()
        case {"template": binary.TRADE | binary.SUMMARY as template}:
            yield Ignored(template)
        case {"template": int(template), "schema": binary.SCHEMA_ID}:
            yield Unrecognised(f"template {template}")
        case _:
            yield DecodeMiss()


def read_book(data: bytes | str, target: Target) -> Book | BookDelta | None:
    """Read a binary message of a book whose numbers are as usual; None for any other message."""
    book = binary.read_usual_book(data) if isinstance(data, bytes) else None
    if book is None:
        return None
    channel, at_ms = _binary_channel(target, book.market), _ms(book.ts)
    if book.kind == binary.SNAPSHOT:
        return Book(channel, book.bids, book.asks, book.seq, at_ms)
    if book.kind == binary.DELTA:
        return BookDelta(channel, book.bids, book.asks, book.seq, book.seq - 1, exchange_ms=at_ms)
    return None


def _binary_channel(target: Target, market: str) -> str:
    return f"order_book.{market}" if target.options[FEED] == "bbo" else _book_channel(target, market)


def _binary_book(message: Json, channel: str, kind: object) -> Frame:
    bids, asks = _levels(message["bids"]), _levels(message["asks"])
    if kind == binary.SNAPSHOT:
        return Book(channel, bids, asks, _number(message["seq"]), _ms(message["ts"]))
    if kind == binary.DELTA:
        number = integer(message["seq"])
        return BookDelta(channel, bids, asks, number, number - 1, exchange_ms=_ms(message["ts"]))
    return DecodeMiss(f"pkgType {kind}")


def _levels(rows: list[tuple[Decimal | None, Decimal | None]]) -> list[FrameLevel]:
    """Check prices and sizes of a binary book."""
    return [_level(*_amounts(at, amount)) for at, amount in rows]


def _best_amounts(at: Decimal | None, amount: Decimal | None) -> list[FrameLevel]:
    return [] if at is None else _levels([(at, amount)])


def _level(at: Decimal, amount: Decimal) -> FrameLevel:
    return FrameLevel(level_price(at), to_number(amount))


def _amounts(at: Decimal | None, amount: Decimal | None) -> tuple[Decimal, Decimal]:
    """Check price and size of a binary message."""
    if at is None or at <= 0:
        raise BadNumberError("not a price:", at)
    if amount is None or amount < 0:
        raise BadNumberError("not an amount:", amount)
    return at, amount


def _ms(at_us: int | None) -> int | None:
    return None if at_us is None else unix_ms(at_us // 1_000)


# --- JSON books, requests ---------------------------------------------------------------------------------------------


def _best_level(at: object, amount: object) -> list[FrameLevel]:
    """Decode one side of the best bid and ask; a side without orders has no price."""
    return [] if at in (None, "", "0") else [_level(price(at), size(amount))]


def _sides(data: Json) -> tuple[list[FrameLevel], list[FrameLevel]]:
    """Decode bids and asks of a book message; a deleted level gets size 0, whatever size it is sent with."""
    both_sides: dict[str, list[FrameLevel]] = {"BUY": [], "SELL": []}
    for row in rows(data["inserts"], data["updates"]):
        both_sides[row["side"]].append(_level(price(row["price"]), size(row["size"])))
    for row in rows(data["deletes"]):
        both_sides[row["side"]].append(_level(price(row["price"]), DELETED))
    return both_sides["BUY"], both_sides["SELL"]


def _topics(target: Target) -> tuple[Topic, ...]:
    """Return the topics; only the `deltas` channel numbers each frame, in the others numbers grow with gaps."""
    market = target.instrument
    return (
        _topic(_book_channel(target, market), TopicKind.BOOK, monotone=target.options[FEED] != "deltas"),
        _topic(f"trades.{market}", TopicKind.TRADES),
        _topic(f"funding_data.{market}", TopicKind.FUNDING),
    )


def _book_channel(target: Target, market: str) -> str:
    return BOOKS[str(target.options[FEED])].format(market)


def _socket_url(base: str, target: Target) -> str:
    """Return the URL of the socket, which names the schema of binary messages unless JSON is chosen."""
    if target.options[ENCODING] == "json" or "sbeSchemaId=" in base:
        return base
    return f"{base}{'&' if '?' in base else '?'}{SCHEMA_QUERY}"


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
    return Book(_book_channel(target, target.instrument), *both_sides(body, 0, 1), _number(body.get("seq_no")), at_ms)


VENUE = Venue(
    name="paradex",
    rank=4,
    ws=Setting("PARADEX_WS_URL", "wss://ws.api.prod.paradex.trade/v1", SettingType.URLS, "WebSocket URLs"),
    rest=Setting("PARADEX_REST_URL", "https://api.prod.paradex.trade/v1", SettingType.URLS, "REST base URLs"),
    market=Setting("PARADEX_MARKET", "BTC-USD-PERP", SettingType.NAME, "market"),
    symbol="{base}-USD-PERP",
    topics=_topics,
    decode=decode,
    binary=BinaryFormat(binary.PUBLIC.read, decode_binary),
    read_book=read_book,
    socket_url=_socket_url,
    recovery=Recovery.RESUBSCRIBE,
    snapshot=RestSpec(_book_request, _decode_book),
    fresh_ms=3_000,
    settings=(
        Setting(FEED, "bbo", SettingType.TEXT, "best bid and ask, or a book and how it is sent", choices=tuple(BOOKS)),
        Setting(
            ENCODING,
            "sbe",
            SettingType.TEXT,
            "binary data messages, which the venue requires, or JSON, for a server of earlier days",
            choices=("sbe", "json"),
        ),
    ),
    log_templates={"subscribed": "INFO: {title} subscribed channel={topic}"},
)
