"""Frames of the benchmark: what a connector reads from its simulated venue, recorded in virtual time.

The same seed gives the same frames. Fewer and larger frames than by default are requested, of about 1 KB each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from connectors.session.connector import Connector
from connectors.session.events import Action, Fetched, Publish, Received, SessionEvent
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import plan
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta
from connectors.venues.spec import Venue
from tests.simulation.one_connector import Simulation, make_connector

BASE, SEED = "ETH", 1
FRAMES_PER_S = 10_000
"""Rate of the measured frames, whose times are moved together; the book of a venue does not depend on them."""
SETTLED = 20
"""Book frames before the measured ones: the subscription and the first complete book lie within them."""


@dataclass(frozen=True, slots=True)
class FrameSource:
    """Settings of a connector, and the least time between two frames of its venue, that make frames of about 1 KB."""

    environ: Mapping[str, str]
    every_ms: int


SOURCES = {
    "extended": FrameSource({}, 600),
    "hyperliquid": FrameSource({"HL_L2_FAST": "0", "HL_L2_LEVELS": "13"}, 0),
    "aster": FrameSource({}, 1_000),
    "lighter": FrameSource({}, 250),
    # The market has 40 levels, so no frame of this binary venue has 1 KB.
    "paradex": FrameSource({"PARAPHINA_PARADEX_PUBLIC_FEED": "orderbook"}, 0),
}


@dataclass(frozen=True, slots=True)
class Recording:
    """Events of a connector with their times in ms; from `measured` on, each data frame is one book or delta."""

    venue: str
    events: tuple[tuple[int, SessionEvent], ...]
    measured: int

    def frames(self, begin: int = 0) -> list[Received]:
        """Return the data frames from event `begin` on."""
        return [event for _, event in self.events[begin:] if isinstance(event, Received)]

    @property
    def responses(self) -> list[Fetched]:
        """The responses to the connector's REST requests."""
        return [event for _, event in self.events if isinstance(event, Fetched)]


class _Recorder(Connector):
    """A connector that keeps the events that its book needs, and those of other topics until it is settled."""

    def __init__(self, settings: Connector) -> None:
        super().__init__(settings.venue, settings.target, settings.limits, Random(SEED).random)
        self.events: list[tuple[int, SessionEvent]] = []
        self.books = self.measured = 0

    def step(self, now_ms: int, event: SessionEvent) -> list[Action]:
        if isinstance(event, Received) and isinstance(event.data, str):
            event = Received(event.data.encode())  # as a socket gives it
        actions = super().step(now_ms, event)
        has_book = any(isinstance(each, Publish) and isinstance(each.event, Book | BookDelta) for each in actions)
        if self.books < SETTLED:
            self.measured = len(self.events) + 1
        if self.books < SETTLED:
            self.events.append((now_ms, event))
        elif has_book and isinstance(event, Received):
            number = len(self.events) - self.measured
            self.events.append((self.events[self.measured - 1][0] + number * 1_000 // FRAMES_PER_S, event))
        self.books += has_book
        return actions


def new_connector(venue: Venue) -> Connector:
    """Return a connector with the settings of the benchmark."""
    return make_connector(venue, SOURCES[venue.name].environ, base=BASE, seed=SEED)


def record(name: str, frames: int) -> Recording:
    """Record about `frames` measured frames of a venue."""
    venue, source = venues()[name], SOURCES[name]
    machine = _Recorder(new_connector(venue))
    slow = plan(name, "slow", 0, for_s=1_000_000, ms=source.every_ms)
    simulation = Simulation(
        venue, protocols()[name], machine=machine, plan=(slow,) if source.every_ms else (), check_each=1 << 62
    )
    until_ms = 0
    while machine.books < frames + SETTLED:
        until_ms += 10_000
        simulation.run(until_ms)
    return Recording(name, tuple(machine.events), machine.measured)
