"""Scales of the pictures: ages to heights, times to shares of the width, and numbers as short text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from reports.elements import Safe

_SECOND, _MINUTE, _HOUR = 1_000, 60_000, 3_600_000
_TIME_STEPS = (
    *(each * _SECOND for each in (1, 2, 5, 10, 30)),
    *(each * _MINUTE for each in (1, 2, 5, 10, 30)),
    *(each * _HOUR for each in (1, 2, 4, 12, 24, 48, 168)),
)
MAX_TIME_LABELS = 11


def short(value: float, digits: int = 2) -> Safe:
    """Return a number without needless digits: `13.04`, `5`, `0.5`."""
    text = f"{round(value, digits) + 0.0:.{digits}f}"
    return Safe(text.rstrip("0").rstrip(".") if digits else text)


def round_up(value: float) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten that is not below a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= value * (1 - 1e-9))


def age_text(ms: float) -> str:
    """Return an age for an axis: `250 ms`, `1 s`, `20 s`, `2 min`."""
    if ms < _SECOND:
        return f"{short(ms, 0)}\u00a0ms"
    if ms < 2 * _MINUTE:
        return f"{short(ms / _SECOND, 1)}\u00a0s"
    if ms < 2 * _HOUR:
        return f"{short(ms / _MINUTE, 1)}\u00a0min"
    return f"{short(ms / _HOUR, 1)}\u00a0h"


def time_text(ms: float, decimals: bool = True) -> str:
    """Return a time since the start of a run: `78.2 s`, `1 h 02 min 03 s`."""
    if ms < 20 * _MINUTE:
        return f"{ms / _SECOND:.1f}\u00a0s" if decimals else f"{ms / _SECOND:.0f}\u00a0s"
    minutes, seconds = divmod(round(ms / _SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    hour_text = f"{hours}\u00a0h\u00a0" if hours else ""
    return f"{hour_text}{minutes:02d}\u00a0min\u00a0{seconds:02d}\u00a0s"


@dataclass(frozen=True, slots=True)
class AgeScale:
    """Heights of ages: log(1 + age / tick), so that one tick and an outage both show. `top_ms` has height 1."""

    tick_ms: float
    top_ms: float

    @classmethod
    def of(cls, tick_ms: float, ages_ms: Iterable[float]) -> AgeScale:
        """Return the scale that shows all of the ages."""
        tick_ms = tick_ms or 1.0
        return cls(tick_ms, round_up(max((4 * tick_ms, *ages_ms))))

    def height(self, age_ms: float) -> float:
        """Return the height of an age, 0 to 1."""
        return min(1.0, math.log1p(age_ms / self.tick_ms) / math.log1p(self.top_ms / self.tick_ms))


def time_labels(length_ms: float) -> tuple[list[tuple[float, str]], str]:
    """Return the labels of a time axis, each with its share of the length, and their unit."""
    step = next((each for each in _TIME_STEPS if length_ms / each < MAX_TIME_LABELS), _TIME_STEPS[-1])
    unit, name = next((u, n) for u, n in ((_HOUR, "h"), (_MINUTE, "min"), (_SECOND, "s")) if step >= u)
    # A run that ends just before a label has that label: ten minutes last 599.5 s.
    count = math.floor(length_ms / step + 0.02)
    return [(min(1.0, number * step / length_ms), short(number * step / unit, 1)) for number in range(count + 1)], name
