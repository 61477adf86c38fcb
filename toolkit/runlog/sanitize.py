"""The text of a physical line without what others put around it: marks, colours, control characters, a CI stamp."""

from __future__ import annotations

import re
from datetime import date, datetime

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_UNPRINTED = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Characters that move a cursor, hide or turn text around; none has a place in a record."""
_MOMENT, _ZONE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?", r"Z|[+-]\d\d:\d\d"
_STAMP = re.compile(rf"(?:[^\t]{{1,200}}\t[^\t]{{1,200}}\t)?\ufeff?({_MOMENT})({_ZONE}) ", re.ASCII)
_STAMP_SHAPE = re.compile(r"(?:[^\t]*\t[^\t]*\t)?\ufeff?--T::\.?(?:Z|[+-]:) ")
_NO_DIGITS = dict.fromkeys(map(ord, "0123456789"))
_FRACTION_DIGITS = len("2026-01-01T00:00:00.123456")


def strip_decoration(text: str) -> tuple[str, int | None]:
    """The line's own text, and the time (epoch ms) that a CI system stamped on it."""
    stamp = _stamp(text)
    at_ms = _epoch_ms(stamp[1], stamp[2]) if stamp else None
    if stamp and at_ms is not None:
        text = text.removeprefix("\ufeff")[stamp.end() :]
    if not text.isprintable():
        text = _UNPRINTED.sub("", _ANSI.sub("", text))
    return text, at_ms


def stamp_span(text: str) -> tuple[int, int] | None:
    """Where the stamp of a line stands, without what a CI system puts before and after it."""
    stamp, mark = _stamp(text), text.startswith("\ufeff")
    return (stamp.start(1) + mark, stamp.end(2) + mark) if stamp else None


def could_be_stamped(text: str) -> bool:
    """Whether other digits in it might make a stamp of how the line begins."""
    return _STAMP_SHAPE.match(text.removeprefix("\ufeff").translate(_NO_DIGITS)) is not None


def stamp_ms(stamp: str) -> int | None:
    """The time (epoch ms) of a stamp; None for one that is no date."""
    zone = 1 if stamp.endswith("Z") else len("+00:00")
    return _epoch_ms(stamp[:-zone], stamp[-zone:])


def day_of(year: int, month: int, day: int) -> int | None:
    """The day's number since the epoch; None for one that is no date."""
    try:
        return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def _stamp(text: str) -> re.Match[str] | None:
    return _STAMP.match(text.removeprefix("\ufeff")) if "T" in text[:500] and text[:500].count("-") > 1 else None


def _epoch_ms(moment: str, zone: str) -> int | None:
    try:
        at = datetime.fromisoformat(moment[:_FRACTION_DIGITS] + zone.replace("Z", "+00:00"))
    except ValueError:
        return None
    return round(at.timestamp() * 1_000)
