"""Test of one percentile of one venue's age between two runs, with the rules that withhold a verdict.

Each run is cut into batches and shorter steps, each of equally many ticks, and the percentile of each is taken. The
logarithms of the batches are tested; the steps show how long the series remembers. `tests/benchmarks/calibration.py`
measures how often identical builds alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from toolkit.comparison.statistics import BatchTest, Floats, batch_test, memory_limit, paired_batch_test

MIN_INDEPENDENT_STRETCHES = 60
"""Least length of a run in memories (upper limit) for a verdict: a batch is then at least seven memories long."""
MIN_INDEPENDENT_STRETCHES_PAIRED = 84
"""The same for the difference of paired runs. Where both stay on levels of a minute, the difference looks like up to 83
stretches by chance: seven times 60 000 tests of `tests/benchmarks/calibration.py`, seeds 1 to 7."""

FALSE_ALARMS = 0.034
"""Largest share of these tests that alarm on one build, of the profiles measured one after the other."""
FALSE_ALARMS_PAIRED = 0.052
"""The same for paired runs."""


class AgePercentiles(NamedTuple):
    """One percentile of one series, in ms: of each batch and of each step of the run. The last axis is time."""

    batches: Floats
    steps: Floats


@dataclass(frozen=True, slots=True)
class AgeTest:
    """Test of the log ratio of a percentile.

    `stretches` is the lower limit of the number of independent stretches in a run; a verdict needs `least_stretches`.
    """

    test: BatchTest
    stretches: Floats
    least_stretches: int

    @property
    def long_enough(self) -> npt.NDArray[np.bool_]:
        """True where the runs are long enough beside the memory of the series."""
        return self.stretches >= self.least_stretches


def age_test(before: AgePercentiles, after: AgePercentiles, tick_ms: float, *, paired: bool = False) -> AgeTest:
    """Test a percentile of two runs. Values below half a tick (`tick_ms`) count as half a tick: less is not seen."""
    steps = [_logarithms(side.steps, tick_ms) for side in (before, after)]
    batches = [_logarithms(side.batches, tick_ms) for side in (before, after)]
    series = [steps[1] - steps[0]] if paired else steps
    memory = memory_limit(*series)
    test = paired_batch_test(*batches) if paired else batch_test(*batches)
    # A run whose batches happen to lie close together is not more exact than its memory allows.
    least = np.sqrt(sum(each.var(axis=-1) for each in series) * memory / series[0].shape[-1])
    return AgeTest(
        replace(test, error=np.maximum(test.error, least)),
        series[0].shape[-1] / memory,
        MIN_INDEPENDENT_STRETCHES_PAIRED if paired else MIN_INDEPENDENT_STRETCHES,
    )


def _logarithms(values_ms: Floats, tick_ms: float) -> Floats:
    return np.log(np.maximum(values_ms, tick_ms / 2))
