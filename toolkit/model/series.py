"""Series over the course of a run, which tests of a comparison need. They are no part of the published JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

AGE_BATCHES = 8
"""Batches a run for a test of ages. Fewer lose power, more are too short beside the memory of ages in ten minutes."""
AGE_STEPS = 240
"""Steps a run, for the memory of its ages; a multiple of the batches, so that a batch is whole steps."""


@dataclass(frozen=True, slots=True)
class AgeSeries:
    """One percentile of a venue's ages over the course of a run, in ms, for tests of the figure `figure`.

    `batches` are the percentiles of `AGE_BATCHES` parts of equally many ticks, `steps` those of `AGE_STEPS`.
    """

    figure: str
    batches: tuple[float, ...]
    steps: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MidSeries:
    """Mid of a venue in USD, at each tick (`at_ms`, ascending) at which it has one."""

    venue: str
    at_ms: npt.NDArray[np.int64]
    mid_usd: npt.NDArray[np.float64]
