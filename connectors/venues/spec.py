"""Venue description: one `Venue` record holds everything that shared code needs to follow one market on a venue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from connectors.venues.frames import Book, BookDelta, Frame, Funding, Json

Value: TypeAlias = int | str | bool | None
"""The value of a setting."""

T = TypeVar("T")


class SettingType(StrEnum):
    """The type of a setting: how its text is parsed and checked.

    MS, SECONDS and COUNT are whole numbers. NAME is a market's name, without spaces. URLS is a comma-separated list,
    kept as text.
    """

    MS = "ms"
    SECONDS = "s"
    COUNT = "count"
    FLAG = "flag"
    NAME = "name"
    TEXT = "text"
    URLS = "urls"


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its default, its type and its meaning.

    `least` and `most` bound a number, both inclusive. `choices` are the only texts allowed; empty allows any. `aliases`
    are further variable names, read in order where `name` is not set. Default None means unset.
    """

    name: str
    default: Value
    kind: SettingType
    meaning: str
    least: int = 0
    most: int | None = None
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VenueLimits:
    """Limits of a session: times in ms, and counts; a venue states only those that differ from these defaults.

    - `connect_ms`: TCP, TLS and upgrade together.
    - `read_ms`: silence of the whole socket.
    - `stale_ms`: silence of *data* of the book, before the first message too.
    - `frozen_ms`: the same book repeated.
    - `ping_interval_ms`: time between two pings, 0 turns them off. `pong_ms`: time until a ping must be answered.
    - `session_ms`: age at which a socket is replaced, 0 for no limit.
    - `healthy_ms`: age of a session that resets the backoff.
    - `book_check_ms`: a REST response to a check of the book that takes longer counts as missing.
    - `funding_ms`: time between two polls of the funding rate by REST, 0 turns them off.
    - `snapshot_ms`: limit of the other REST requests.
    - `bridge_ms`: time without a delta after which a REST snapshot is requested again.
    - `parse_errors`, `resyncs`: the most allowed in one minute.
    - `decode_misses`: frames of unknown shape in a row, without book data between, that end the session.
    - `buffer`: deltas that wait for a REST snapshot at most.
    """

    connect_ms: int = 15_000
    read_ms: int = 30_000
    stale_ms: int = 10_000
    frozen_ms: int = 30_000
    ping_interval_ms: int = 30_000
    pong_ms: int = 10_000
    session_ms: int = 86_400_000
    healthy_ms: int = 60_000
    book_check_ms: int = 2_000
    funding_ms: int = 5_000
    snapshot_ms: int = 5_000
    bridge_ms: int = 1_000
    parse_errors: int = 25
    decode_misses: int = 10
    resyncs: int = 3
    buffer: int = 1_024


@dataclass(frozen=True, slots=True)
class Target:
    """The market that one connector follows: endpoints (the first is preferred), market, and the venue's options.

    `instrument` is the market's id in the venue's frames. It is empty until the venue's `lookup` has found it; without
    a lookup it equals `market`. `options` holds the venue's own settings by environment name.
    """

    ws_urls: tuple[str, ...]
    rest_urls: tuple[str, ...]
    market: str
    instrument: str
    options: Mapping[str, Value] = field(default_factory=dict)


class TopicKind(StrEnum):
    """The kind of data that a topic carries."""

    BOOK = "book"
    TRADES = "trades"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Topic:
    """One subscription.

    `key` is the topic name in decoded frames. `subscribe` is the frame to send, None where the URL subscribes. With
    `monotone` a book with a lower `seq` than the last one is dropped; without it a snapshot may carry any number.
    Only book topics are watched for silence, because trades may be rare.
    """

    key: str
    kind: TopicKind = TopicKind.BOOK
    subscribe: str | None = None
    unsubscribe: str | None = None
    monotone: bool = False

    @classmethod
    def from_json_request(
        cls, key: str, kind: TopicKind, request: Callable[[str], Json], *, monotone: bool = False
    ) -> Topic:
        """Make a topic with JSON requests; `request` writes one, given the method `subscribe` or `unsubscribe`."""
        subscribe, unsubscribe = (json.dumps(request(method)) for method in ("subscribe", "unsubscribe"))
        return cls(key, kind, subscribe, unsubscribe, monotone)


