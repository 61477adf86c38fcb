"""A few hundred damaged runs; more with `python -m tests.fuzz`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.check import run

COUNT = 150


def test_no_damage_makes_the_analysis_crash_or_lose_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = random.SystemRandom().randrange(1 << 30)
    with capsys.disabled():
        print(f"\nfuzz seed {seed}, {COUNT} runs")  # noqa: T201
    outcomes = run(seed, COUNT, tmp_path)
    assert outcomes["analysed"] > COUNT // 2
