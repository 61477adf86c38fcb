"""Fuzz test of 40 damaged runs; more with `python -m tests.fuzz --count 1000`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.check import run

PARTS, RUNS_PER_PART, FULL_EVERY = 8, 5, 8
"""Eight parts, so that several cores can share them; every eighth run is analysed fully, the others for ages only."""


@pytest.mark.drawn
@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_makes_the_analysis_crash_or_lose_a_line(tmp_path: Path, seed: int, part: int) -> None:
    outcomes = run(seed * PARTS * RUNS_PER_PART + part * RUNS_PER_PART, RUNS_PER_PART, tmp_path, full_every=FULL_EVERY)
    assert outcomes["analysed"] > RUNS_PER_PART // 3
