"""Recorded runs with the output of the producer's tools; each is analysed once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis

DATA = Path(__file__).parent.parent / "data"
RUNS = sorted(path.name for path in (DATA / "upstream").iterdir() if path.is_dir())


@cache
def analysed(run: str) -> RunAnalysis:
    paths = [path for folder in ("runs", "upstream") for path in sorted((DATA / folder / run).glob("*.zst"))]
    return analyze([str(path) for path in paths])
