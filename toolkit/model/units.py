"""Units a figure may carry, and how a person reads a value in each."""

from __future__ import annotations

from enum import StrEnum


class Unit(StrEnum):
    """The unit of a figure; values are in this unit unscaled, on every page and in every file."""

    COUNT = "count"
    PER_SECOND = "1/s"
    MS = "ms"
    US = "us"
    SHARE = "share"
    USD = "usd"
    BPS = "bps"
    NUMBER = "number"


def thousands(number: float, digits: int = 0) -> str:
    """A number with thin groups of three (`11 249`), the separator a no-break space so that it never wraps."""
    return f"{number:,.{digits}f}".replace(",", "\u00a0")


def duration(ms: float) -> str:
    """A span in the words a person would use: `250 ms`, `12.0 s`, `9 min 59.6 s`, `2 h 05 min`."""
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
    """A share of one as a percentage; a share that is neither 0 nor 1 never prints as either."""
    percent = value * 100
    if 0 < percent < 0.05:
        return "< 0.1\u00a0%"
    if 99.95 <= percent < 100:
        return "> 99.9\u00a0%"
    return f"{percent:.1f}\u00a0%"


def size(octets: int) -> str:
    """A file size in decimal units (`1.7 MB`)."""
    value = float(octets)
    for unit in ("B", "kB", "MB"):
        if value < 1_000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1_000
    return f"{value:.1f} GB"
