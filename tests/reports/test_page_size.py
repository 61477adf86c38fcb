"""The size of evidence pages about recorded runs: five venues for ten minutes fit into 400 KB."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from toolkit.analysis.pipeline import analyze
from toolkit.analysis.run_info import Options
from toolkit.comparison.rows import compare
from toolkit.evidence.assemble import assemble
from toolkit.evidence.page import evidence_page
from toolkit.model.runs import RunAnalysis

DATA = Path(__file__).parent.parent / "data"
LIMIT = 400_000
"""Largest page, in bytes."""
PAIRS = {
    ("sample:before", "sample:after"): 320_000,
    ("sample:after", str(DATA / "runs" / "faulty_head")): LIMIT,
    (str(DATA / "runs" / "faulty_head"), str(DATA / "own_run")): LIMIT,
    ("sample:before", str(DATA / "own_run")): LIMIT,
}
"""Pairs of recorded runs, of the full telemetry or of the log alone, and the largest page of each, in bytes."""


@cache
def recorded(path: str) -> RunAnalysis:
    return analyze([path], options=Options(pictures=True))


@pytest.mark.parametrize(("pair", "largest"), PAIRS.items())
def test_a_page_of_recorded_runs_is_small(pair: tuple[str, str], largest: int) -> None:
    evidence = assemble(compare(*map(recorded, pair)), pair, ("toolkit", "report", *pair))
    page = evidence_page(evidence, dict(zip(("before", "after"), pair, strict=True)))
    assert 50_000 < len(page.encode()) <= largest
