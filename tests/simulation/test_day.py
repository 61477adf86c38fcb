"""Tests of a run without faults at the venues' own rates: neither connectors nor analysis report an alarm."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.simulator.protocols import protocols
from tests.simulation.day import find_alarms, simulate_quiet_run

pytestmark = pytest.mark.untraced
MINUTES = 8
"""Short enough for continuous integration; `python -m tests.simulation.day` simulates a whole day."""


def test_a_run_without_faults_raises_no_alarm(tmp_path: Path) -> None:
    simulated, analysis = simulate_quiet_run(tmp_path / "run", MINUTES * 60_000)
    assert find_alarms(simulated, analysis) == []
    for name, protocol in protocols().items():
        assert simulated.simulations[name].record.books > 0.4 * MINUTES * 60_000 / protocol.update_ms
    assert analysis.run.observed_ms == MINUTES * 60_000


@pytest.mark.parametrize("kind", ["drop", "seq_gap", "slow"])
def test_a_fault_raises_an_alarm_for_its_venue_only(tmp_path: Path, kind: str) -> None:
    simulated, analysis = simulate_quiet_run(tmp_path / "run", 30_000, kind)
    alarms = find_alarms(simulated, analysis)
    assert any("lighter" in each for each in alarms) and not any("aster" in each for each in alarms)
