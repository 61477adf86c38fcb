"""How a figure reads: a number in its unit, or the word that stands where no number can."""

from __future__ import annotations

import re

from toolkit.model.comparisons import ComparisonRow, SettingRow
from toolkit.model.figures import Figure, Number
from toolkit.model.units import Unit, duration, share, thousands
from toolkit.model.vocabulary import Bound

UNKNOWN = "unknown"
NOT_INSTRUMENTED = "not instrumented"
NOTHING = "–"
MINUS = "\u2212"
GAP = "\u00a0"

NARROW = 0.05
"""An estimate is shown by its middle as long as its range is not wider than this share of it."""

_BOUND = {Bound.LOWER: "≥", Bound.UPPER: "≤", Bound.ESTIMATE: "≈"}
_AGE = re.compile(r"(?:age_|tick_gap_|time_to_)")
_SAMPLED_AGE = re.compile(r"age_apply(?:_tw)?_ms\.(?:p\d+|max)")
_SUFFIX = {Unit.MS: "ms", Unit.US: "µs", Unit.USD: "USD", Unit.BPS: "bps", Unit.PER_SECOND: "per s"}


def shown(figure: Figure | None, resolution_ms: Number | None = None) -> str:
    """A figure as a reader sees it: `10`, `11 249 ms`, `≥ 1 000`, `< 250 ms`, `not instrumented`, `unknown`.

    An estimate in a wide range is that range: `0.8 s to 1 min 54.4 s`, `≤ 1.4 s` where it may be nothing.
    `resolution_ms` is the time between ticks: apply ages are whole steps of it, so that an age of 0 is only known to be
    less than one step.
    """
    if figure is None or figure.value is None:
        return NOT_INSTRUMENTED if figure is not None and NOT_INSTRUMENTED in (figure.note or "") else UNKNOWN
    if figure.value == 0 and resolution_ms and _SAMPLED_AGE.fullmatch(figure.metric):
        return f"<{GAP}{number(resolution_ms)}{GAP}ms"
    if figure.bound is Bound.ESTIMATE and (between := _between(figure)):
        return between
    text = in_unit(figure.value, figure.unit, figure.metric)
    sign = _BOUND.get(figure.bound)
    return f"{sign}{GAP}{text}" if sign and text[0] not in "<>" else text


def _between(figure: Figure) -> str | None:
    """The range that an estimate lies in, where it is known and too wide for its middle to say anything."""
    low, high = figure.low, figure.high
    if low is None or high is None or high - low <= NARROW * abs(figure.value or 0):
        return None
    most = in_unit(high, figure.unit, figure.metric)
    return f"{in_unit(low, figure.unit, figure.metric)} to {most}" if low else f"≤{GAP}{most}"


def overlap(before: Figure | None, after: Figure | None) -> bool:
    """Whether two values of which one is no exact one may be the same: the ranges they lie in have a part in common."""
    if before is None or after is None or before.bound is after.bound is Bound.EXACT:
        return False
    ranges = (before.low, before.high, after.low, after.high)
    if any(end is None for end in ranges):
        return False
    return max(before.low or 0, after.low or 0) <= min(before.high or 0, after.high or 0)


def in_unit(value: Number, unit: str, metric: str) -> str:
    """A value with its unit; spans of time that are no ages in the words of a clock (`9 min 59.6 s`)."""
    if unit == Unit.SHARE:
        return share(value)
    if unit == Unit.MS and not _AGE.match(metric):
        return duration(value).replace(" ", GAP)
    suffix = _SUFFIX.get(Unit(unit)) if unit in set(Unit) else unit
    return f"{number(value)}{GAP}{suffix}" if suffix else number(value)


def number(value: Number) -> str:
    """A number in groups of three, with as many digits as its size deserves and none where it is whole."""
    if float(value).is_integer():
        return _signed(thousands(value))
    digits = 1 if abs(value) >= 10 else 3
    return _signed(thousands(value, digits).rstrip("0").rstrip(".")) if abs(value) >= 0.001 else _signed(f"{value:.3g}")


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def change(row: ComparisonRow, metric: str, resolution_ms: Number | None = None) -> str:
    """The difference of a row with its sign, and the factor where there is one: `−9 (× 0.10)`, `+2.1 points`.

    Apply ages that differ by less than the time between ticks are `within a tick`; event ages that do are told to be,
    as they depend on where the ticks fell between the frames. A measure (no count) that differs by less than a part in
    two thousand is `< 0.1 %` away.
    """
    if row.delta is None:
        return NOTHING
    if row.delta == 0:
        return "0"
    if resolution_ms and abs(row.delta) < resolution_ms and _SAMPLED_AGE.fullmatch(metric):
        return "within a tick"
    sign = "+" if row.delta > 0 else MINUS
    if row.unit == Unit.SHARE:
        points = abs(row.delta) * 100
        return f"{sign}{points:.1f}{GAP}points" if points >= 0.05 else f"<{GAP}0.1{GAP}points"
    if row.unit != Unit.COUNT and row.ratio is not None and abs(row.ratio - 1) < 0.0005:
        return f"<{GAP}0.1{GAP}%"
    if resolution_ms and abs(row.delta) < resolution_ms and metric.startswith("age_event_ms."):
        return f"{sign}{in_unit(abs(row.delta), row.unit, metric)}, within a tick"
    telling = row.ratio is not None and not 0.995 <= row.ratio < 1.005 and row.ratio >= 0.005
    factor = f" (×{GAP}{row.ratio:.2f})" if telling else ""
    return f"{sign}{in_unit(abs(row.delta), row.unit, metric)}{factor}"


def per_hour(rate: float | None, figure: Figure | None) -> str:
    """The hourly rate of a figure in brackets, with the sign of its bound; empty where there is none."""
    if rate is None or figure is None:
        return ""
    sign = _BOUND.get(figure.bound)
    return f" ({f'{sign}{GAP}' if sign else ''}{thousands(rate, 1)}{GAP}per{GAP}h)"


def setting(row: SettingRow, value: str | None) -> str:
    """A value of a setting as a reader sees it; what holds in its place where it is not set."""
    if value is not None:
        return value or "empty"
    return "not set" if row.default is None else f"not set ({row.default} by default)"
