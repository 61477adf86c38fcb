"""A long run is analysed one thing after the other, with the outcome that it would have as a short one."""

from __future__ import annotations

import pytest

from toolkit.analysis import pipeline


def test_the_length_of_a_run_decides_nothing_but_the_order_of_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    short = pipeline.analyze(["sample:before"])
    monkeypatch.setattr(pipeline, "_MAX_CONCURRENT_LINES", 0)
    assert pipeline.analyze(["sample:before"]) == short
