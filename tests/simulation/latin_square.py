"""Fifteen faults at five venues in fifteen runs: in each, every venue suffers one fault, no two the same, none together.

A Latin square: each pair of venue and fault comes once, and whatever a fault does to another venue would stand in that
venue's figures, which have to tell of its own fault alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from connectors.simulator.faults.spec import Fault, Need
from connectors.simulator.faults.table import FAULTS
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import PlannedFault, Scenario, plan
from connectors.venues import venues
from tests.simulation.fault_matrix import available_needs, missing_need
from tests.simulation.one_connector import Simulation
from tests.simulation.truth import VenueTruth
from tests.simulation.whole_run import START_UNIX_MS, simulate_run
from toolkit.analysis.metrics import catalogue
from toolkit.analysis.pipeline import Options, analyze
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.gates import GateResult
from toolkit.model.runs import Episode, RunAnalysis
from toolkit.smoke.plan import ShadowPlan

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

RECOVERS_WITHIN_MS = 20_000
SHORTER_S = {"idle_close": 45.0}
"""Long enough to tell: a client that was silent would be dropped after 35 s."""

CHECK_EACH = 20


@dataclass(frozen=True)
class FaultCell:
    """A fault at a venue; times in ms from the begin of its run."""

    venue: str
    fault: Fault
    starts_ms: int

    @property
    def missing_need(self) -> Need | None:
        """What the venue's feed has not that the fault would break; then the venue has a good day."""
        return missing_need(self.fault, available_needs(venues()[self.venue], protocols()[self.venue], {}))

    @property
    def lasts_s(self) -> float | None:
        """How long the venue does it, None for what happens at once."""
        return SHORTER_S.get(self.fault.kind, self.fault.lasts_s)

    @property
    def ends_ms(self) -> int:
        """When the venue does it no more."""
        return self.starts_ms + int((self.lasts_s or 0) * 1_000)

    @property
    def planned(self) -> tuple[PlannedFault, ...]:
        """Its place in the scenario."""
        return () if self.missing_need else (plan(self.venue, self.fault.kind, self.starts_ms / 1_000, self.lasts_s),)


@dataclass(frozen=True, eq=False)
class SquareRun:
    """One of the runs: what was planned, what it left, and what the analysis says of it."""

    number: int
    cells: tuple[FaultCell, ...]
    out: Path
    simulations: Mapping[str, Simulation]

    @cached_property
    def analysis(self) -> RunAnalysis:
        return analyze([str(self.out)], options=Options(requested_ms=self.length_ms))

    @cached_property
    def gate(self) -> GateResult:
        rules = load_gate("frontier", catalogue())
        return evaluate(rules.rules, self.analysis, None, rules.name, rules.never_seen)

    @cached_property
    def figures(self) -> dict[str, Any]:
        return {each.figure: each.value for each in self.analysis.figures}

    @cached_property
    def telemetry(self) -> list[dict[str, Any]]:
        return _rows(self.out / "telemetry.jsonl")

    @cached_property
    def ticks(self) -> list[int]:
        return [record["treasury_guidance"]["as_of_ms"] for record in self.telemetry]

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return _rows(self.out / "events.jsonl")[1:]

    @cached_property
    def _truth(self) -> list[dict[str, Any]]:
        return _rows(truth_path(self.out))

    @cache  # noqa: B019  a run lives as long as the tests that read it
    def truth(self, venue: str) -> VenueTruth:
        """What a venue says of it."""
        return VenueTruth(self._truth, venue, START_UNIX_MS + self.length_ms)

    def figures_of(self, venue: str, family: str) -> dict[str, Any]:
        """A venue's figures of one family by their last word, without the zeros."""
        head = f"{venue}.{family}."
        return {name.removeprefix(head): n for name, n in self.figures.items() if name.startswith(head) and n}

    def episodes(self, venue: str, *kinds: str) -> list[Episode]:
        """A venue's episodes of these kinds, but for the start-up."""
        return [
            each
            for each in self.analysis.episodes
            if each.venue == venue and each.kind in kinds and each.cls != "startup"
        ]

    @property
    def length_ms(self) -> int:
        return length_ms(self.cells)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def latin_square() -> Iterator[tuple[FaultCell, ...]]:
    """The cells of each run."""
    for number in range(len(KINDS)):
        yield tuple(
            FaultCell(venue, FAULTS[KINDS[(number + place) % len(KINDS)]], FIRST_MS + place * APART_MS)
            for place, venue in enumerate(VENUES)
        )


def length_ms(cells: tuple[FaultCell, ...]) -> int:
    """How long a run lasts: until its last fault is over and mended."""
    return max(cell.ends_ms for cell in cells) + RECOVERS_WITHIN_MS


def truth_path(out: Path) -> Path:
    """Where the venues of a run write what they did."""
    return out.with_suffix(".truth.jsonl")


def simulate_square_run(number: int, folder: Path) -> SquareRun:
    """Live through one of the runs."""
    cells, out = list(latin_square())[number], folder / f"run{number:02}"
    scenario = Scenario(f"square {number}", tuple(planned for cell in cells for planned in cell.planned))
    asked = ShadowPlan(("rehearse",), out, length_ms(cells), venues(), scenario=scenario, truth=truth_path(out))
    return SquareRun(number, cells, out, simulate_run(asked, {}, check_each=CHECK_EACH).simulations)
