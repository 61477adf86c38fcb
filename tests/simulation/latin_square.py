"""Latin square of fifteen faults at five venues in fifteen runs: each pair of venue and fault occurs once.

In each run every venue has one fault, all different and at different times. An effect of a fault on another venue would
appear in the figures of that venue, which must show its own fault alone.
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
"""Start of the first venue's fault, and the time between the starts of two faults."""

RECOVERS_WITHIN_MS = 20_000
DURATIONS_S = {"idle_close": 45.0}
"""Durations other than the default of the kind; `idle_close` drops a silent client after 35 s."""

CHECK_EACH = 20


@dataclass(frozen=True)
class FaultCell:
    """Fault at a venue in one run; times in ms since the start of the run."""

    venue: str
    fault: Fault
    starts_ms: int

    @property
    def missing_need(self) -> Need | None:
        """Requirement of the fault that the venue's feed does not meet; if there is one, the venue has no fault."""
        return missing_need(self.fault, available_needs(venues()[self.venue], protocols()[self.venue], {}))

    @property
    def lasts_s(self) -> float | None:
        """Duration of the fault in seconds; None if it happens at once."""
        return DURATIONS_S.get(self.fault.kind, self.fault.lasts_s)

    @property
    def ends_ms(self) -> int:
        """End of the fault."""
        return self.starts_ms + int((self.lasts_s or 0) * 1_000)

    @property
    def planned(self) -> tuple[PlannedFault, ...]:
        """Entry of the fault in the scenario; empty if the fault is not applicable."""
        return () if self.missing_need else (plan(self.venue, self.fault.kind, self.starts_ms / 1_000, self.lasts_s),)


@dataclass(frozen=True, eq=False)
class SquareRun:
    """One run of the square: its faults, its run directory and its analysis."""

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

    @cache  # noqa: B019  a run object exists as long as the tests that read it
    def truth(self, venue: str) -> VenueTruth:
        """Return the ground truth of a venue."""
        return VenueTruth(self._truth, venue, START_UNIX_MS + self.length_ms)

    def figures_of(self, venue: str, family: str) -> dict[str, Any]:
        """Return a venue's non-zero figures of one family by the rest of their name."""
        prefix = f"{venue}.{family}."
        return {name.removeprefix(prefix): n for name, n in self.figures.items() if name.startswith(prefix) and n}

    def episodes(self, venue: str, *kinds: str) -> list[Episode]:
        """Return a venue's episodes of these kinds, without those of the start-up."""
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
    """Yield the faults of each run."""
    for number in range(len(KINDS)):
        yield tuple(
            FaultCell(venue, FAULTS[KINDS[(number + index) % len(KINDS)]], FIRST_MS + index * APART_MS)
            for index, venue in enumerate(VENUES)
        )


def length_ms(cells: tuple[FaultCell, ...]) -> int:
    """Return the duration of a run: the end of its last fault and the time to recover."""
    return max(cell.ends_ms for cell in cells) + RECOVERS_WITHIN_MS


def truth_path(out: Path) -> Path:
    """Return the path of the ground truth of a run directory."""
    return out.with_suffix(".truth.jsonl")


def simulate_square_run(number: int, folder: Path) -> SquareRun:
    """Simulate one run of the square and return it."""
    cells, out = list(latin_square())[number], folder / f"run{number:02}"
    scenario = Scenario(f"square {number}", tuple(planned for cell in cells for planned in cell.planned))
    shadow_plan = ShadowPlan(("rehearse",), out, length_ms(cells), venues(), scenario=scenario, truth=truth_path(out))
    return SquareRun(number, cells, out, simulate_run(shadow_plan, {}, check_each=CHECK_EACH).simulations)
