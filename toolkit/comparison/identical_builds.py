"""Yardstick for figures without a test: how far two recorded runs of one build differ.

It applies to runs of the same program. Counts of events grow with a run, so theirs apply only to runs that last about
as long. The pair is one: it shows a difference that no change caused, not the largest such difference.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from toolkit.comparison.comparability import DURATION_RATIO, FigureRuns, is_total
from toolkit.model.figures import Number


class _Pair(NamedTuple):
    """The program, the mean length of its runs in ms, and both values of each figure by full name."""

    program: str
    observed_ms: float
    figures: Mapping[str, tuple[Number, Number]]


def identical_values(group: FigureRuns) -> tuple[Number, Number] | None:
    """Return the values of the identical pair; None where it has none, or where these runs are of another kind."""
    pair = _recorded_pair()
    sides = (*group.befores, *group.afters)
    if any(side.run.kind != pair.program for side in sides):
        return None
    if is_total(group.figure) and not all(_as_long(side.observed_ms, pair.observed_ms) for side in sides):
        return None
    return pair.figures.get(group.name)


def _as_long(observed_ms: Number | None, usual_ms: float) -> bool:
    return observed_ms is not None and DURATION_RATIO[0] <= observed_ms / usual_ms <= DURATION_RATIO[1]


@cache
def _recorded_pair() -> _Pair:
    content = tomllib.loads(files("toolkit.comparison").joinpath("identical_builds.toml").read_text("utf-8"))
    observed = content["observed_ms"]
    figures = {name: (first, second) for name, (first, second) in content["figures"].items()}
    return _Pair(content["program"], sum(observed) / len(observed), figures)
