"""What a fault is: the mechanisms it uses, and how a connector has to see it."""

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
"""`At once` in a test: the backoff of a first failure and a frame or two."""


class Need(StrEnum):
    """What a venue or a stream must have for a fault to exist; the text is the reason where it has not."""

    CHAIN = "each frame is a whole book: one that is lost or repeated leaves no trace"
    ACK = "no acknowledgement apart from the data: it cannot be told from mute"
    TOPICS = "one stream a socket: nothing else flows"
    BRIDGE = "the book comes whole by the socket: no REST snapshot can go wrong"


@dataclass(frozen=True, slots=True)
class Expectation:
    """How a connector has to see a fault.

    `reason` is what the session ends by; where the venue mends its book on the living socket and `mends` is set, it
    is the reason of the resync instead. None: the session goes on. `within` names the limits whose sum times 1.5 is
    the time allowed, empty: at once. `notes` are kinds of notes that must come. `also` are other ends that the fault
    brings with it.
    """

    reason: ReconnectReason | None = None
    within: tuple[str, ...] = ()
    silence: Silence | None = None
    mends: bool = False
    notes: tuple[str, ...] = ()
    also: tuple[ReconnectReason, ...] = ()

    def within_ms(self, limits: VenueLimits) -> int:
        """The time allowed from the begin of the fault."""
        return AT_ONCE_MS + int(1.5 * sum(getattr(limits, name) for name in self.within))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault.

    `lasts_s` is how long it lasts unless the scenario says otherwise, None for what happens at once. `values` are its
    settings with their defaults. `hangs_up` ends every open socket as it begins (with the close frame of its value
    `code`, if it has one; `reset` by a reset), `door` is how new connections are met, `withholds` what is not sent.
    `look` changes the book shown, `frozen` shows the same again and again, `quiet` stops the market itself. `spoils`
    makes `n` bad frames from good ones, `loses` swallows the next `n` book frames, `repeats` sends the last one again,
    `bursts` moves the market `n` times at once, `slows` leaves `ms` between book frames. `refuses` answers
    subscriptions by the venue's error, `beats` sends a life sign each second, `idles` ends clients that are silent for
    `after_s`. `rest_fails` answers REST by `status`, `rest_late` by a book `updates` ago.
    """

    kind: str
    meaning: str
    expects: Expectation
    lasts_s: float | None = None
    values: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))
    needs: tuple[Need, ...] = ()
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
