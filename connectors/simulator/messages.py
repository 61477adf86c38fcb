"""What passes between a venue's machine (`site`) and the doors that carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from typing import TypeAlias

from connectors.session.events import Control
from connectors.simulator.market import FullBook, Precision
from connectors.venues.frames import Level


class Content(Flag):
    """What a frame of the venue carries; faults withhold by content."""

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
    DATA = BOOK | TRADES | FUNDING
    TEXT = DATA | ACK | HEARTBEAT | GREETING | REFUSAL
    ALL = TEXT | PING | PONG


class ConnectPolicy(StrEnum):
    """How a venue meets a new connection."""

    OPEN = "open"
    REFUSE = "refuse"
    BLACK_HOLE = "black_hole"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class TrueBook:
    """The book that a stream means once its frame is read: the truth to hold a connector against."""

    book: FullBook
    precision: Precision
    depth: int | None

    def levels(self) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Bids and asks, best first, exact."""
        bids, asks = self.book.top(self.depth)
        return tuple(self.precision.level(*row) for row in bids), tuple(self.precision.level(*row) for row in asks)


# --- what a site answers to a connection or a request -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The handshake succeeds; `link` names the connection from now on."""

    conn_id: str


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP answer, to a request or in place of a handshake."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    true_book: TrueBook | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The TCP connection is refused."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nothing is ever answered."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request; `path` without query."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


# --- what a site does to a connection ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendData:
    """Send a data frame; `sight` where it carries a book in order."""

    conn_id: str
    data: str | bytes
    content: Content
    true_book: TrueBook | None = None


@dataclass(frozen=True, slots=True)
class SendControl:
    """Send a control frame."""

    conn_id: str
    control: Control
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class CloseConnection:
    """End a connection: with a close frame of this code, without one (None), or by a reset."""

    conn_id: str
    code: int | None = None
    reason: str = ""
    reset: bool = False


@dataclass(frozen=True, slots=True)
class SetListening:
    """Listen for new TCP connections, or refuse them."""

    open: bool


ExchangeAction: TypeAlias = SendData | SendControl | CloseConnection | SetListening
