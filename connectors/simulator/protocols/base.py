"""What a venue's dialect is: how it takes subscriptions, writes frames and answers requests.

A dialect is a description like `connectors.description.Venue`, seen from the venue's side and written from the venue's
own documents, so that the two check each other. It keeps no state; what a connection has been told stands in `Stream`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from connectors.simulator.market import FullBook, MarketTrade, Precision
from connectors.simulator.messages import Content, Request, SendData
from connectors.venues.frames import Json

LevelChange: TypeAlias = tuple[int, int, int]
"""Price, size before, size now; points and lots."""


@dataclass(slots=True)
class Stream:
    """One subscription on one connection, and how far it was told.

    `channel` is the venue's name of it. `depth` cuts the book to the best levels. `period_ms` is the least time between
    two frames; what changes in between is folded into the next. A `chained` stream sends changes after its first whole
    book (and a whole one again each `whole_ms`); any other sends what it shows whole. `resends` repeats a book that has
    not changed. `opens` sends the first frame at once instead of with the next change. `number` is the last sequence
    number sent, `since` the market's at the subscription, `said` the last frame.
    """

    channel: str
    content: Content = Content.BOOK
    depth: int | None = None
    period_ms: int = 0
    incremental: bool = False
    full_every_ms: int | None = None
    repeats_unchanged: bool = False
    sends_at_once: bool = True
    wrapped: bool = False
    number: int = 0
    since: int = 0
    due_ms: int = 0
    full_due_ms: int = 0
    started: bool = False
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    last_top: object = None
    last_frame: SendData | None = None


@dataclass(frozen=True, slots=True)
class MarketState:
    """A venue's market as a frame or an answer shows it.

    `number` is the venue's update counter at this state. `whole` asks a chained stream for a whole book, else `bids`
    and `asks` are what changed since its last frame, best first. `trades` are the newest, oldest first.
    """

    symbol: str
    base: str
    precision: Precision
    wall_ms: int
    number: int
    book: FullBook
    funding_ppb: int
    full: bool = True
    bids: tuple[LevelChange, ...] = ()
    asks: tuple[LevelChange, ...] = ()
    trades: tuple[MarketTrade, ...] = ()

    def levels(self, depth: int | None = None) -> list[list[list[str]]]:
        """Bids and asks as `[price, size]` texts, best first."""
        price, size = self.precision.price, self.precision.size
        return [[[price(at), size(lots)] for at, lots in side] for side in self.book.top(depth)]

    def mid(self) -> str:
        """The middle of the book, as a price; zero for a book without two sides."""
        (bid, *_), (ask, *_) = self.book.top(1)[0] or [(0, 0)], self.book.top(1)[1] or [(0, 0)]
        return self.precision.price((bid[0] + ask[0]) // 2)


# --- what a dialect answers to a client's frame -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendReply:
    """Say this."""

    text: str
    content: Content = Content.ACK


@dataclass(frozen=True, slots=True)
class StartStream:
    """A subscription: say `ack`, then let the stream run."""

    stream: Stream
    ack: str | None = None


@dataclass(frozen=True, slots=True)
class StopStream:
    """The end of a subscription."""

    channel: str
    ack: str | None = None


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the connection without a word, as the venue does to what it does not like."""


ClientResponse: TypeAlias = SendReply | StartStream | StopStream | Disconnect


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """A connection as a dialect sees it: the URL it came by, and the channels it holds."""

    path: str
    channels: frozenset[str]
    serial: int


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """When a venue ends a connection by itself: nothing from the client, or nothing of its own, for so long."""

    after_ms: int
    of_client: bool = True


@dataclass(frozen=True, kw_only=True)
class VenueProtocol(ABC):
    """One venue's side of the conversation; it holds facts and no state.

    `update_ms` is the time between two steps of its market. `symbol` writes a base asset. `acks` says that a
    subscription is confirmed apart from its data, `beat` is the text life sign that the venue may send by itself (None:
    a control ping). `ping_ms` and `pong_ms` are its own keep-alive.
    """

    venue: str
    update_ms: int
    precision: Precision
    symbol: str
    acks: bool = True
    heartbeat: str | None = None
    ping_ms: int = 0
    pong_ms: int = 0
    idle: IdleTimeout | None = None

    def greeting(self, _serial: int, /) -> str | None:
        """What a new connection is told first; `serial` counts connections."""
        return None

    @abstractmethod
    def streams_for_path(self, path: str, symbol: str, /) -> tuple[Stream, ...] | None:
        """The streams that the URL of a new connection subscribes; None for a URL that the venue does not know."""

    def handle_message(self, _message: Json, _client: ClientInfo, _state: MarketState, /) -> Iterator[ClientResponse]:
        """What a client's JSON is answered by."""
        yield from ()

    @abstractmethod
    def encode(self, stream: Stream, state: MarketState, /) -> str:
        """A stream's next frame."""

    @abstractmethod
    def handle_request(self, request: Request, state: MarketState, /) -> Json | None:
        """The answer to a request; None: not found."""

    @abstractmethod
    def subscription_error(self, channel: str, /) -> str:
        """The venue's own error to a subscription."""

    def invalid_json_error(self, _frame: str, /) -> str | None:
        """The venue's own error to a frame that is no JSON."""
        return None


def compact_json(message: Any) -> str:
    """A message as compact JSON, keys in the order given."""
    return msgspec.json.encode(message).decode()
