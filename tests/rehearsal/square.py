"""Fifteen faults at five venues in fifteen runs: in each, every venue suffers one fault, no two the same, none together.

A Latin square: each pair of venue and fault comes once, and whatever a fault does to another venue would stand in that
venue's figures, which have to tell of its own fault alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.loopback.dialects import dialects
from connectors.loopback.faults import FAULTS, Fault, Need
from connectors.loopback.matrix import lacks, offers
from connectors.loopback.scenario import Planned, Scenario, plan
from connectors.loopback.simulation import Simulation
from connectors.venues import venues
from toolkit.analysis import Options, analyze
from toolkit.records import Analysis
from toolkit.smoke.rehearsal import rehearse
from toolkit.smoke.shadow_plan import ShadowPlan

KINDS = (
    "drop",
    "close",
    "refuse",
    "mute",
    "acked_mute",
    "heartbeat_only",
    "seq_gap",
    "malformed_json",
    "subscribe_error",
    "slow",
    "burst",
    "idle_close",
    "frozen_book",
    "crossed_book",
    "empty_book",
)
VENUES = tuple(sorted(venues()))
FIRST_MS, APART_MS = 10_000, 5_000
"""The first venue's fault begins a while after the start, the next ones one after the other."""

RECOVERS_WITHIN_MS = 40_000
CHECK_EACH = 20


@dataclass(frozen=True)
class Cell:
    """A fault at a venue; times in ms from the begin of its run."""

    venue: str
    fault: Fault
    begins_ms: int

    @property
    def lacks(self) -> Need | None:
        """What the venue's feed has not that the fault would break; then the venue has a good day."""
        return lacks(self.fault, offers(venues()[self.venue], dialects()[self.venue], {}))

    @property
    def over_ms(self) -> int:
        """When the venue does it no more."""
        return self.begins_ms + int((self.fault.lasts_s or 0) * 1_000)

    @property
    def planned(self) -> tuple[Planned, ...]:
        """Its place in the scenario."""
        return () if self.lacks else (plan(self.venue, self.fault.kind, self.begins_ms / 1_000),)


@dataclass(frozen=True)
class Run:
    """One of the runs: what was planned, what it left, and what the analysis says of it."""

    number: int
    cells: tuple[Cell, ...]
    out: Path
    simulations: Mapping[str, Simulation]

    @cached_property
    def analysis(self) -> Analysis:
        return analyze([str(self.out)], options=Options(requested_ms=self.length_ms))

    @cached_property
    def truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in truth_of(self.out).read_text().splitlines()]

    @property
    def length_ms(self) -> int:
        return length_ms(self.cells)


def square() -> Iterator[tuple[Cell, ...]]:
    """The cells of each run."""
    for number in range(len(KINDS)):
        yield tuple(
            Cell(venue, FAULTS[KINDS[(number + place) % len(KINDS)]], FIRST_MS + place * APART_MS)
            for place, venue in enumerate(VENUES)
        )


def length_ms(cells: tuple[Cell, ...]) -> int:
    """How long a run lasts: until its last fault is over and mended."""
    return max(cell.over_ms for cell in cells) + RECOVERS_WITHIN_MS


def truth_of(out: Path) -> Path:
    """Where the venues of a run write what they did."""
    return out.with_suffix(".truth.jsonl")


def lived(number: int, folder: Path) -> Run:
    """Live through one of the runs."""
    cells, out = list(square())[number], folder / f"run{number:02}"
    scenario = Scenario(f"square {number}", tuple(planned for cell in cells for planned in cell.planned))
    asked = ShadowPlan(("rehearse",), out, length_ms(cells), venues(), scenario=scenario, truth=truth_of(out))
    return Run(number, cells, out, rehearse(asked, {}, check_each=CHECK_EACH).simulations)
