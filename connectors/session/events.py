"""What a session is told and what it answers.

The session machine is given one `Input` at a time and answers `Action`s; a door carries them out. Time is monotonic
milliseconds handed in by the caller (`now_ms`); a machine never reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import TypeAlias

from connectors.venues.frames import MarketFrame
from connectors.venues.spec import RestCall, Value
from toolkit.model.vocabulary import ReconnectReason

# --- what a session is told -------------------------------------------------------------------------------------------


class FetchPurpose(StrEnum):
    """Why something is fetched by REST."""

    LOOKUP = "lookup"
    SNAPSHOT = "snapshot"
    BOOK_CHECK = "book_check"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Started:
    """The connector may begin."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The WebSocket handshake is done."""


@dataclass(frozen=True, slots=True)
class ConnectFailed:
    """No connection; `timeout` tells silence from refusal, `status` is the HTTP answer to the upgrade, if any."""

    detail: str
    timeout: bool = False
    status: int | None = None
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One whole data frame."""

    data: str | bytes


class Control(StrEnum):
    """A control frame of the peer."""

    PING = "ping"
    PONG = "pong"


@dataclass(frozen=True, slots=True)
class ControlReceived:
    """A control frame came in (the library has already answered a ping)."""

    control: Control


@dataclass(frozen=True, slots=True)
class SocketClosed:
    """The connection is gone: `code` of the peer's close frame, None where none came (reset, end of stream)."""

    code: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SendFailed:
    """A `Send` or a `Ping` could not be written."""

    detail: str
    ping: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """The body that answers a `Fetch` with the same `ticket`."""

    ticket: int
    body: bytes


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """A `Fetch` came to nothing."""

    ticket: int
    detail: str
    status: int | None = None
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Time has passed, and nothing is waiting to be read; only this can prove a silence."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End for good: the operator's wish (no reason) or another layer's decision."""

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


# --- what a session answers -------------------------------------------------------------------------------------------


class Silence(StrEnum):
    """The kinds of silence, told apart; `half_open` answers not even a control ping."""

    MUTE = "mute"
    ACKED_MUTE = "acked_mute"
    HEARTBEAT_ONLY = "heartbeat_only"
    TOPIC_MUTE = "topic_mute"
    FROZEN_BOOK = "frozen_book"
    HALF_OPEN = "half_open"


class BookFlaws(Flag):
    """What is wrong with a book's top; none of it is hidden from a consumer."""

    NONE = 0
    CROSSED = auto()
    LOCKED = auto()
    ONE_SIDED = auto()
    EMPTY = auto()


class EventSource(StrEnum):
    """Where a published event comes from; injected books never pass as the socket's."""

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


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand a market event to the consumer: books without loss, the rest latest-wins."""

    event: MarketFrame
    flaws: BookFlaws = BookFlaws.NONE
    source: EventSource = EventSource.SOCKET


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask REST; the answer comes back as `Fetched` or `FetchFailed` with this ticket, within `timeout_ms`."""

    ticket: int
    purpose: FetchPurpose
    url: str
    call: RestCall
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection, because of `reason` (None: the operator's wish).

    `silence` and `topic` where a watchdog decided, `code` of the venue's close frame, `status` of its HTTP answer.
    """

    reason: ReconnectReason | None
    detail: str = ""
    silence: Silence | None = None
    topic: str | None = None
    code: int | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something happened that people or files should know; `connectors.lines` writes it in the log's words."""

    kind: str
    fields: Mapping[str, Value | float] = field(default_factory=dict)


Action: TypeAlias = Connect | Send | Ping | Publish | Fetch | Close | Note
