"""Tests for differences between two runs, and what each could have shown.

Neighbouring ticks depend on each other, so a tick is not a sample. Ages are tested on the means of long batches
[Ibragimov and Müller 2010, "t-Statistic Based Correlation and Heterogeneity Robust Inference"], and only where the
batches are long beside the memory of the series. Counts are tested exactly, conditional on their sum [Przyborowski and
Wilenski 1940].

Series are arrays whose last axis is time; leading axes are independent series and are kept. Ratios are after over
before. Probabilities lie between 0 and 1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVEL = 0.05
"""Level of every test: a probability below it shows a difference."""
CONFIDENCE = 1 - LEVEL
"""Confidence of every interval."""
POWER = 0.8
"""Probability with which the smallest detectable change is seen."""
MEMORY_CONFIDENCE_Z = 1.645
"""Standard errors that the limit of the memory lies above its estimate: 95 %, one-sided."""
_WINDOW_MEMORIES = 5.0
"""Lags summed, in memories: the first lag that is at least this far ends the sum [Sokal 1997, section 3.3]."""


class Alternative(StrEnum):
    """Direction of a difference that a test looks for: either, or the declared one of after against before."""

    EITHER = "either"
    LOWER = "lower"
    HIGHER = "higher"


_IN_SCIPY: Mapping[Alternative, Literal["two-sided", "less", "greater"]] = {
    Alternative.EITHER: "two-sided", Alternative.LOWER: "less", Alternative.HIGHER: "greater",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RatioTest:
    """Result of a test of the ratio after over before.

    `low` and `high` are the limits of its interval at `CONFIDENCE`, always two-sided; `high` is None where it is
    unbounded, both where there is no interval. `smallest_fall` and `smallest_rise` are the ratios nearest to 1 that
    such a test shows with probability `POWER`; None where it shows no change that way, or does not look for it.
    """

    p: float
    low: float | None
    high: float | None
    smallest_fall: float | None
    smallest_rise: float | None


def count_test(
    before: int, after: int, exposure_ratio: float = 1.0, alternative: Alternative = Alternative.EITHER
) -> RatioTest:
    """Test two counts of random, separate events for equal rates: exact, conditional on their sum.

    `exposure_ratio` is the observed time after over the time before. The two-sided probability sums all outcomes that
    are no more probable than the observed one. The interval is that of Clopper and Pearson (1934). The test is too
    sensitive for events that come in clusters, and knows nothing of events that recur by a clock.
    """
    from scipy import stats

    total, share = before + after, exposure_ratio / (1 + exposure_ratio)
    if total == 0:
        return RatioTest(1.0, 0.0, None, None, None)
    test = stats.binomtest(after, total, share, alternative=_IN_SCIPY[alternative])
    limits = stats.binomtest(after, total, share).proportion_ci(CONFIDENCE, method="exact")
    low, high = (_odds(limit, exposure_ratio) for limit in limits)
    fall, rise = _smallest_count_changes(before, exposure_ratio, alternative)
    return RatioTest(float(test.pvalue), low or 0.0, high, fall, rise)


def least_p(total: int, exposure_ratio: float, alternative: Alternative = Alternative.EITHER) -> float:
    """Return the smallest probability that `count_test` gives for this sum of both counts.

    Where it is not below the level, the figure can be left out of its family: the sum says nothing about a difference
    [Tarone 1990, "A Modified Bonferroni Method for Discrete Data"].
    """
    share = exposure_ratio / (1 + exposure_ratio)
    ends = share**total, (1 - share) ** total
    if alternative is not Alternative.EITHER:
        return ends[1] if alternative is Alternative.LOWER else ends[0]
    return min(1.0, 2 * ends[0] if ends[0] == ends[1] else min(ends))


def _odds(share: float, exposure_ratio: float) -> float | None:
    """Return the ratio of rates at which the after run has this share of the events; None where it is unbounded."""
    return None if share >= 1 else float(share / (1 - share) / exposure_ratio)


@cache
def _smallest_count_changes(
    before: int, exposure_ratio: float, alternative: Alternative
) -> tuple[float | None, float | None]:
    """Return the ratios nearest to 1 that are shown with probability `POWER`: of a fall and of a rise.

    The before count is taken as fixed and the after count as Poisson with the mean that the ratio gives.
    """
    from scipy import stats

    expected = before * exposure_ratio
    share = exposure_ratio / (1 + exposure_ratio)
    if not expected:
        return None, None

    def significant(after: int) -> bool:
        test = stats.binomtest(after, before + after, share, alternative=_IN_SCIPY[alternative])
        return bool(test.pvalue < LEVEL)

    # Counts up to `below` and from `above` on are significant; far above, every count is.
    centre, far = int(expected), int(2 * expected + 60 / min(1.0, share))
    fall = rise = None
    if alternative is not Alternative.HIGHER:
        below = bisect_left(range(centre), True, key=lambda after: not significant(after)) - 1
        fall = None if below < 0 else float(stats.gamma.isf(POWER, below + 1)) / expected
    if alternative is not Alternative.LOWER:
        above = bisect_left(range(centre + 1, far), True, key=significant) + centre + 1
        rise = float(stats.gamma.ppf(POWER, above)) / expected
    return fall, rise


@dataclass(frozen=True, slots=True)
class BatchTest:
    """Test of the log ratio of two sides, each an array over the leading axes. `error` is a standard error.

    `degrees` is that of the t distribution of `log_ratio / error`.
    """

    log_ratio: Floats
    error: Floats
    degrees: int

    def p(self, alternative: Alternative = Alternative.EITHER) -> Floats:
        """Return the probability of a difference at least as large if there is none."""
        from scipy import special

        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.error > 0, self.log_ratio / self.error, np.sign(self.log_ratio) * np.inf)
        t = np.where(np.isnan(t), 0.0, t)
        if alternative is Alternative.EITHER:
            t = -np.abs(t)
        elif alternative is Alternative.HIGHER:
            t = -t
        lower: Floats = special.stdtr(self.degrees, t)
        return np.minimum(1.0, 2 * lower) if alternative is Alternative.EITHER else lower

    def ratio_test(self, alternative: Alternative = Alternative.EITHER) -> RatioTest:
        """Return the result of a test of one series, with its interval and the smallest changes it shows."""
        from scipy import special

        ratio, error = float(self.log_ratio), float(self.error)
        margin = float(special.stdtrit(self.degrees, (1 + CONFIDENCE) / 2)) * error
        level = (1 + CONFIDENCE) / 2 if alternative is Alternative.EITHER else CONFIDENCE
        seen = float(special.stdtrit(self.degrees, level) + special.stdtrit(self.degrees, POWER)) * error
        fall = None if alternative is Alternative.HIGHER else float(np.exp(-seen))
        rise = None if alternative is Alternative.LOWER else float(np.exp(seen))
        low, high = float(np.exp(ratio - margin)), float(np.exp(ratio + margin))
        return RatioTest(float(self.p(alternative)), low, high, fall, rise)


def batch_test(before: Floats, after: Floats) -> BatchTest:
    """Test the means of two sides' batches of logarithms, run one after the other; at least two batches a side.

    The degrees of freedom are those of the smaller side less one, which holds whatever the variances [Ibragimov and
    Müller 2016, "Inference with Few Heterogeneous Clusters"].
    """
    variances = [side.var(axis=-1, ddof=1) / side.shape[-1] for side in (before, after)]
    degrees = min(before.shape[-1], after.shape[-1]) - 1
    return BatchTest(after.mean(axis=-1) - before.mean(axis=-1), np.sqrt(variances[0] + variances[1]), degrees)


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """Result of a permutation test: the difference of means, its probability, and the least possible one."""

    difference: float
    p: float
    least_p: float


MAX_ASSIGNMENTS = 200_000
"""Assignments that are all enumerated; of more, as many are drawn (with one seed), the observed one among them."""


def permutation_test(before: Floats, after: Floats, alternative: Alternative = Alternative.EITHER) -> PermutationTest:
    """Test the difference of means of two groups of runs over all assignments of the runs to the sides.

    The test is exact for runs whose order is exchangeable if the builds are equal [Fisher 1935; Phipson and Smyth 2010
    for drawn assignments]. `least_p` is the least that these values give in any assignment: 2 / 20 for 3 + 3 different
    ones, and 1 / 20 in a declared direction.
    """
    values = np.concatenate([before, after])
    differences = _assignments(len(before), len(after)) @ values
    observed = float(after.mean() - before.mean())
    if alternative is Alternative.EITHER:
        differences, extreme = np.abs(differences), abs(observed)
    else:
        sign = -1 if alternative is Alternative.LOWER else 1
        differences, extreme = sign * differences, sign * observed
    # Sums of the same values in another order differ in their last digits.
    tolerance = 1e-9 * float(np.abs(values).max())
    p, least_p = (float((differences >= each - tolerance).mean()) for each in (extreme, differences.max()))
    return PermutationTest(observed, p, least_p)


@cache
def _assignments(before: int, after: int) -> Floats:
    """Return one row of weights per assignment, so that rows times values are differences of means."""
    total = before + after
    if comb(total, after) <= MAX_ASSIGNMENTS:
        chosen = np.array(list(combinations(range(total), after)))
    else:
        order = np.tile(np.arange(total), (MAX_ASSIGNMENTS, 1))
        np.random.default_rng(1).permuted(order[1:], axis=1, out=order[1:])
        chosen = order[:, before:]
    weights = np.full((len(chosen), total), -1 / before)
    np.put_along_axis(weights, chosen, 1 / after, axis=1)
    return weights


def paired_batch_test(before: Floats, after: Floats) -> BatchTest:
    """Test the differences of batches of logarithms taken at the same time on both sides."""
    difference = after - before
    batches = difference.shape[-1]
    return BatchTest(difference.mean(axis=-1), difference.std(axis=-1, ddof=1) / np.sqrt(batches), batches - 1)


def memory_limit(*sides: Floats) -> Floats:
    """Return the upper limit of the memory of series that share their law, in steps of the series.

    The memory is the integrated autocorrelation time: a mean over n steps is worth n / memory independent steps. It is
    estimated from all sides together, each around its own mean, with Sokal's window and the error of Madras and Sokal
    (1988). At least 0.3, since the sum of a short series that swings regularly may be negative.
    """
    centred = [side - side.mean(axis=-1, keepdims=True) for side in sides]
    steps, total = centred[0].shape[-1], sum(side.shape[-1] for side in sides)
    power = np.asarray(sum((side * side).sum(axis=-1) for side in centred))
    memory, window = np.ones(power.shape), np.zeros(power.shape)
    open_sum = np.ones(power.shape, bool)
    for lag in range(1, steps // 2):
        products = sum((side[..., :-lag] * side[..., lag:]).sum(axis=-1) for side in centred)
        correlation = np.divide(products * steps / (steps - lag), power, out=np.zeros(power.shape), where=power > 0)
        memory, window = np.where(open_sum, memory + 2 * correlation, memory), np.where(open_sum, lag, window)
        open_sum &= lag < _WINDOW_MEMORIES * memory
        if not open_sum.any():
            break
    memory = np.maximum(memory, 0.3)
    limit: Floats = memory * (1 + MEMORY_CONFIDENCE_Z * np.sqrt(2 * (2 * window + 1) / total))
    return limit


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return the probabilities of a family corrected for their number, in the same order [Holm 1979]."""
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    corrected, largest = [0.0] * len(probabilities), 0.0
    for rank, position in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * probabilities[position]))
        corrected[position] = largest
    return corrected
