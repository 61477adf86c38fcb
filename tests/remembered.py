"""Analyses of recorded runs, made once in a process: an analysis depends on its files and options only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from pathlib import Path

from toolkit.analysis import pipeline
from toolkit.db.store import MEMORY
from toolkit.model.runs import RunAnalysis

RECORDED = ("sample:", str(Path(__file__).parent / "data"))
"""Beginnings of the paths of runs that no test changes."""

analyze_anew = pipeline.analyze
"""The analysis itself, for tests that compare two analyses of one recorded run."""


@cache
def _remembered(paths: tuple[str, ...], options: pipeline.Options) -> RunAnalysis:
    return analyze_anew(paths, options=options)


@wraps(analyze_anew)
def analyze_once(
    paths: Sequence[str],
    db: str = MEMORY,
    options: pipeline.Options = pipeline.DEFAULT_OPTIONS,
    progress: Callable[[int], None] = lambda _: None,
) -> RunAnalysis:
    """Analyse a run; where nothing is stored, return the earlier analysis of a recorded run with the same options."""
    if db == MEMORY and all(path.startswith(RECORDED) for path in paths):
        return _remembered(tuple(paths), options)
    return analyze_anew(paths, db, options, progress)


def remember_analyses() -> None:
    """Make all callers that import `analyze` from now on use `analyze_once`."""
    pipeline.analyze = analyze_once
