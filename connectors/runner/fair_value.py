"""Model of the market: a Kalman filter of the logarithm of the fair value, and volatilities per tick.

The telemetry contract has these fields. The filter is a random walk that is observed once per tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log, sqrt

PRIOR_VARIANCE = 1.0
PROCESS_VARIANCE_PER_S = 1e-8
"""Growth of the variance of the log price: a volatility of 1 basis point per square root of a second."""
OBSERVATION_VARIANCE = 1e-8
"""Variance of an observed log price: an error of 1 basis point."""
SHORT_WEIGHT, LONG_WEIGHT = 1 / 16, 1 / 256
"""Weights of the newest squared return in the two variances."""
RATIO_LIMITS = 0.25, 4.0
"""Limits of the ratio of the short to the long volatility."""


@dataclass(slots=True)
class Volatility:
    """Short-term and long-term variance of the log returns of a price between ticks, None before the first return."""

    short_variance: float | None = None
    long_variance: float | None = None
    _log_price: float | None = None

    def update(self, log_price: float) -> None:
        """Take the logarithm of the price of a tick."""
        if self._log_price is not None:
            squared = (log_price - self._log_price) ** 2
            self.short_variance = _average(self.short_variance, squared, SHORT_WEIGHT)
            self.long_variance = _average(self.long_variance, squared, LONG_WEIGHT)
        self._log_price = log_price

    @property
    def short(self) -> float | None:
        """Short-term volatility per tick, None before the first return."""
        return None if self.short_variance is None else sqrt(self.short_variance)

    @property
    def long(self) -> float | None:
        """Long-term volatility per tick, None before the first return."""
        return None if self.long_variance is None else sqrt(self.long_variance)


@dataclass(slots=True)
class FairValueModel:
    """State of the model; `updated_ms` (epoch) is 0 and `log_price` None before the first fair value."""

    log_price: float | None = None
    variance: float = PRIOR_VARIANCE
    updated_ms: int = 0
    volatility: Volatility = field(default_factory=Volatility)

    def update(self, fair_value: float | None, unix_ms: int) -> None:
        """Take the fair value of a tick; without one, the state stays as it is."""
        if fair_value is None or fair_value <= 0:
            return
        observed = log(fair_value)
        self._filter(observed, unix_ms)
        self.volatility.update(observed)
        self.updated_ms = unix_ms

    def _filter(self, observed: float, unix_ms: int) -> None:
        if self.log_price is None:
            self.log_price = observed
        else:
            self.variance += PROCESS_VARIANCE_PER_S * max(0, unix_ms - self.updated_ms) / 1_000
        gain = self.variance / (self.variance + OBSERVATION_VARIANCE)
        self.log_price += gain * (observed - self.log_price)
        self.variance *= 1 - gain

    def fields(self) -> dict[str, float]:
        """Return the fields of the telemetry contract; those that are not known yet are left out."""
        known: dict[str, float] = {"kf_p": self.variance, "kf_last_update_ms": self.updated_ms, "regime_ratio": 1.0}
        if self.log_price is not None:
            known["kf_x_hat"] = self.log_price
        short, long = self.volatility.short, self.volatility.long
        if short is not None and long is not None:
            known |= {"fv_short_vol": short, "fv_long_vol": long, "sigma_eff": short}
            if long > 0:
                known["regime_ratio"] = min(max(short / long, RATIO_LIMITS[0]), RATIO_LIMITS[1])
        return known


class VenueVolatilities:
    """Volatility of the mid of each venue."""

    def __init__(self, venues: Iterable[str]) -> None:
        self._by_venue = {venue: Volatility() for venue in venues}

    def update(self, mids: Mapping[str, float]) -> None:
        """Take the mids of a tick; a venue without a book has none, or 0."""
        for venue, mid in mids.items():
            if mid > 0:
                self._by_venue[venue].update(log(mid))

    def fields(self) -> dict[str, list[float | None]]:
        """Return the fields of the telemetry contract: a list by venue, with None before the first return."""
        return {
            "venue_local_vol_short": [each.short for each in self._by_venue.values()],
            "venue_local_vol_long": [each.long for each in self._by_venue.values()],
        }


def _average(before: float | None, newest: float, weight: float) -> float:
    return newest if before is None else before + weight * (newest - before)
