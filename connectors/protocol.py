"""The records a connector is made of: what a venue is, what its frames say, what a session is told and answers.

Nothing here behaves. A venue is one `Venue`; its `decode` turns a parsed message into `Frame`s; the session machine is
given `Input`s and answers `Action`s; a door carries the actions out. Time is always monotonic milliseconds handed in by
the caller (`now_ms`), except `exchange_ms`, which is the venue's own wall clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Flag, StrEnum, auto
from typing import Any, Generic, TypeAlias, TypeVar

from toolkit.vocabulary import ReconnectReason

Json: TypeAlias = Any
"""A parsed JSON value; its shape is the venue's business and is told by `match`, never assumed."""

Level: TypeAlias = tuple[Decimal, Decimal]
"""Price and absolute size in base units; size 0 removes the level."""

Value: TypeAlias = int | str | bool | None
"""A resolved setting."""

T = TypeVar("T")


# --- what a frame says ------------------------------------------------------------------------------------------------


class Side(StrEnum):
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
    taker: Side
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


# --- what a venue is --------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """How the text of a setting is read."""

    MS = "ms"
    SECONDS = "s"
    COUNT = "count"
    FLAG = "flag"
    TEXT = "text"
    URLS = "urls"


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment name: its default, how it is read, what it does.

    `least` is the smallest number allowed; `choices` the only texts allowed, any where empty; `aliases` are further
    names, read where the first is not set. Default None is "unset". URLS is a comma list, kept as text.
    """

    name: str
    default: Value
    kind: Kind
    meaning: str
    least: int = 0
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Every time and count a session is held to; a venue states only those that differ from these defaults.

    `ping_interval_ms` 0 turns pings off; `session_ms` 0 means no limit of ours. `stale_ms` is silence of *data* on a
    watched topic, before the first message too; `frozen_ms` is the same book again and again; `quiet` looks by REST are
    answered within `look_ms` or count as unanswered. `parse_errors` and `resyncs` are counted over one minute,
    `decode_misses` in a row without data between.
    """

    connect_ms: int = 15_000
    read_ms: int = 30_000
    stale_ms: int = 10_000
    frozen_ms: int = 30_000
    ping_interval_ms: int = 30_000
    pong_ms: int = 10_000
    session_ms: int = 86_400_000
    healthy_ms: int = 60_000
    look_ms: int = 2_000
    funding_ms: int = 5_000
    snapshot_ms: int = 5_000
    parse_errors: int = 25
    decode_misses: int = 10
    resyncs: int = 3
    buffer: int = 1_024


@dataclass(frozen=True, slots=True)
class Target:
    """What one connector is asked to follow: endpoints (first is preferred), market, and the venue's own options.

    `instrument` is the id that the venue's frames use; a venue with a `lookup` learns it from REST, else it is the
    market. `options` holds the venue's settings by environment name.
    """

    ws_urls: tuple[str, ...]
    rest_urls: tuple[str, ...]
    market: str
    instrument: str
    options: Mapping[str, Value] = field(default_factory=dict)


class Feed(StrEnum):
    """What a topic carries."""

    BOOK = "book"
    TRADES = "trades"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Topic:
    """One subscription.

    `key` is the name that decoded frames carry. `subscribe` is the frame to send, None where the URL subscribes.
    `monotone` says that a book older than the last one (by `seq`) is to be dropped; without it a snapshot may carry
    any number. Only book topics are watched for silence: trades may be rare.
    """

    key: str
    feed: Feed = Feed.BOOK
    subscribe: str | None = None
    unsubscribe: str | None = None
    monotone: bool = False


class Recovery(StrEnum):
    """How a broken book is made whole again; the first two keep the socket and are resyncs."""

    REST = "rest"
    RESUBSCRIBE = "resubscribe"
    RECONNECT = "reconnect"


