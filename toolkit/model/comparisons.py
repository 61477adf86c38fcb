"""Records of a comparison of two runs.

The JSON of `toolkit compare` is these records; the order of the fields is the published order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.model.figures import Number
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import BuildState, SettingKind, Verdict


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One figure of both sides, its difference and the verdict.

    With several runs a side, `before` and `after` are the medians of the runs, whose values are `values_before` and
    `values_after`, in the order of the runs; `n_…` is the sum over the runs.

    `before`, `after` and `delta` (after minus before) are in `unit`; `ratio` is after over before. All four are None
    where they are not known. `low` and `high` are the limits of the 95 % interval of the ratio; `mde` (minimum
    detectable effect) and `mde_fall` are the smallest rise and fall, as ratios, that this evidence shows with 80 %
    power. `p` is of the two-sided test of this figure alone, `p_corrected` within its `family` of figures. All are None
    where no test was made, `p_corrected` also where the test gives no verdict; `high` is None where it is unbounded.
    `…_per_hour` is the hourly rate of a count of events, None where the observed time is not known. `identical` are the
    values of two runs of one build, the yardstick of a figure without a test; None where they were not measured.
    """

    figure: str
    unit: str
    before: Number | None
    after: Number | None
    delta: Number | None
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict
    why: str
    mde: float | None
    n_before: int = 0
    n_after: int = 0
    before_per_hour: float | None = None
    after_per_hour: float | None = None
    mde_fall: float | None = None
    p_corrected: float | None = None
    family: str | None = None
    values_before: tuple[Number | None, ...] = ()
    values_after: tuple[Number | None, ...] = ()
    identical: tuple[Number, Number] | None = None


def beyond_identical(before: Number, after: Number, identical: tuple[Number, Number]) -> float:
    """Return how many times further two values lie apart than those of the identical pair.

    Positive values are compared by their logarithms, others by their difference. Infinite where the identical pair does
    not differ and the two values do.
    """
    values = (before, after, *identical)
    moved, usual = after - before, identical[1] - identical[0]
    if min(values) > 0:
        moved, usual = math.log(after / before), math.log(identical[1] / identical[0])
    if not usual:
        return math.inf if moved else 0.0
    return abs(moved / usual)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting of two runs: its value in each, None where it is not set, and its default.

    `before_source` and `after_source` name the file and line that state the value, None where it is not stated.
    """

    name: str
    before: str | None
    after: str | None
    default: str | None
    kind: SettingKind
    before_source: tuple[str, int | None] | None = None
    after_source: tuple[str, int | None] | None = None


@dataclass(frozen=True, slots=True)
class BuildRow:
    """One fact about the builds of two runs, such as the digest of the executable; None where a side does not state it.

    Each source is a file and a line, None where the file has no line for it. Two digests that differ are a proven
    difference. Equal commits are `NOT_KNOWN` where a checkout had changes, since those are not part of the commit.
    """

    name: str
    before: str | None
    after: str | None
    state: BuildState
    before_source: tuple[str, int | None] | None = None
    after_source: tuple[str, int | None] | None = None


DIGESTS_OF_SETTINGS = ("cfg_hash", "config_hash")
"""Settings that are digests over the others, so that they differ wherever one of those does."""


def different_settings(rows: Iterable[SettingRow]) -> tuple[SettingRow, ...]:
    """Return the settings that differ beside those under test; a digest over them only where no other differs."""
    rows = tuple(rows)
    differ = [row for row in rows if row.kind is SettingKind.DIFFERS]
    own = [row for row in differ if row.name not in DIGESTS_OF_SETTINGS]
    explained = any(row.kind is SettingKind.UNDER_TEST for row in rows)
    return tuple(own if own or explained else differ)


@dataclass(frozen=True, slots=True)
class RunOverlap:
    """Times of two runs: their starts (epoch ms), the distance of the starts, and the time in which both ran, in ms.

    `share` is that time as a share (0 to 1) of the shorter run.
    """

    before_started_ms: int
    after_started_ms: int
    distance_ms: int
    overlap_ms: int
    share: float


@dataclass(frozen=True, slots=True)
class MarketMatch:
    """Mids of one venue in two runs at the same time, tick by tick, in USD.

    The ticks of the run with fewer of them in the common time (`ticks`) are matched with the nearest tick of the other,
    at most half a tick away: `matched` found one. `correlation` is Pearson's, None where a side's mid is constant.
    The gaps are absolute; they are None where nothing matched.
    """

    venue: str
    ticks: int
    matched: int
    correlation: float | None
    mean_gap_usd: float | None
    largest_gap_usd: float | None


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Comparison of two sides, one row per figure. `comparable` is true if any row is comparable.

    `before` and `after` are the first runs of the sides, `runs_before` and `runs_after` all of them. `overlap`,
    `market`, `builds` and `settings` are of the first runs. `method["design"]` is `one run a side`, `several runs a
    side` or `paired`.

    `settings` lists the settings of both runs, those that differ first; None where no file of a run states one.
    `overlap` is None where a start or an end is not known. `market` has the venues with a mid in both runs, if the runs
    overlap in time.

    `disturbances` has a sentence, without its full stop, for each restart, crash, kill or early end of a run. No figure
    improves between runs one of which was disturbed. `builds` has at least the build id, the commit and the digest
    of the executable.
    """

    before: RunAnalysis
    after: RunAnalysis
    comparable: bool
    why_not: tuple[str, ...]
    rows: tuple[ComparisonRow, ...]
    method: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    settings: tuple[SettingRow, ...] | None = None
    overlap: RunOverlap | None = None
    market: tuple[MarketMatch, ...] = ()
    disturbances: tuple[str, ...] = ()
    builds: tuple[BuildRow, ...] = ()
    runs_before: tuple[RunAnalysis, ...] = ()
    runs_after: tuple[RunAnalysis, ...] = ()
