"""Specification of a fault: the mechanisms it uses and the reaction expected of a connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from connectors.session.events import Silence
from connectors.simulator.market import FullBook
from connectors.simulator.messages import ConnectPolicy, Content
from connectors.venues.spec import VenueLimits
from toolkit.model.vocabulary import ReconnectReason

AT_ONCE_MS = 3_000
"""Time allowed for a reaction at once, in ms: the backoff of a first failure and one or two frames."""


class Need(StrEnum):
    """Property of a feed that a fault requires; the text is the reason why the fault is not applicable without it."""

    CHAIN = "each frame is a whole book: one that is lost or repeated leaves no trace"
    ACK = "no acknowledgement apart from the data: it cannot be told from mute"
    TOPICS = "one stream a socket: nothing else flows"
    BRIDGE = "the book comes whole by the socket: no REST snapshot can go wrong"


@dataclass(frozen=True, slots=True)
class Expectation:
    """Reaction to a fault that is expected of a connector.

    `reason` is the reason for which the session ends; None if the session continues. If `resyncs` is set and the
    connector resynchronizes the book without a reconnect, `reason` is the reason of the resync. `within` names the
    limits of the venue whose sum times 1.5 is the time allowed; empty means at once. `silence` is the expected kind of
    silence. `notes` are kinds of notes that must occur. `also` are other reasons of session ends that the fault causes.
    """

    reason: ReconnectReason | None = None
    within: tuple[str, ...] = ()
    silence: Silence | None = None
    resyncs: bool = False
    notes: tuple[str, ...] = ()
    also: tuple[ReconnectReason, ...] = ()

    def within_ms(self, limits: VenueLimits) -> int:
        """Return the time allowed from the start of the fault, in ms."""
        return AT_ONCE_MS + int(1.5 * sum(getattr(limits, name) for name in self.within))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault: an entry of the fault table.

    `lasts_s` is its default duration; None for a fault that happens at once. `values` are its settings with defaults.
    `requires` lists what a feed must have for the fault to exist.

    At its start, `disconnects` ends every open connection (with a close frame of the setting `code`, if it has one, or
    by a TCP reset if `reset`). `damage` sends `n` damaged copies of the last book frame, `repeats` sends that frame `n`
    times again, `loses` drops the next `n` book frames, and `bursts` moves the market `n` times at once.

    While it lasts, `connect_policy` is the treatment of new connections and `withholds` the content not sent.
    `alter_book` alters the book shown, `frozen` repeats the same book, and `quiet` stops the market. `slows` leaves at
    least `ms` between book frames, `refuses` rejects subscriptions with the venue's error, `heartbeats` sends a
    heartbeat each second, and `idles` ends clients that send nothing for `after_s`. `rest_fails` answers REST
    requests with `status`; `rest_late` answers them with a book that is `updates` updates old.
    """

    kind: str
    meaning: str
    expects: Expectation
    lasts_s: float | None = None
    values: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))
    requires: tuple[Need, ...] = ()
    disconnects: bool = False
    reset: bool = False
    connect_policy: ConnectPolicy = ConnectPolicy.OPEN
    withholds: Content = Content.NONE
    alter_book: Callable[[FullBook], FullBook] | None = None
    frozen: bool = False
    quiet: bool = False
    damage: Callable[[str], str | bytes] | None = None
    loses: bool = False
    repeats: bool = False
    bursts: bool = False
    slows: bool = False
    refuses: bool = False
    heartbeats: bool = False
    idles: bool = False
    rest_fails: bool = False
    rest_late: bool = False