class PingKind(StrEnum):
    """What keeps the connection alive from our side."""

    CONTROL = "control"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """Our ping: a control frame with `payload`, or the text frame `payload` that the venue answers by a `Heartbeat`."""

    kind: PingKind = PingKind.CONTROL
    payload: str = "p"


@dataclass(frozen=True, slots=True)
class RestCall:
    """One HTTP request below a REST base URL; `body` is JSON text."""

    path: str
    method: str = "GET"
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Rest(Generic[T]):
    """A request and the reading of its answer; `decode` raises ValueError, LookupError or TypeError on bad shapes."""

    call: Callable[[Target], RestCall]
    decode: Callable[[Json, Target], T]


def _plain_url(base: str, _target: Target) -> str:
    return base


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A venue, whole: everything that shared code needs to follow one market on it.

    `name` is the word in every file, `title` the one in log sentences, `prefix` the middle of its environment names
    (`PARAPHINA_<prefix>_STALE_MS`). `rank` is its place in telemetry arrays. `ws` and `rest` are the settings that hold
    the base URLs, `market` the one that names the market, and `symbol` writes a base asset as this venue does
    (`{base}-USD`). `decode` raises ValueError, LookupError or TypeError on a wrong shape or number. `fresh_ms` is the
    apply age up to which the venue counts as Healthy. `lines` replaces single sentences of the log, by note (see
    `connectors.lines`).
    """

    name: str
    title: str
    prefix: str
    rank: int
    ws: Setting
    rest: Setting
    market: Setting
    topics: Callable[[Target], tuple[Topic, ...]]
    decode: Callable[[Json], Iterator[Frame]]
    symbol: str = "{base}"
    socket_url: Callable[[str, Target], str] = _plain_url
    headers: tuple[tuple[str, str], ...] = ()
    keep_alive: KeepAlive = KeepAlive()
    recovery: Recovery = Recovery.RECONNECT
    snapshot: Rest[Book] | None = None
    lookup: Rest[str] | None = None
    funding: Rest[Funding] | None = None
    limits: Limits = Limits()
    fresh_ms: int = 1_000
    settings: tuple[Setting, ...] = ()
    lines: Mapping[str, str] = field(default_factory=dict)


# --- what a session is told -------------------------------------------------------------------------------------------


class Purpose(StrEnum):
    """Why something is fetched by REST."""

    LOOKUP = "lookup"
    SNAPSHOT = "snapshot"
    LOOK = "look"


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
class Heard:
    """A control frame came in (the library has already answered a ping)."""

    control: Control


@dataclass(frozen=True, slots=True)
class Ended:
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
class Passed:
    """Nothing came; time has passed."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End for good: the operator's wish (no reason) or another layer's decision."""

    reason: ReconnectReason | None = None
    again: bool = False


Input: TypeAlias = (
    Started | Opened | ConnectFailed | Received | Heard | Ended | SendFailed | Fetched | FetchFailed | Passed | Stop
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


class Shape(Flag):
    """What is wrong with a book's top; none of it is hidden from a consumer."""

    SOUND = 0
    CROSSED = auto()
    LOCKED = auto()
    ONE_SIDED = auto()
    EMPTY = auto()


class Source(StrEnum):
    """Where a published event comes from; injected books never pass as the socket's."""

    SOCKET = "socket"
    BRIDGE = "bridge"
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
    shape: Shape = Shape.SOUND
    source: Source = Source.SOCKET


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask REST; the answer comes back as `Fetched` or `FetchFailed` with this ticket, within `timeout_ms`."""

    ticket: int
    purpose: Purpose
    url: str
    call: RestCall
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection, because of `reason`; `silence` and `topic` where a watchdog decided."""

    reason: ReconnectReason
    detail: str = ""
    silence: Silence | None = None
    topic: str | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something happened that people or files should know; `connectors.lines` writes it in the log's words."""

    kind: str
    fields: Mapping[str, Value | float] = field(default_factory=dict)


Action: TypeAlias = Connect | Send | Ping | Publish | Fetch | Close | Note
