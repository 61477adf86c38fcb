"""A quiet time at the venues' own rates: nobody is alarmed, neither the connectors nor the analysis of their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.simulator.protocols import protocols
from tests.simulation.day import find_alarms, simulate_quiet_run

MINUTES = 8
"""What continuous integration has time for; `python -m tests.simulation.day` lives through a whole day."""


def test_a_quiet_time_at_the_venues_own_rates_alarms_nobody(tmp_path: Path) -> None:
    rehearsed, analysis = simulate_quiet_run(tmp_path / "run", MINUTES * 60_000)
    assert find_alarms(rehearsed, analysis) == []
    for name, protocol in protocols().items():
        assert rehearsed.simulations[name].record.books > 0.4 * MINUTES * 60_000 / protocol.update_ms
    assert analysis.run.observed_ms == MINUTES * 60_000


@pytest.mark.parametrize("kind", ["drop", "seq_gap", "slow"])
def test_what_is_no_quiet_time_is_called_an_alarm(tmp_path: Path, kind: str) -> None:
    rehearsed, analysis = simulate_quiet_run(tmp_path / "run", 30_000, kind)
    found = find_alarms(rehearsed, analysis)
    assert any("lighter" in each for each in found) and not any("aster" in each for each in found)
