"""Interface of a venue protocol: how a venue handles subscriptions, encodes frames and answers requests.

A protocol is the venue's side of `connectors.venues.spec.Venue`. It is written from the venue's own documents, so that
the two check each other. It keeps no state; the state of a subscription is in `Stream`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from connectors.simulator.market import FullBook, MarketTrade, Precision
from connectors.simulator.messages import Content, HttpResponse, Rejection, Request, SendData
from connectors.simulator.protocols.candles import MarketHistory
from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.simulator.protocols.limits import NO_LIMITS, UsageLimits
from connectors.simulator.protocols.numbering import Numbering
from connectors.venues.frames import Json

LevelChange: TypeAlias = tuple[int, int, int]
"""Price in points, size before and size now in lots."""


SENT_FRAMES = 20
"""Frames that a stream keeps, to send them again."""


@dataclass(slots=True)
class Stream:
    """State of one subscription on one connection.

    `channel` is the venue's name of the subscription. `depth` limits the book to the best levels per side. `period_ms`
    is the minimum time between two frames; changes in between are merged into the next frame. An `incremental` stream
    sends changes after its first full book, and a full book again every `full_every_ms`; any other stream sends full
    books. `repeats_unchanged` sends a book that has not changed. `sends_at_once` sends the first frame at the
    subscription instead of at the next change. `wrapped` puts frames into the venue's envelope for combined streams,
    with the numbers of `numbering` where the venue numbers those over a connection. `binary_version` is the version of
    the binary schema in which frames are encoded, None for text. `price_step` groups the levels of the book by so many
    points. `number` is the last sequence number sent, `since` the market's update counter at the subscription. `bids`
    and `asks` hold the sizes before each change not sent yet, `last_top` the last levels sent of a full book, and
    `sent` the last frames; in an incremental stream, those since the last full book.
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
    binary_version: int | None = None
    price_step: int = 1
    numbering: Numbering = field(default_factory=Numbering)
    number: int = 0
    since: int = 0
    due_ms: int = 0
    full_due_ms: int = 0
    started: bool = False
    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)
    last_top: object = None
    sent: deque[SendData] = field(default_factory=lambda: deque(maxlen=SENT_FRAMES))


@dataclass(frozen=True, slots=True)
class MarketState:
    """State of a venue's market that a frame or a response encodes.

    `wall_ms` is Unix time in ms, `number` the venue's update counter, `funding_ppb` the hourly funding rate in parts
    per billion. `full` requests a full book from an incremental stream; else `bids` and `asks` are the changes since
    its last frame, best first. `trades` are the trades to send, oldest first, `history` those before and the candles.
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
    history: MarketHistory = field(default_factory=MarketHistory)

    def levels(self, depth: int | None = None) -> list[list[list[str]]]:
        """Return bids and asks as `[price, size]` texts, best first; `depth` None returns all levels."""
        price, size = self.precision.price, self.precision.size
        return [[[price(at), size(lots)] for at, lots in side] for side in self.book.top(depth)]

    def mid(self) -> str:
        """Return the mid price as text; a side without levels counts as zero."""
        return self.precision.price(self.book.mid())

    def best(self) -> tuple[str, str]:
        """Return the best bid and the best ask as text; a side without levels counts as zero."""
        bids, asks = self.book.top(1)
        return self.precision.price(bids[0][0] if bids else 0), self.precision.price(asks[0][0] if asks else 0)


# --- responses of a protocol to a client's frame ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendReply:
    """Send `text`."""

    text: str
    content: Content = Content.ACK


@dataclass(frozen=True, slots=True)
class StartStream:
    """Start a subscription: send `ack`, if any, then run the stream."""

    stream: Stream
    ack: str | None = None


@dataclass(frozen=True, slots=True)
class StopStream:
    """End a subscription and send `ack`, if any."""

    channel: str
    ack: str | None = None


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the connection without a close frame, as the venue does on a frame that it rejects."""


@dataclass(frozen=True, slots=True)
class WrapFrames:
    """Put the frames of all streams of the connection into the venue's envelope from now on, or no longer."""

    wrapped: bool