class Recovery(StrEnum):
    """Recovery of a broken book: by REST or resubscription on the same socket (a resync), or by reconnect."""

    REST = "rest"
    RESUBSCRIBE = "resubscribe"
    RECONNECT = "reconnect"


class PingKind(StrEnum):
    """The kind of our pings: WebSocket control frames, or JSON text frames of the venue's protocol."""

    CONTROL = "control"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """Our ping: a control frame with `payload`, or the text frame `payload`, answered with a `Heartbeat` frame."""

    kind: PingKind = PingKind.CONTROL
    payload: str = "p"


@dataclass(frozen=True, slots=True)
class RestCall:
    """One HTTP request below a REST base URL; `body` is JSON text."""

    path: str
    method: str = "GET"
    body: str | None = None


@dataclass(frozen=True, slots=True)
class RestSpec(Generic[T]):
    """A REST request and the decode function of its response body.

    `decode` raises ValueError, LookupError or TypeError for a body of another shape.
    """

    call: Callable[[Target], RestCall]
    decode: Callable[[Json, Target], T]


@dataclass(frozen=True, slots=True)
class BinaryFormat:
    """The format of a venue's binary data frames.

    `parse` turns a frame into a message, a dictionary, and raises ValueError for a damaged one. `decode` turns the
    message into frames as `Venue.decode` does.
    """

    parse: Callable[[bytes], Json]
    decode: Callable[[Json, Target], Iterator[Frame]]


def _plain_url(base: str, _target: Target) -> str:
    return base


@dataclass(frozen=True, slots=True)
class SideFeed:
    """A stream of trades or funding rates that the venue gives on a socket of its own, beside the book's."""

    topic: Topic
    socket_url: Callable[[str, Target], str]


def _no_side_feeds(_target: Target) -> tuple[SideFeed, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """The description of a venue.

    - `name` stands in every file and `title` in log lines (default: the name, capitalised). `prefix` is the middle of
      its environment names, `PARAPHINA_<prefix>_STALE_MS` (default: the name in capitals). `rank` is its place in
      telemetry arrays.
    - `ws` and `rest` are the settings of the base URLs, `market` that of the market. `symbol` is the template of a
      market for a base asset (`{base}-USD`). The setting `instrument`, where given and set, is the market's id in
      frames and makes the `lookup` unnecessary.
    - `topics` lists the subscriptions, the book first. `decode` turns one parsed message into frames; it raises
      ValueError, LookupError or TypeError for a wrong shape or number. `binary` is the format of binary frames; without
      it they are read as text. `read_book` reads a usual data frame of the book at once, and returns None for any other
      frame, which is then decoded. `socket_url` makes the URL from a base URL. `side_feeds` have
      sockets of their own.
    - `snapshot` is the REST request for the book, `lookup` the one for the market's id, and `funding` the one for a
      funding rate that the socket does not carry.
    - `fresh_ms` is the apply age up to which the venue counts as Healthy, `settings` the venue's own settings.
    - `client_paths` are the paths of further URLs that other clients of the venue read, by environment name.
    - `log_templates` replaces single templates of `connectors.recording.log_lines`, by kind of note.
    """

    name: str
    rank: int
    ws: Setting
    rest: Setting
    market: Setting
    topics: Callable[[Target], tuple[Topic, ...]]
    decode: Callable[[Json], Iterator[Frame]]
    binary: BinaryFormat | None = None
    read_book: Callable[[bytes | str, Target], Book | BookDelta | None] | None = None
    title: str = ""
    prefix: str = ""
    symbol: str = "{base}"
    instrument: Setting | None = None
    socket_url: Callable[[str, Target], str] = _plain_url
    side_feeds: Callable[[Target], tuple[SideFeed, ...]] = _no_side_feeds
    headers: tuple[tuple[str, str], ...] = ()
    keep_alive: KeepAlive = KeepAlive()
    recovery: Recovery = Recovery.RECONNECT
    snapshot: RestSpec[Book] | None = None
    lookup: RestSpec[str] | None = None
    funding: RestSpec[Funding] | None = None
    limits: VenueLimits = VenueLimits()
    fresh_ms: int = 1_000
    settings: tuple[Setting, ...] = ()
    client_paths: Mapping[str, str] = field(default_factory=dict)
    log_templates: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", self.title or self.name.capitalize())
        object.__setattr__(self, "prefix", self.prefix or self.name.upper())
