"""The plan of a pair of runs: two commands, or two settings of our own connectors, and the order of their start."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from connectors.simulator.scenario import Scenario, read
from connectors.venues import venues
from toolkit.model.recorded.run_meta import PairSide
from toolkit.smoke.plan import Feed, ServeVenues, ShadowPlan
from toolkit.smoke.supervisor import SupervisionPlan

SIDES = ("a", "b")
"""Names of the sides, which are also the names of their run directories."""


@dataclass(frozen=True, slots=True)
class ConnectorSide:
    """A run of our connectors as one side of a pair; unlike a `ShadowPlan`, it can be sent to another process.

    `environment` is that of the connectors, `settings` the part of it that was given to this side. `scenario` is the
    text of the scenario file and its name, None without one.
    """

    argv: tuple[str, ...]
    out: Path
    run_ms: int
    environment: Mapping[str, str]
    settings: Mapping[str, str]
    venues: tuple[str, ...]
    feed: Feed = Feed.LOOPBACK
    scenario: tuple[str, str] | None = None
    seed: int = 1
    base: str = "ETH"
    pair: PairSide | None = None

    def plan(self, serve: ServeVenues | None = None, begin_s: float | None = None) -> ShadowPlan:
        """Return the plan of the run; `serve` leads to venues that another process serves.

        Raises `InputError` for a bad scenario.
        """
        known = venues()
        return ShadowPlan(
            argv=self.argv,
            out=self.out,
            run_ms=self.run_ms,
            venues={name: known[name] for name in known if name in self.venues},
            feed=self.feed,
            scenario=read(*self.scenario, list(known)) if self.scenario else Scenario(),
            seed=self.seed,
            base=self.base,
            serve=serve,
            begin_s=begin_s,
            pair=self.pair,
        )


@dataclass(frozen=True, slots=True)
class CommandSide:
    """A program as one side of a pair, and the environment that it inherits."""

    plan: SupervisionPlan
    environment: Mapping[str, str]

    @property
    def out(self) -> Path:
        """The run directory."""
        return self.plan.out


Side = ConnectorSide | CommandSide


@dataclass(frozen=True, slots=True)
class PairPlan:
    """Both sides by name, and their order of start, which `seed` decides."""

    sides: Mapping[str, Side]
    seed: int
    order: tuple[str, ...] = field(default=SIDES)

    @classmethod
    def of(cls, sides: Mapping[str, Side], seed: int, under_test: tuple[str, ...] = ()) -> PairPlan:
        """Return the plan with the place in the pair told to each side; `under_test` names the differing settings."""
        source = random.Random(f"{seed}/order")
        order = tuple(source.sample(SIDES, len(SIDES)))
        # The seed is that of the market, so the id needs a source that two pairs of one seed do not share.
        number = f"{random.SystemRandom().getrandbits(64):016x}"
        same_venues = all(isinstance(side, ConnectorSide) for side in sides.values()) and not _has_urls(under_test)
        told = {
            name: _with_place(side, PairSide(number, name, order, under_test, same_venues))
            for name, side in sides.items()
        }
        return cls(told, seed, order)

    @property
    def description(self) -> str:
        """A few words that describe both sides."""
        side = self.sides[SIDES[0]]
        return side.plan().source if isinstance(side, ConnectorSide) else "two programs side by side"


def _has_urls(names: Iterable[str]) -> bool:
    """Return whether a setting leads to venues: sides that differ in it may have other ones."""
    leads = {setting.name for venue in venues().values() for setting in (venue.ws, venue.rest, venue.market)}
    return any(name in leads for name in names)


def _with_place(side: Side, place: PairSide) -> Side:
    if isinstance(side, ConnectorSide):
        return replace(side, pair=place)
    return replace(side, plan=replace(side.plan, pair=place))
