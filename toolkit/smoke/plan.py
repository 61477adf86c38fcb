"""The plan of a run of the shadow connectors: duration, venues, feed, and where its files go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from connectors.simulator.scenario import Scenario
from connectors.text import quoted
from connectors.venues.spec import Venue
from toolkit.model.recorded.run_meta import PairSide


class Feed(StrEnum):
    """The source of market data: venues simulated on this machine, or the venues' public endpoints."""

    LOOPBACK = "loopback"
    LIVE = "live"


ServeVenues: TypeAlias = Callable[[Callable[[str], None]], AbstractAsyncContextManager[Mapping[str, str]]]
"""Serves simulated venues in a context, which yields the environment that leads to them.

The argument is called with each notice about the clients that they refuse, until the context has ended.
"""


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """One run of the connectors in shadow mode (market data only, no orders).

    `argv` is the command line that asked for it, `out` the run directory, `base` the asset of the market.
    `record_frames` keeps every frame as a tape. `scenario`, `seed` and `truth` (the file that receives the simulated
    venues' ground truth) apply to the loopback feed only. `redirected` means that the feed is live, but that every
    connection leads to this machine: before the first one by the URLs of the environment, then by the addresses that
    were reached.

    `serve` leads to simulated venues that another process serves; None if the run of the loopback feed serves them
    itself. `begin_s` is the time of the monotonic clock, in seconds, at which the run begins;
    None for at once. `pair` is the place of the run in a pair.
    """

    argv: tuple[str, ...]
    out: Path
    run_ms: int
    venues: Mapping[str, Venue]
    feed: Feed = Feed.LOOPBACK
    scenario: Scenario = field(default_factory=Scenario)
    seed: int = 1
    base: str = "ETH"
    record_frames: bool = False
    truth: Path | None = None
    label: str | None = None
    redirected: bool = False
    serve: ServeVenues | None = None
    begin_s: float | None = None
    pair: PairSide | None = None

    @property
    def own_venues(self) -> bool:
        """True if the market data is that of the simulated venues of this feed and seed."""
        return self.feed is Feed.LOOPBACK

    @property
    def simulated(self) -> bool:
        """True if the market data is simulated: every URL leads to this machine."""
        return self.own_venues or self.redirected

    @property
    def source(self) -> str:
        """A description of the feed; for simulated venues it starts with SIMULATED."""
        if not self.simulated:
            return "live public endpoints, read-only"
        if not self.own_venues:
            return "SIMULATED venues: every connection leads to this machine"
        return f"SIMULATED loopback venues, scenario {quoted(self.scenario.name)}, seed {self.seed}"
