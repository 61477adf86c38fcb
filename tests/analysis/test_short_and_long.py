"""A long run is analysed step by step, with the same result as when steps run concurrently."""

from __future__ import annotations

import pytest

from toolkit.analysis import pipeline


@pytest.mark.usefixtures("analyzed_anew")
def test_the_length_of_a_run_does_not_change_its_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    short = pipeline.analyze(["sample:before"])
    monkeypatch.setattr(pipeline, "_MAX_CONCURRENT_LINES", 0)
    assert pipeline.analyze(["sample:before"]) == short