ClientResponse: TypeAlias = SendReply | StartStream | StopStream | Disconnect | WrapFrames


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Facts of a connection for the protocol: its URL path, subscribed channels, serial number and frame counter.

    `wrapped` is what its client last asked of the envelope, None if it never did.
    """

    path: str
    channels: frozenset[str]
    serial: int
    numbering: Numbering
    wrapped: bool | None = None


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """Idle rule: a connection ends after `after_ms` without a frame from the client (`of_client`) or from the venue."""

    after_ms: int
    of_client: bool = True


@dataclass(frozen=True, kw_only=True)
class VenueProtocol(ABC):
    """Venue side of a market data protocol; it holds constants and no state.

    `update_ms` is the time between two steps of the market. `symbol` is the format of a symbol with the field `base`.
    `acks` is true if the venue confirms subscriptions apart from their data. `heartbeat` is the heartbeat text that the
    venue sends (None: a control ping). The venue sends a ping every `ping_ms` (0: never) and closes the connection
    if no pong arrives within `pong_ms`. It sends `idle_heartbeat` after `idle_heartbeat_ms` without a data frame
    (0: never). `usage_limits` apply to all clients together. `notice` is for whoever serves the venue.
    """

    venue: str
    update_ms: int
    precision: Precision
    symbol: str
    acks: bool = True
    heartbeat: str | None = None
    ping_ms: int = 0
    pong_ms: int = 0
    idle_heartbeat_ms: int = 0
    idle: IdleTimeout | None = None
    usage_limits: UsageLimits = NO_LIMITS
    notice: str = ""

    def greeting(self, _serial: int, /) -> str | None:
        """Return the first text of a new connection, None if there is none; `serial` counts connections."""
        return None

    def for_profile(self, _profile: ClientProfile, /) -> VenueProtocol:
        """Return the protocol as clients of a profile know it."""
        return self

    def idle_heartbeat(self, _path: str, _wall_ms: int, /) -> str | bytes | None:
        """Return the heartbeat of a connection by this URL path, None if it gets none."""
        return None

    @abstractmethod
    def streams_for_path(self, path: str, symbol: str, /) -> tuple[Stream, ...] | None:
        """Return the streams that the URL of a new connection subscribes to; None for an unknown URL."""

    def handle_message(self, _message: Json, _client: ClientInfo, _state: MarketState, /) -> Iterator[ClientResponse]:
        """Yield the responses to a JSON message of a client."""
        yield from ()

    @abstractmethod
    def encode(self, stream: Stream, state: MarketState, /) -> str | bytes:
        """Encode the next frame of a stream and update its sequence number."""

    @abstractmethod
    def handle_request(self, request: Request, state: MarketState, /) -> Json | HttpResponse | None:
        """Return the JSON response to a request; text is sent as it is with status 200, None means not found.

        An `HttpResponse` is sent with its own status and headers (`http_error` makes one for an error). Raises
        ValueError for a value in the request that cannot be read.
        """

    def refuse_handshake(self, _request: Request, /) -> HttpResponse | None:
        """Return the venue's refusal of a handshake, such as for a missing header or parameter; None to serve it."""
        return None

    def refuse_request(self, _request: Request, /) -> HttpResponse | None:
        """Return the venue's refusal of a request before its path is looked at; None to serve it."""
        return None

    def unknown_path(self, _request: Request, /) -> HttpResponse:
        """Return the venue's response to a request or a handshake for a path that it does not have."""
        return http_error(404, {"error": "not found"})

    def weight(self, _request: Request, /) -> int:
        """Return the weight of a request against `UsageLimits.weight`."""
        return 1

    def usage_headers(self, _used: int, /) -> tuple[tuple[str, str], ...]:
        """Return the headers that tell a client the weight that it used in the last minute."""
        return ()

    def too_many_requests(self, wait_s: int, _banned_until_ms: int | None, /) -> HttpResponse:
        """Return the response to a request above the limit.

        `wait_s` is the time in seconds until the next one may be served; during a ban, `banned_until_ms` is the Unix
        time of its end in ms.
        """
        return http_error(429, {"error": "too many requests"}, (("Retry-After", str(wait_s)),))

    def too_many_connections(self) -> HttpResponse:
        """Return the response to a handshake above the limit."""
        return http_error(429, {"error": "too many connections"})

    def too_many_messages(self) -> ClientResponse:
        """Return the response to a message above the limit."""
        return Disconnect()

    def too_many_subscriptions(self, channel: str, /) -> ClientResponse:
        """Return the response to a subscription above the limit."""
        return SendReply(self.subscription_error(channel), Content.REFUSAL)

    def invalid_request(self, _request: Request, why: str, /) -> HttpResponse:
        """Return the venue's response to a request with a value that cannot be read; `why` names the value."""
        return http_error(400, {"error": why})

    @abstractmethod
    def subscription_error(self, channel: str, /) -> str:
        """Return the venue's error message for a rejected subscription."""

    def rejection(self, reason: Rejection, channel: str, /) -> str | None:
        """Return the venue's error message for a subscription rejected for a reason; None if it sends none."""
        return None if reason is Rejection.RATE else self.subscription_error(channel)

    def invalid_json_error(self, _frame: str, /) -> str | None:
        """Return the venue's error message for a frame that is not JSON; None if it sends none."""
        return None


def http_error(status: int, body: Json, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    """Return an HTTP error response with a JSON body."""
    return HttpResponse(status, msgspec.json.encode(body), headers)


def compact_json(message: Any) -> str:
    """Encode a message as compact JSON with keys in insertion order."""
    return msgspec.json.encode(message).decode()
