"""Units of figures, and formats for values in reports."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """Unit of a figure; its values are in this unit, unscaled, in all files."""

    COUNT = "count"
    PER_SECOND = "1/s"
    MS = "ms"
    US = "us"
    SHARE = "share"
    USD = "usd"
    BPS = "bps"
    NUMBER = "number"


def thousands(number: float, digits: int = 0) -> str:
    """Format a number in groups of three digits, separated by no-break spaces (`11 249`)."""
    return f"{number:,.{digits}f}".replace(",", "\u00a0")


def duration(ms: float) -> str:
    """Format a duration in milliseconds: `250 ms`, `12.0 s`, `9 min 59.6 s`, `2 h 05 min`."""
    if ms < 1_000:
        return f"{ms:.0f} ms"
    seconds = ms / 1_000
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    if seconds < 3_600:
        minutes, rest = divmod(round(seconds, 1), 60)
        return f"{minutes:.0f} min {rest:.1f} s"
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h {rest:02d} min"


def share(value: float) -> str:
    """Format a share (0 to 1) as a percentage; only an exact 0 or 1 is shown as 0 % or 100 %."""
    percent = value * 100
    if 0 < percent < 0.05:
        return "< 0.1\u00a0%"
    if 99.95 <= percent < 100:
        return "> 99.9\u00a0%"
    return f"{percent:.1f}\u00a0%"


def size(n_bytes: int) -> str:
    """Format a file size in decimal units (`1.7 MB`)."""
    value = float(n_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1_000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1_000
    return f"{value:.1f} GB"
