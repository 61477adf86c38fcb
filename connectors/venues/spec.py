"""What a venue is: one `Venue` record holds everything that shared code needs to follow one market on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from connectors.venues.frames import Book, Frame, Funding, Json

Value: TypeAlias = int | str | bool | None
"""A resolved setting."""

T = TypeVar("T")


class SettingType(StrEnum):
    """How the text of a setting is read."""

    MS = "ms"
    SECONDS = "s"
    COUNT = "count"
    FLAG = "flag"
    NAME = "name"
    TEXT = "text"
    URLS = "urls"


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment name: its default, how it is read, what it does.

    `least` and `most` bound a number; `choices` are the only texts allowed, any where empty; `aliases` are further
    names, read where the first is not set. Default None is "unset". NAME is a market's, without spaces; URLS is a comma
    list, kept as text.
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
    """Every time and count a session is held to; a venue states only those that differ from these defaults.

    `ping_interval_ms` 0 turns pings off; `session_ms` 0 means no limit of ours. `stale_ms` is silence of *data* on a
    watched topic, before the first message too; `frozen_ms` is the same book again and again; `quiet` looks by REST are
    answered within `look_ms` or count as unanswered. After `bridge_ms` without a delta a REST snapshot is asked for
    again. `parse_errors` and `resyncs` are counted over one minute, `decode_misses` in a row without data between.
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
    """What one connector is asked to follow: endpoints (first is preferred), market, and the venue's own options.

    `instrument` is the id that the venue's frames use: empty until a venue's `lookup` has learnt it, else the market.
    `options` holds the venue's settings by environment name.
    """

    ws_urls: tuple[str, ...]
    rest_urls: tuple[str, ...]
    market: str
    instrument: str
    options: Mapping[str, Value] = field(default_factory=dict)


class TopicContent(StrEnum):
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
    content: TopicContent = TopicContent.BOOK
    subscribe: str | None = None
    unsubscribe: str | None = None
    monotone: bool = False

    @classmethod
    def from_json_request(
        cls, key: str, content: TopicContent, ask: Callable[[str], Json], *, monotone: bool = False
    ) -> Topic:
        """A topic that is taken and left by JSON requests; `ask` writes them, given `subscribe` or `unsubscribe`."""
        return cls(key, content, json.dumps(ask("subscribe")), json.dumps(ask("unsubscribe")), monotone)


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
class RestSpec(Generic[T]):
    """A request and the reading of its answer; `decode` raises ValueError, LookupError or TypeError on bad shapes."""

    call: Callable[[Target], RestCall]
    decode: Callable[[Json, Target], T]


def _plain_url(base: str, _target: Target) -> str:
    return base


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A venue, whole: everything that shared code needs to follow one market on it.

    `name` is the word in every file, `title` the one in log sentences (by default the name, capitalised), `prefix` the
    middle of its environment names (`PARAPHINA_<prefix>_STALE_MS`; by default the name in capitals). `rank` is its
    place in telemetry arrays. `ws` and `rest` are the settings that hold the base URLs, `market` the one that names
    the market, and `symbol` writes a base asset as this venue does (`{base}-USD`); `instrument`, where given, names
    the frames' id directly and spares the `lookup`. `decode` raises ValueError, LookupError or TypeError on a wrong
    shape or number. `fresh_ms` is the apply age up to which the venue counts as Healthy. `lines` replaces single
    sentences of the log, by note (see `connectors.lines`).
    """

    name: str
    rank: int
    ws: Setting
    rest: Setting
    market: Setting
    topics: Callable[[Target], tuple[Topic, ...]]
    decode: Callable[[Json], Iterator[Frame]]
    title: str = ""
    prefix: str = ""
    symbol: str = "{base}"
    instrument: Setting | None = None
    socket_url: Callable[[str, Target], str] = _plain_url
    headers: tuple[tuple[str, str], ...] = ()
    keep_alive: KeepAlive = KeepAlive()
    recovery: Recovery = Recovery.RECONNECT
    snapshot: RestSpec[Book] | None = None
    lookup: RestSpec[str] | None = None
    funding: RestSpec[Funding] | None = None
    limits: VenueLimits = VenueLimits()
    fresh_ms: int = 1_000
    settings: tuple[Setting, ...] = ()
    log_templates: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", self.title or self.name.capitalize())
        object.__setattr__(self, "prefix", self.prefix or self.name.upper())
