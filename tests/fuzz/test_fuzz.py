"""A few hundred damaged runs; more with `python -m tests.fuzz`."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.check import run

PARTS, EACH, WHOLE_EVERY = 8, 25, 8
"""Eight parts, so that a machine with several cores takes them side by side; most runs are read for their ages alone."""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_makes_the_analysis_crash_or_lose_a_line(
    tmp_path: Path, record_property: Callable[[str, object], None], part: int
) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    record_property("told", f"fuzz seed {seed}, {EACH} runs")
    outcomes = run(seed, EACH, tmp_path, whole_every=WHOLE_EVERY)
    assert outcomes["analysed"] > EACH // 3
