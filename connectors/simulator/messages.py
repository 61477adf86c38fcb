"""Messages between a simulated exchange and the transport (`transport`, or a test) that carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import Protocol, TypeAlias

from connectors.session.events import Control
from connectors.simulator.market import FullBook, Precision
from connectors.venues.frames import Level


class Content(Flag):
    """Kind of content that a frame carries; a fault withholds frames by kind. `STATS` are prices and candles."""

    NONE = 0
    BOOK = auto()
    TRADES = auto()
    FUNDING = auto()
    ACK = auto()
    HEARTBEAT = auto()
    GREETING = auto()
    REFUSAL = auto()
    PING = auto()
    PONG = auto()
    STATS = auto()
    DATA = BOOK | TRADES | FUNDING | STATS
    TEXT = DATA | ACK | HEARTBEAT | GREETING | REFUSAL
    ALL = TEXT | PING | PONG


class ConnectPolicy(StrEnum):
    """Treatment of a new connection by a venue: accept, refuse, never answer, or answer with an HTTP error status."""

    OPEN = "open"
    REFUSE = "refuse"
    BLACK_HOLE = "black_hole"
    STATUS = "status"


class Rejection(StrEnum):
    """Reason for which a venue rejects a subscription: the channel, its market, or too many requests."""

    CHANNEL = "channel"
    MARKET = "market"
    RATE = "rate"


class Framing(StrEnum):
    """Manner of a data frame on the wire.

    `FRAGMENTED` is several frames of a few bytes that make one message, `DRIPPED` leaves the socket byte by byte, and
    `RAW_TEXT` is a text frame of bytes that need not be UTF-8.
    """

    WHOLE = "whole"
    FRAGMENTED = "fragmented"
    DRIPPED = "dripped"
    RAW_TEXT = "raw_text"


@dataclass(frozen=True, slots=True)
class TrueBook:
    """The order book that a connector must hold after it reads a frame; `depth` limits the levels per side."""

    book: FullBook
    precision: Precision
    depth: int | None

    def levels(self) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return the exact bids and asks, best first."""
        bids, asks = self.book.top(self.depth)
        return tuple(self.precision.level(*row) for row in bids), tuple(self.precision.level(*row) for row in asks)


# --- responses of an exchange to a connection attempt or a request ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The handshake succeeds; `link` identifies the connection in all later messages."""

    conn_id: str


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """HTTP response to a request or to a WebSocket handshake; `true_book` is the book that its body shows."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    true_book: TrueBook | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The TCP connection is refused."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The handshake or the request is never answered."""


@dataclass(frozen=True, slots=True)
class Request:
    """HTTP request; `path` excludes the query string, names of `headers` are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


# --- actions of an exchange on its connections ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendData:
    """Send a data frame; `true_book` is set if the frame carries an undamaged order book."""

    conn_id: str
    data: str | bytes
    content: Content
    true_book: TrueBook | None = None
    framing: Framing = Framing.WHOLE


@dataclass(frozen=True, slots=True)
class SendControl:
    """Send a control frame."""

    conn_id: str
    control: Control
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """End a connection: with a close frame of `code`, without a close frame (None), or by a TCP reset."""

    conn_id: str
    code: int | None = None
    reason: str = ""
    reset: bool = False


@dataclass(frozen=True, slots=True)
class SetListening:
    """Start or stop listening for new TCP connections."""

    open: bool


ExchangeAction: TypeAlias = SendData | SendControl | CloseConnection | SetListening


class ServedVenue(Protocol):
    """A venue as a state machine without I/O: it takes the events of clients and returns actions on its connections.

    Times are in ms since the start of the server.
    """

    @property
    def due_ms(self) -> int:
        """Time of the next scheduled event."""

    @property
    def compresses(self) -> bool:
        """True if new connections may compress messages."""

    def advance(self, now_ms: int) -> list[ExchangeAction]:
        """Run the events due until `now_ms`."""

    def connect(
        self, now_ms: int, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[Accepted | HttpResponse | Refused | Unanswered, list[ExchangeAction]]:
        """Handle a WebSocket handshake for a URL path (with its query); names of `headers` are in lower case."""

    def receive(self, now_ms: int, conn_id: str, data: str | bytes) -> list[ExchangeAction]:
        """Handle a data frame of a client."""

    def receive_control(
        self, now_ms: int, conn_id: str, control: Control, payload: bytes = b""
    ) -> list[ExchangeAction]:
        """Handle a control frame of a client."""

    def client_left(self, now_ms: int, conn_id: str, code: int | None = None) -> list[ExchangeAction]:
        """Handle the end of a connection by the client."""

    def drop_client(self, now_ms: int, conn_id: str, code: int | None = None) -> None:
        """Drop a client that broke the protocol (`code` is the close code sent to it), or does not read (None)."""

    def request(
        self, now_ms: int, request: Request
    ) -> tuple[HttpResponse | Refused | Unanswered, list[ExchangeAction]]:
        """Handle a REST request."""
