"""Tests of a runner that stands still: no book is lost, queues stay bounded, and no connector reconnects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.runner.queue import CAPACITY
from connectors.simulator.protocols import protocols
from connectors.venues import venues
from tests.simulation.whole_run import SimulatedRun, simulate_run
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import RunAnalysis
from toolkit.smoke.plan import ShadowPlan

STALL_MS = (8_000, 48_000)
RUN_MS = 65_000
FULL = ("aster", "extended", "lighter", "paradex")
"""Venues that send more books than a queue holds in this time; hyperliquid sends two a second."""

Stalled = tuple[SimulatedRun, RunAnalysis, Path]


@pytest.fixture(scope="module")
def stalled(tmp_path_factory: pytest.TempPathFactory) -> Stalled:
    """Return a run whose runner stood still for 40 s, its analysis and its directory."""
    out = tmp_path_factory.mktemp("stalled") / "run"
    simulated = simulate_run(ShadowPlan(("rehearse",), out, RUN_MS, venues()), {}, stall_ms=STALL_MS)
    return simulated, analyze([str(out)], options=Options(requested_ms=RUN_MS)), out


def last_record(out: Path) -> dict[str, dict[str, int]]:
    """Return the fields of each venue in the last record of telemetry."""
    record = json.loads((out / "telemetry.jsonl").read_text().splitlines()[-1])
    return {each["venue_id"]: each for each in record["toolkit"]["venues"]}


@pytest.mark.parametrize("venue", sorted(protocols()))
def test_no_connector_reconnects_and_every_book_is_right(stalled: Stalled, venue: str) -> None:
    simulated, analysis, _ = stalled
    simulation = simulated.simulations[venue]
    assert (simulation.record.closes, simulation.record.wrong_books_ms) == (
        [(RUN_MS, simulation.record.closes[0][1])],
        [],
    )
    assert simulation.record.closes[0][1].reason is None
    assert simulation.has_true_book
    reconnects = analysis.figure(f"{venue}.reconnects")
    assert reconnects is not None and reconnects.value == 0


@pytest.mark.parametrize("venue", sorted(protocols()))
def test_the_queue_stays_bounded_and_its_pressure_is_counted(stalled: Stalled, venue: str) -> None:
    fields = last_record(stalled[2])[venue]
    assert (fields["queue_high_water"] == CAPACITY) == (venue in FULL)
    assert bool(fields["mp_lossless_wait_count"]) == (venue in FULL)


def test_the_analysis_counts_the_pressure_and_reports_the_standstill(stalled: Stalled) -> None:
    _, analysis, _ = stalled
    waits = analysis.figure("run.publisher.lossless_wait")
    assert waits is not None and waits.value >= len(FULL)
    assert {(each.code, each.venue) for each in analysis.findings if each.venue} == set()
    assert {each.code for each in analysis.findings} >= {"holes"}
