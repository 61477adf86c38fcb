"""Decoded frames, common to all venues; a venue's `decode` turns one parsed message into these.

`exchange_ms` is the venue's wall clock, in ms since 1970. Sequence numbers are brought to `prev -> seq`, so that one
rule serves all venues (`connectors.session.book.check_sequence`). Names of classes and fields are those of the tapes.
Frames that come often are `msgspec.Struct`s, which are made in a third of the time of a data class.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = Any
"""A parsed JSON value. Its shape is checked with `match`, never assumed."""

Level: TypeAlias = tuple[Decimal, Decimal]
"""Price and absolute size in base units, exact."""

EXACT_DIGITS = sys.float_info.dig
"""Digits up to which no two decimal numbers are the same float, so that a float stands for one of them: 15."""

Number: TypeAlias = float | Decimal
"""An exact number: a float stands for its decimal of up to `EXACT_DIGITS` digits, one of more digits is a Decimal."""


def to_number(value: Decimal) -> Number:
    """Return a decimal as a float if it has at most `EXACT_DIGITS` digits, else as it is."""
    # A short text has few digits, and is made in a tenth of the time of counting them.
    if len(str(value)) <= EXACT_DIGITS:
        return float(value)
    return float(value) if len(value.normalize().as_tuple().digits) <= EXACT_DIGITS else value


def to_decimal(number: Number) -> Decimal:
    """Return the decimal that a number stands for; the inverse of `to_number`."""
    return number if isinstance(number, Decimal) else Decimal(repr(number).removesuffix(".0"))


class FrameLevel(msgspec.Struct, frozen=True, gc=False):
    """A level of a frame: price and absolute size in base units; size 0 removes the level.

    No price has more than `EXACT_DIGITS` digits.
    """

    price: float
    size: Number


def exact_levels(levels: Iterable[FrameLevel]) -> tuple[Level, ...]:
    """Return levels as decimals, in the same order."""
    return tuple((to_decimal(level.price), to_decimal(level.size)) for level in levels)


class BookSide(StrEnum):
    """A side of the market; of a trade, the taker's."""

    BUY = "buy"
    SELL = "sell"


class Book(msgspec.Struct, frozen=True, gc=False):
    """A whole book, which replaces the stored one.

    `seq` is the venue's sequence number of this state, None where the venue numbers nothing.
    """

    topic: str
    bids: Sequence[FrameLevel]
    asks: Sequence[FrameLevel]
    seq: int | None = None
    exchange_ms: int | None = None


class BookDelta(msgspec.Struct, frozen=True, gc=False):
    """Changed levels with absolute sizes.

    `prev` is the `seq` that this delta follows (`seq - 1` at a venue that counts by one), None where the venue numbers
    nothing. `first` is the lowest id inside the delta, for venues whose REST snapshot may lie in the middle of one.
    """

    topic: str
    bids: Sequence[FrameLevel]
    asks: Sequence[FrameLevel]
    seq: int | None = None
    prev: int | None = None
    first: int | None = None
    exchange_ms: int | None = None


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One public trade."""

    topic: str
    price: Decimal
    size: Decimal
    taker: BookSide
    trade_id: str
    exchange_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Funding:
    """A funding rate, as a ratio per `interval_s`; the next payment is due at `next_ms`, in ms since 1970."""

    topic: str
    rate: Decimal
    interval_s: int | None = None
    next_ms: int | None = None
    exchange_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """The venue's acknowledgement of a subscription (`subscribed`) or of its end; topic None where it names none."""

    topic: str | None
    subscribed: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of the venue, with the venue's text; topic None where it names none."""

    text: str
    code: int | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A heartbeat in a data frame: a JSON ping to answer with `reply`, or a `pong` that answers our ping."""

    pong: bool = False
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A known frame without content for us; `kind` names it (a greeting, a list of subscriptions)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A message of a type that the venue added later; it is skipped and counted. `kind` names it (`template 7`)."""

    kind: str


@dataclass(frozen=True, slots=True)
class ClosingSoon:
    """The venue's announcement that it will close this connection in `in_ms`."""

    in_ms: int


@dataclass(frozen=True, slots=True)
class DecodeMiss:
    """A message that can be parsed and has an unknown shape."""

    why: str = "unknown shape"


MarketFrame: TypeAlias = Book | BookDelta | Trade | Funding
Frame: TypeAlias = MarketFrame | Ack | Refusal | Heartbeat | Ignored | Unrecognised | ClosingSoon | DecodeMiss
