"""Latin square of the rows of the fault matrix at five venues: in as many runs as rows, each pair of both occurs once.

In each run every venue has one fault, all different and at different times. Rows of similar duration share a run. An effect of a fault on another venue would
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
from connectors.simulator.protocols import protocols
from connectors.simulator.scenario import PlannedFault, Scenario, plan
from connectors.venues import venues
from tests.simulation.fault_matrix import available_needs, missing_need
from tests.simulation.fault_rows import SQUARE_ROWS, FaultRow
from tests.simulation.one_connector import Simulation
from tests.simulation.truth import VenueTruth, book_ages, percentile
from tests.simulation.whole_run import START_UNIX_MS, simulate_run
from toolkit.analysis.metrics import catalogue
from toolkit.analysis.pipeline import Options, analyze
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.gates import GateResult
from toolkit.model.runs import Episode, RunAnalysis
from toolkit.smoke.plan import ShadowPlan

VENUES = tuple(sorted(venues()))
FIRST_MS, APART_MS = 8_000, 2_000
"""Start of the first venue's fault, and the time between the starts of two faults."""

RECOVERS_WITHIN_MS = 20_000
ORDERED = tuple(sorted(SQUARE_ROWS, key=lambda row: row.lasts_s or 0))
"""The rows by duration."""

CHECK_EACH = 20


@dataclass(frozen=True)
class FaultCell:
    """Fault at a venue in one run; times in ms since the start of the run."""

    venue: str
    row: FaultRow
    starts_ms: int

    @property
    def fault(self) -> Fault:
        """The fault of the row."""
        return self.row.fault

    @property
    def missing_need(self) -> Need | None:
        """Requirement of the fault that the venue's feed does not meet; if there is one, the venue has no fault."""
        return missing_need(self.fault, default_needs(self.venue))

    @property
    def ends_ms(self) -> int:
        """End of the fault."""
        return self.starts_ms + int((self.row.lasts_s or 0) * 1_000)

    @property
    def planned(self) -> tuple[PlannedFault, ...]:
        """Entry of the fault in the scenario; empty if the fault is not applicable."""
        if self.missing_need:
            return ()
        return (plan(self.venue, self.row.kind, self.starts_ms / 1_000, self.row.lasts_s, **self.row.values),)


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

    @cache  # noqa: B019
    def ages(self, venue: str) -> list[tuple[int, int]]:
        """Return each tick with the age of the venue's book by the ground truth, in ms."""
        unjoined = [
            (START_UNIX_MS + cell.starts_ms, START_UNIX_MS + cell.ends_ms)
            for cell in self.cells
            if cell.venue == venue and Need.BRIDGE in cell.fault.requires and not cell.missing_need
        ]
        return list(book_ages(self.truth(venue).books_outside(unjoined), self.ticks))

    def true_age_ms(self, venue: str, share: float) -> float:
        """Return a percentile of the ages by the ground truth; `share` is 0 to 1."""
        return percentile((age_ms for _, age_ms in self.ages(venue)), share)

    @property
    def length_ms(self) -> int:
        return length_ms(self.cells)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def latin_square() -> Iterator[tuple[FaultCell, ...]]:
    """Yield the faults of each run."""
    for number in range(len(ORDERED)):
        yield tuple(
            FaultCell(venue, ORDERED[(number + index) % len(ORDERED)], FIRST_MS + index * APART_MS)
            for index, venue in enumerate(VENUES)
        )


@cache
def default_needs(venue: str) -> frozenset[Need]:
    """Return the requirements that the default feed of a venue meets."""
    return available_needs(venues()[venue], protocols()[venue], {})


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
