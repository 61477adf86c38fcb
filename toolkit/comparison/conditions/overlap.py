"""Time that two runs have in common, and the market that both saw in it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from toolkit.model.comparisons import MarketMatch, RunOverlap
from toolkit.model.errors import UsageError
from toolkit.model.figures import Number
from toolkit.model.runs import RunAnalysis, pair_of
from toolkit.model.series import MidSeries
from toolkit.model.units import duration

SAME_MARKET_CORRELATION = 0.99
"""Correlation of a venue's mids in two runs below which the runs saw different prices."""

PAIRED_SHARE = 0.95
"""Share of the longer run in which both ran, from which on two runs may be compared as a pair."""

SIDE_BY_SIDE_SHARE = 0.8
"""The same for runs that one command made side by side: their ages are compared in the common time only."""

_Integers = npt.NDArray[np.int64]


def overlap(before: RunAnalysis, after: RunAnalysis) -> RunOverlap | None:
    """Return the common time of two runs; None where the start or the end of one is not known."""
    spans = [(side.run.started_ms, side.run.ended_ms) for side in (before, after)]
    known = [(start, end) for start, end in spans if start is not None and end is not None]
    if len(known) < len(spans):
        return None
    (first, first_end), (second, second_end) = known
    common = max(0, min(first_end, second_end) - max(first, second))
    shorter = min(first_end - first, second_end - second)
    return RunOverlap(first, second, abs(second - first), common, common / shorter if shorter > 0 else 0.0)


def check_paired(before: RunAnalysis, after: RunAnalysis) -> None:
    """Raise `UsageError` if two runs did not run at the same time: starts within a tick, 95 % of each in common.

    Equal parts of both runs are then of the same time: their first ticks are at most a tick apart, their last ones at
    most 5 % of the run.
    """
    if (reason := reason_not_paired(before, after)) is not None:
        raise UsageError(f"--paired: {reason}; leave the option out")


def reason_not_paired(before: RunAnalysis, after: RunAnalysis) -> str | None:
    """Return why two runs may not be compared as a pair (see `check_paired`); None if they may."""
    common, ticks = overlap(before, after), [_tick_ms(side) for side in (before, after)]
    if common is None or ticks[0] is None or ticks[1] is None:
        return "the times of a run are not known"
    share = common.overlap_ms / max(_length_ms(before), _length_ms(after), 1)
    if (pair := pair_of(before.run, after.run)) is not None and pair.common_ms is not None:
        # The series of such runs cover their common time only, so their starts and ends may be apart.
        return None if share >= SIDE_BY_SIDE_SHARE else f"only {share:.0%} of the longer run is of the same time"
    if share < PAIRED_SHARE:
        return f"{share:.0%} of the longer run is of the same time"
    if common.distance_ms > max(ticks[0], ticks[1]):
        return f"the runs start {duration(common.distance_ms)} apart"
    return None


def _length_ms(side: RunAnalysis) -> int:
    return (side.run.ended_ms or 0) - (side.run.started_ms or 0)


def same_market(before: RunAnalysis, after: RunAnalysis) -> tuple[MarketMatch, ...]:
    """Return the match of each venue that has a mid in both runs at some common time, in the order of the venues."""
    ticks = [_tick_ms(side) for side in (before, after)]
    if ticks[0] is None or ticks[1] is None:
        return ()
    left, right = ({each.venue: each for each in side.mid_series} for side in (before, after))
    both = [venue for venue in before.run.venues if venue in left and venue in right]
    return tuple(_matches(left, right, both, max(ticks[0], ticks[1]) / 2))


def _tick_ms(side: RunAnalysis) -> Number | None:
    figure = side.figure("run.tick_gap_ms.p50")
    return None if figure is None else figure.value


def _matches(
    before: dict[str, MidSeries], after: dict[str, MidSeries], venues: list[str], reach_ms: float
) -> Iterator[MarketMatch]:
    for venue in venues:
        pair = before[venue], after[venue]
        since, until = max(each.at_ms[0] for each in pair) - reach_ms, min(each.at_ms[-1] for each in pair) + reach_ms
        common = [_slice(each, since, until) for each in pair]
        coarse, fine = sorted(common, key=lambda each: len(each.at_ms))
        if len(coarse.at_ms):
            nearest = _nearest(coarse.at_ms, fine.at_ms)
            close = abs(fine.at_ms[nearest] - coarse.at_ms) <= reach_ms
            yield _match(venue, coarse.mid_usd, fine.mid_usd[nearest], close)


def _slice(series: MidSeries, since: float, until: float) -> MidSeries:
    first, last = np.searchsorted(series.at_ms, since), np.searchsorted(series.at_ms, until, side="right")
    return MidSeries(series.venue, series.at_ms[first:last], series.mid_usd[first:last])


def _nearest(times: _Integers, among: _Integers) -> _Integers:
    """Return the position of the time in `among` (ascending) that is nearest to each of `times`."""
    right = np.clip(np.searchsorted(among, times), 0, len(among) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(times - among[left] <= among[right] - times, left, right).astype(np.int64)


def _match(
    venue: str, one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], close: npt.NDArray[np.bool_]
) -> MarketMatch:
    matched, one, other = int(close.sum()), one[close], other[close]
    if not matched:
        return MarketMatch(venue, len(close), 0, None, None, None)
    gaps = np.abs(one - other)
    moves = one.std() > 0 and other.std() > 0
    correlation = float(np.corrcoef(one, other)[0, 1]) if moves else None
    return MarketMatch(venue, len(close), matched, correlation, float(gaps.mean()), float(gaps.max()))
