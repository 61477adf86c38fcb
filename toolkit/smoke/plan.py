"""What a run of our own connectors is asked to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from connectors.simulator.scenario import Scenario
from connectors.text import printable
from connectors.venues.spec import Venue


class Feed(StrEnum):
    """Where market data comes from: venues simulated on this machine, or the public endpoints."""

    LOOPBACK = "loopback"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """What to run; `scenario`, `seed` and `truth` (where to write what the venues did) are of the loopback feed."""

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

    @property
    def simulated(self) -> bool:
        """Whether the venues are simulated."""
        return self.feed is Feed.LOOPBACK

    @property
    def source(self) -> str:
        """The feed in words; a simulated one says so, whatever else it says."""
        if not self.simulated:
            return "live public endpoints, read-only"
        return f"SIMULATED loopback venues, scenario {printable(self.scenario.name)}, seed {self.seed}"
