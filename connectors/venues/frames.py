"""What a venue's frames say, once decoded; a venue's `decode` turns one parsed message into these.

`exchange_ms` is the venue's own wall clock; sequence numbers are brought to `prev -> seq` so that one rule fits all.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A parsed JSON value; its shape is the venue's business and is told by `match`, never assumed."""

Level: TypeAlias = tuple[Decimal, Decimal]
"""Price and absolute size in base units; size 0 removes the level."""


class BookSide(StrEnum):
    """A side of the market; of a trade, the taker's."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True)
class Book:
    """A whole book: it replaces whatever was known.

    `seq` is the venue's sequence number at this state, None where the venue numbers nothing.
    """

    topic: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    seq: int | None = None
    exchange_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BookDelta:
    """Changed levels with absolute sizes.

    The chain rule of every venue is one rule: `prev` is the `seq` this delta follows (a venue that counts by one gives
    `seq - 1`), None where the venue numbers nothing. `first` is the lowest id inside the delta, for venues whose REST
    snapshot lands in the middle of one.
    """

    topic: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    seq: int | None = None
    prev: int | None = None
    first: int | None = None
    exchange_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """One public trade."""

    topic: str
    price: Decimal
    size: Decimal
    taker: BookSide
    trade_id: str
    exchange_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Funding:
    """A funding rate, per `interval_s` where the venue states one."""

    topic: str
    rate: Decimal
    interval_s: int | None = None
    next_ms: int | None = None
    exchange_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """The venue accepted a subscription (`subscribed`) or ended one; topic None where the reply names none."""

    topic: str | None
    subscribed: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """The venue refused something, in its own words; topic None where the reply names none."""

    text: str
    code: int | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A life sign in a data frame (JSON ping or pong); `reply` is what to answer, `pong` tells an answer to ours."""

    pong: bool = False
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame that is understood and carries nothing (a greeting, an echo); `kind` says which."""

    kind: str


@dataclass(frozen=True, slots=True)
class ClosingSoon:
    """The venue says that it will close this connection."""

    in_ms: int


@dataclass(frozen=True, slots=True)
class DecodeMiss:
    """Valid JSON of a shape nobody described."""

    why: str = "unknown shape"


MarketFrame: TypeAlias = Book | BookDelta | Trade | Funding
Frame: TypeAlias = MarketFrame | Ack | Refusal | Heartbeat | Ignored | ClosingSoon | DecodeMiss
