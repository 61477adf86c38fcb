"""A few hundred damaged runs; more with `python -m tests.fuzz --count 1000`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.check import run

PARTS, EACH, WHOLE_EVERY = 8, 25, 8
"""Eight parts, so that several cores can share them; most runs are analysed for their ages alone."""


@pytest.mark.drawn
@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_makes_the_analysis_crash_or_lose_a_line(tmp_path: Path, seed: int, part: int) -> None:
    outcomes = run(seed * PARTS * EACH + part * EACH, EACH, tmp_path, whole_every=WHOLE_EVERY)
    assert outcomes["analysed"] > EACH // 3
