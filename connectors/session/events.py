"""Events that go into a session machine, and actions it answers with.

A machine takes one `SessionEvent` at a time and returns `Action`s, which the driver carries out in order. Time is
monotonic milliseconds passed in by the caller (`now_ms`); a machine never reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import TypeAlias

import msgspec

from connectors.venues.frames import MarketFrame
from connectors.venues.spec import RestCall, Value
from toolkit.model.vocabulary import ReconnectReason

# --- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The connector may begin."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The WebSocket handshake is complete; `peer` is the address of the other end or the proxy, empty if not known."""

    peer: str = ""


@dataclass(frozen=True, slots=True)
class ConnectFailed:
    """The connection attempt failed.

    `timeout` is True if the connect limit passed. `status` is the HTTP status that answered the upgrade, if any.
    """

    detail: str
    timeout: bool = False
    status: int | None = None
    retry_after_ms: int | None = None


class Received(msgspec.Struct, frozen=True, gc=False):
    """One whole data frame came in: a text frame, decoded or as its bytes, or a `binary` one."""

    data: str | bytes
    binary: bool = False


class Control(StrEnum):
    """A control frame of the peer."""

    PING = "ping"
    PONG = "pong"


@dataclass(frozen=True, slots=True)
class ControlReceived:
    """A control frame came in; the WebSocket library has already answered a ping."""

    control: Control


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """The socket is closed; `code` is that of the peer's close frame, None without one (reset, end of stream)."""

    code: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SendFailed:
    """A `Send` or a `Ping` could not be written."""

    detail: str
    ping: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """The response body to the `Fetch` with the same `ticket`."""

    ticket: int
    body: bytes


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """The `Fetch` with the same `ticket` failed."""

    ticket: int
    detail: str
    status: int | None = None
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Time has passed and no event is waiting to be read."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the connector, or end its session and reconnect (`restart`).

    `reason` is None for the operator's stop, else the reason of the part of the program that asks for it.
    """

    reason: ReconnectReason | None = None
    restart: bool = False


SessionEvent: TypeAlias = (
    Started
    | Opened
    | ConnectFailed
    | Received
    | ControlReceived
    | SocketClosed
    | SendFailed
    | Fetched
    | FetchFailed
    | TimePassed
    | Stop
)


# --- actions ----------------------------------------------------------------------------------------------------------


class FetchPurpose(StrEnum):
    """The purpose of a REST request.

    `BOOK_CHECK` compares the venue's book with ours; `MONITOR` is the REST monitor's, beside the session.
    """

    LOOKUP = "lookup"
    SNAPSHOT = "snapshot"
    BOOK_CHECK = "book_check"
    FUNDING = "funding"
    MONITOR = "monitor"


class Silence(StrEnum):
    """The class of a silence.

    `mute`: nothing comes, or frames that bring no data, such as repeated ones. `acked_mute`: the subscription is
    acknowledged, data never came. `heartbeat_only`: only heartbeats come. `topic_mute`: data of other topics comes, or
    messages of a type that is not known. `frozen_book`: the same book is repeated. `half_open`: not even a control ping
    is answered.
    """

    MUTE = "mute"
    ACKED_MUTE = "acked_mute"
    HEARTBEAT_ONLY = "heartbeat_only"
    TOPIC_MUTE = "topic_mute"
    FROZEN_BOOK = "frozen_book"
    HALF_OPEN = "half_open"


class BookFlaws(Flag):
    """Flaws of a book's top; a flawed book is published with them."""

    NONE = 0
    CROSSED = auto()
    LOCKED = auto()
    ONE_SIDED = auto()
    EMPTY = auto()


class EventSource(StrEnum):
    """The source of a published event.

    `BRIDGE` is a book joined from a REST snapshot and the deltas of the socket. `INJECTED` marks books that the REST
    monitor injects, so that they are never taken for the socket's.
    """

    SOCKET = "socket"
    BRIDGE = "bridge"
    REST = "rest"
    INJECTED = "injected"


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a socket."""

    url: str
    headers: tuple[tuple[str, str], ...]
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Send:
    """Write a text frame; `ping` marks the venue's JSON keep-alive."""

    text: str
    ping: bool = False


@dataclass(frozen=True, slots=True)
class Ping:
    """Write a control ping."""

    payload: str = "p"


class Publish(msgspec.Struct, frozen=True, gc=False):
    """Hand a market event to the consumer: books without loss, of other data the latest."""

    event: MarketFrame
    flaws: BookFlaws = BookFlaws.NONE
    source: EventSource = EventSource.SOCKET


@dataclass(frozen=True, slots=True)
class Fetch:
    """Make a REST request; `Fetched` or `FetchFailed` with its ticket follows within `timeout_ms`."""

    ticket: int
    purpose: FetchPurpose
    url: str
    call: RestCall
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection because of `reason` (None: the operator's stop).

    A watchdog sets `silence` and `topic`. `code` is that of the venue's close frame, `status` its HTTP status.
    """

    reason: ReconnectReason | None
    detail: str = ""
    silence: Silence | None = None
    topic: str | None = None
    code: int | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note for `events.jsonl`; `connectors.recording.log_lines` renders it as lines of `run.log`."""

    kind: str
    fields: Mapping[str, Value | float] = field(default_factory=dict)


Action: TypeAlias = Connect | Send | Ping | Publish | Fetch | Close | Note
