"""Model of the fair value: a Kalman filter of its logarithm, and its volatility per tick.

The telemetry contract has these fields. The filter is a random walk that is observed once per tick.
"""

from __future__ import annotations

from dataclasses import dataclass
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
class FairValueModel:
    """State of the model; `updated_ms` (epoch) is 0 and `log_price` None before the first fair value.

    `short_variance` and `long_variance` are those of the log returns between ticks, None before the first return.
    """

    log_price: float | None = None
    variance: float = PRIOR_VARIANCE
    updated_ms: int = 0
    short_variance: float | None = None
    long_variance: float | None = None
    _observed: float | None = None

    def update(self, fair_value: float | None, unix_ms: int) -> None:
        """Take the fair value of a tick; without one, the state stays as it is."""
        if fair_value is None or fair_value <= 0:
            return
        observed = log(fair_value)
        self._filter(observed, unix_ms)
        if self._observed is not None:
            squared = (observed - self._observed) ** 2
            self.short_variance = _average(self.short_variance, squared, SHORT_WEIGHT)
            self.long_variance = _average(self.long_variance, squared, LONG_WEIGHT)
        self._observed, self.updated_ms = observed, unix_ms

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
        if self.short_variance is not None and self.long_variance is not None:
            short, long = sqrt(self.short_variance), sqrt(self.long_variance)
            known |= {"fv_short_vol": short, "fv_long_vol": long, "sigma_eff": short}
            if long > 0:
                known["regime_ratio"] = min(max(short / long, RATIO_LIMITS[0]), RATIO_LIMITS[1])
        return known


def _average(before: float | None, newest: float, weight: float) -> float:
    return newest if before is None else before + weight * (newest - before)
