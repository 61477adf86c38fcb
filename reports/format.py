"""Format figures for a reader: a number with its unit, or a word where there is no number."""

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

NARROW_RANGE_SHARE = 0.05
"""Widest range, as a share of the value, at which an estimate is shown as one number instead of a range."""

_BOUND_SIGNS = {Bound.LOWER: "≥", Bound.UPPER: "≤", Bound.ESTIMATE: "≈"}
_SHOWN_IN_MS = re.compile(r"(?:age_|tick_gap_|time_to_)")
_SAMPLED_AGE = re.compile(r"age_apply(?:_tw)?_ms\.(?:p\d+|max)")
_UNIT_SUFFIX = {Unit.MS: "ms", Unit.US: "µs", Unit.USD: "USD", Unit.BPS: "bps", Unit.PER_SECOND: "per s"}


def shown(figure: Figure | None, resolution_ms: Number | None = None) -> str:
    """Return a figure as text: `10`, `11 249 ms`, `≥ 1 000`, `< 250 ms`, `not instrumented`, `unknown`.

    An estimate with a wide range is shown as that range: `0.8 s to 1 min 54.4 s`, or `≤ 1.4 s` if it begins at 0.
    `resolution_ms` is the time between ticks. Apply ages are multiples of it, so an age of 0 is only known to be less
    than one step.
    """
    if figure is None or figure.value is None:
        return NOT_INSTRUMENTED if figure is not None and NOT_INSTRUMENTED in (figure.note or "") else UNKNOWN
    if figure.value == 0 and resolution_ms and _SAMPLED_AGE.fullmatch(figure.metric):
        return f"<{GAP}{number(resolution_ms)}{GAP}ms"
    if figure.bound is Bound.ESTIMATE and (range_text := _range_text(figure)):
        return range_text
    text = in_unit(figure.value, figure.unit, figure.metric)
    sign = _BOUND_SIGNS.get(figure.bound)
    return f"{sign}{GAP}{text}" if sign and text[0] not in "<>" else text


def _range_text(figure: Figure) -> str | None:
    """Return the range of an estimate; None if it is not known, or narrow enough to show the value alone."""
    low, high = figure.low, figure.high
    if low is None or high is None or high - low <= NARROW_RANGE_SHARE * abs(figure.value or 0):
        return None
    upper = in_unit(high, figure.unit, figure.metric)
    return f"{in_unit(low, figure.unit, figure.metric)} to {upper}" if low else f"≤{GAP}{upper}"


def overlap(before: Figure | None, after: Figure | None) -> bool:
    """Return True if two figures, at least one of them not exact, have overlapping ranges and so may be equal."""
    if before is None or after is None or before.bound is after.bound is Bound.EXACT:
        return False
    ranges = (before.low, before.high, after.low, after.high)
    if any(end is None for end in ranges):
        return False
    return max(before.low or 0, after.low or 0) <= min(before.high or 0, after.high or 0)


def in_unit(value: Number, unit: str, metric: str) -> str:
    """Return a value with its unit. Durations given in ms read as `9 min 59.6 s`; ages and tick gaps stay in ms."""
    if unit == Unit.SHARE:
        return share(value)
    if unit == Unit.MS and not _SHOWN_IN_MS.match(metric):
        return duration(value).replace(" ", GAP)
    suffix = _UNIT_SUFFIX.get(Unit(unit)) if unit in set(Unit) else unit
    return f"{number(value)}{GAP}{suffix}" if suffix else number(value)


def number(value: Number) -> str:
    """Return a number with its digits in groups of three.

    Whole numbers have no decimals, others one from 10 upwards and up to three below; numbers below 0.001 have three
    significant digits.
    """
    if float(value).is_integer():
        return _with_minus_sign(thousands(value))
    digits = 1 if abs(value) >= 10 else 3
    return (
        _with_minus_sign(thousands(value, digits).rstrip("0").rstrip("."))
        if abs(value) >= 0.001
        else _with_minus_sign(f"{value:.3g}")
    )


def _with_minus_sign(text: str) -> str:
    return text.replace("-", MINUS)


def change(row: ComparisonRow, metric: str, resolution_ms: Number | None = None) -> str:
    """Return the difference of a row with its sign and, where it helps, the ratio: `−9 (× 0.10)`, `+2.1 points`.

    Apply ages that differ by less than `resolution_ms`, the time between ticks, read `within a tick`; one that is only
    known to be less than a tick has no difference. Such differences
    of event ages are shown with that remark: they depend on where the ticks fell between the messages. A measurement
    (not a count) that differs by less than 0.05 % reads `< 0.1 %`.
    """
    if row.delta is None:
        return NOTHING
    if row.delta == 0:
        return "0"
    if resolution_ms and _SAMPLED_AGE.fullmatch(metric):
        if abs(row.delta) < resolution_ms:
            return "within a tick"
        if 0 in (row.before, row.after):
            return NOTHING
    sign = "+" if row.delta > 0 else MINUS
    if row.unit == Unit.SHARE:
        points = abs(row.delta) * 100
        return f"{sign}{points:.1f}{GAP}points" if points >= 0.05 else f"<{GAP}0.1{GAP}points"
    if row.unit != Unit.COUNT and row.ratio is not None and abs(row.ratio - 1) < 0.0005:
        return f"<{GAP}0.1{GAP}%"
    if resolution_ms and abs(row.delta) < resolution_ms and metric.startswith("age_event_ms."):
        return f"{sign}{in_unit(abs(row.delta), row.unit, metric)}, within a tick"
    has_ratio = row.ratio is not None and not 0.995 <= row.ratio < 1.005 and row.ratio >= 0.005
    ratio = f" (×{GAP}{row.ratio:.2f})" if has_ratio else ""
    return f"{sign}{in_unit(abs(row.delta), row.unit, metric)}{ratio}"


EQUAL_LENGTHS = 0.01
"""Largest difference of two runs' lengths, as a share, at which their counts need no hourly rates."""


def equal_lengths(before_ms: Number | None, after_ms: Number | None) -> bool:
    """Return True if two runs last about equally long, so that counts compare as they are."""
    return bool(before_ms and after_ms) and abs((after_ms or 0) / (before_ms or 1) - 1) <= EQUAL_LENGTHS


def per_hour(rate: float | None, figure: Figure | None) -> str:
    """Return an hourly rate in brackets with the sign of the figure's bound; an empty string if there is no rate."""
    if rate is None or figure is None:
        return ""
    sign = _BOUND_SIGNS.get(figure.bound)
    return f" ({f'{sign}{GAP}' if sign else ''}{thousands(rate, 1)}{GAP}per{GAP}h)"


def setting(row: SettingRow, value: str | None) -> str:
    """Return the value of a setting as text; for a setting that is not set, `not set` and the default that applies."""
    if value is not None:
        return value or "empty"
    return "not set" if row.default is None else f"not set ({row.default} by default)"
