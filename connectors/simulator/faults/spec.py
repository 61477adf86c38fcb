"""Specification of a fault: the mechanisms it uses and the reaction expected of a connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from connectors.session.events import Silence
from connectors.simulator.market import FullBook
from connectors.simulator.messages import ConnectPolicy, Content, Framing, Rejection
from connectors.venues.spec import VenueLimits
from toolkit.model.vocabulary import ReconnectReason

AT_ONCE_MS = 3_000
"""Time allowed for a reaction at once, in ms: the backoff of a first failure and one or two frames."""


class Need(StrEnum):
    """Property of a feed that a fault requires; the text is the reason why the fault is not applicable without it."""

    CHAIN = "each frame is a whole book: one that is lost or repeated leaves no trace"
    NUMBERS = "the venue numbers no book: an older one cannot be told from a newer one"
    ACK = "no acknowledgement apart from the data: it cannot be told from mute"
    TOPICS = "one stream a socket: nothing else flows"
    BRIDGE = "the book comes whole by the socket: no REST snapshot can go wrong"
    TEXT = "frames are binary: their numbers have no form of text"
    MARKET_ERROR = "a subscription to an unknown market is acknowledged and stays silent: see acked_mute"
    RATE_ERROR = (
        "no message refuses a subscription for its rate: the venue closes or answers 429, see close and http_429"
    )


class RestAnswer(StrEnum):
    """Answer of a venue to REST requests: its own, an HTTP status, none, or an unreadable body."""

    OWN = "own"
    STATUS = "status"
    NONE = "none"
    GARBAGE = "garbage"


Values: TypeAlias = Mapping[str, int | str]
"""Settings of a fault by name."""

Damage: TypeAlias = Callable[[str | bytes, Values], str | bytes]
"""Function that damages a frame, with the settings of the fault."""


@dataclass(frozen=True, slots=True)
class ExpectedReaction:
    """Reaction to a fault that is expected of a connector.

    `reason` is the reason for which the session ends; None if the session continues. If `resyncs` is set and the
    connector resynchronizes the book without a reconnect, `reason` is the reason of the resync. `within` names the
    limits of the venue whose sum times 1.5 is the time allowed; empty means at once. `silence` is the expected kind of
    silence, `silence_without_ack` that at a venue without acknowledgements (None: the same). `notes` are kinds of notes
    that must occur. `also` are other reasons of session ends that the fault causes.
    """

    reason: ReconnectReason | None = None
    within: tuple[str, ...] = ()
    silence: Silence | None = None
    resyncs: bool = False
    notes: tuple[str, ...] = ()
    also: tuple[ReconnectReason, ...] = ()
    silence_without_ack: Silence | None = None

    def within_ms(self, limits: VenueLimits) -> int:
        """Return the time allowed from the start of the fault, in ms."""
        return AT_ONCE_MS + int(1.5 * sum(getattr(limits, name) for name in self.within))

    def silence_at(self, *, acks: bool) -> Silence | None:
        """Return the kind of silence expected at a venue with or without acknowledgements of subscriptions (`acks`)."""
        return self.silence if acks or self.silence_without_ack is None else self.silence_without_ack


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault: an entry of the fault table.

    `lasts_s` is its default duration; None for a fault that happens at once. `values` are its settings with defaults.
    `requires` lists what a feed must have for the fault to exist.

    At its start, `disconnects` ends every open connection (with a close frame of the setting `code`, if it has one, or
    by a TCP reset if `reset`). `damage` sends `n` damaged copies of the last book frame, `repeats` sends that frame `n`
    times again, `replays` sends the last `n` frames again, `loses` drops the next `n` book frames, `doubles` sends each
    of them twice, and `bursts` moves the market `n` times at once. `renumbers` sets the venue's counter back to `to`.

    While it lasts, `connect_policy` is the treatment of new connections and `withholds` the content not sent.
    `alter_book` alters the book shown, `frozen` repeats the same book, and `quiet` stops the market. `slows` leaves at
    least `ms` between book frames, `rejects` rejects subscriptions with the venue's error, `heartbeats` sends a
    heartbeat each second, `floods` sends `n` control pings each second, and `idles` ends clients that send nothing for
    `after_s`. `flaps` closes each connection `after_ms` after its first book frame. `clock` returns the venue's time
    from the right one, and `rewrite` rewrites each book frame. `rest_answer` is the answer to REST requests;
    `rest_late` answers them with a book that is `updates` updates old. `framing` is the manner of data frames on the
    wire, and `compresses` lets new connections compress them.
    """

    kind: str
    meaning: str
    expects: ExpectedReaction
    lasts_s: float | None = None
    values: Values = field(default_factory=lambda: MappingProxyType({}))
    requires: tuple[Need, ...] = ()
    disconnects: bool = False
    reset: bool = False
    connect_policy: ConnectPolicy = ConnectPolicy.OPEN
    withholds: Content = Content.NONE
    alter_book: Callable[[FullBook], FullBook] | None = None
    frozen: bool = False
    quiet: bool = False
    damage: Damage | None = None
    loses: bool = False
    repeats: bool = False
    replays: bool = False
    doubles: bool = False
    renumbers: bool = False
    bursts: bool = False
    slows: bool = False
    rejects: Rejection | None = None
    heartbeats: bool = False
    floods: bool = False
    idles: bool = False
    flaps: bool = False
    clock: Callable[[int, Values], int] | None = None
    rewrite: Callable[[str | bytes], str | bytes] | None = None
    rest_answer: RestAnswer = RestAnswer.OWN
    rest_late: bool = False
    framing: Framing = Framing.WHOLE
    compresses: bool = False
    on_sockets_only: bool = False
    """True if the fault exists only between real sockets: a simulation without them cannot show it."""
