"""Simulated venues answer requests and messages as the golden files state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.connectors.simulator.answers import FILES, Case, answered, cases

CASES = [pytest.param(file, case, id=f"{file.stem}: {name}") for file in FILES for name, case in cases(file).items()]


@pytest.mark.parametrize(("file", "case"), CASES)
def test_a_venue_answers_as_its_file_states(file: Path, case: Case) -> None:
    assert answered(file, case) == case
