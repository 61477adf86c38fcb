"""Synthetic ages of a venue, as series of ticks whose neighbours depend on each other in six ways.

Every profile returns ages in ms, whole ticks, with one row per run. Runs of one profile and `scale` are identical builds:
they differ by chance alone. `scale` multiplies the ages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from toolkit.comparison.statistics import Floats

Bools: TypeAlias = npt.NDArray[np.bool_]

TICK_MS = 250
TICKS = 2_400
"""Ten minutes."""
MEDIAN_MS = 4_000

Profile: TypeAlias = Callable[[np.random.Generator, int, float], Floats]


def whole_ticks(ages_ms: Floats) -> Floats:
    """Return ages as a tick sees them."""
    return np.floor(ages_ms / TICK_MS) * TICK_MS


def _noise(rng: np.random.Generator, runs: int, memory_s: float) -> Floats:
    """Standard normal noise that forgets exponentially in `memory_s`."""
    kept = np.exp(-TICK_MS / 1_000 / memory_s)
    shocks = rng.standard_normal((runs, TICKS)) * np.sqrt(1 - kept**2)
    shocks[:, 0] /= np.sqrt(1 - kept**2)
    series: Floats = lfilter([1], [1, -kept], shocks, axis=1)
    return series


def independent(rng: np.random.Generator, runs: int, scale: float) -> Floats:
    """Each tick by itself: log-normal, a factor of 1.6 for one standard deviation."""
    return whole_ticks(scale * MEDIAN_MS * np.exp(0.5 * rng.standard_normal((runs, TICKS))))


def short_memory(rng: np.random.Generator, runs: int, scale: float) -> Floats:
    """Log-normal, forgotten in 2 s."""
    return whole_ticks(scale * MEDIAN_MS * np.exp(0.5 * _noise(rng, runs, 2)))


def levels(rng: np.random.Generator, runs: int) -> Floats:
    """Log levels that change at random times, once a minute on average."""
    changes = rng.random((runs, TICKS)) < TICK_MS / 60_000
    changes[:, 0] = True
    number = np.cumsum(changes, axis=1) - 1
    return np.take_along_axis(0.5 * rng.standard_normal((runs, int(number.max()) + 1)), number, axis=1)


def minute_levels(rng: np.random.Generator, runs: int, scale: float) -> Floats:
    """Levels of a minute each, with independent noise."""
    return whole_ticks(scale * MEDIAN_MS * np.exp(levels(rng, runs) + 0.3 * rng.standard_normal((runs, TICKS))))


def bursts(rng: np.random.Generator, runs: int, scale: float) -> Floats:
    """Outages of 6 s on average, one in 40 s, in which the age is eight times as large."""
    begins = rng.random((runs, TICKS)) < TICK_MS / 40_000
    lengths = np.ceil(rng.exponential(6_000 / TICK_MS, (runs, TICKS)))
    ends = np.where(begins, np.arange(TICKS) + lengths, 0)
    within = np.maximum.accumulate(ends, axis=1) > np.arange(TICKS)
    return whole_ticks(scale * MEDIAN_MS * np.exp(0.3 * _noise(rng, runs, 2)) * np.where(within, 8, 1))


def saw_tooth(rng: np.random.Generator, runs: int, scale: float) -> Floats:
    """Ages that grow until a book is fetched, each 20 to 25 s: a silent socket beside a REST monitor."""
    periods = rng.uniform(20_000, 25_000, (runs, 2 + TICKS * TICK_MS // 20_000)) * scale
    fetched = np.cumsum(periods, axis=1) - periods[:, :1] * rng.random((runs, 1))
    now = np.arange(TICKS) * TICK_MS
    last = np.array([row[np.searchsorted(row, now, side="right") - 1] for row in np.pad(fetched, ((0, 0), (1, 0)))])
    last = np.where(now < fetched[:, :1], fetched[:, :1] - periods[:, :1], last)
    return whole_ticks(now - last)


def drift(rng: np.random.Generator, runs: int, scale: float) -> Floats:
    """A rise by a factor of 2.7 over the run, the same in every run, with independent noise."""
    rise = np.linspace(-0.5, 0.5, TICKS)
    return whole_ticks(scale * MEDIAN_MS * np.exp(rise + 0.3 * rng.standard_normal((runs, TICKS))))


PROFILES: Mapping[str, Profile] = {
    "independent": independent, "short memory": short_memory, "minute-long levels": minute_levels, "bursts": bursts,
    "saw-tooth": saw_tooth, "drift": drift,
}  # fmt: skip
