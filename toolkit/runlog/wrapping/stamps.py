"""Time stamps in the prefixes of log lines: their forms, and their time as epoch milliseconds."""

from __future__ import annotations

import re

from toolkit.runlog.sanitize import stamp_ms

_CLOCK = rb"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = rb"(?: ?(?:Z|UTC|[+-]\d\d:?\d\d)(?![0-9A-Za-z]))"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WEEKDAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_ISO = rb"\d{4}[-/]\d\d[-/]\d\d[T ]" + _CLOCK + _ZONE
ISO = rb"(?P<at>" + _ISO + rb"?)"
"""Date and time, with or without a zone."""
ISO_ZONED = rb"(?P<at>" + _ISO + rb")"
"""Date and time with a zone."""
SHORT = rb"(?:" + _MONTH + rb" [ \d]\d " + _CLOCK + rb")"
"""Date and time of traditional syslog, without year and zone."""
ANY = (
    rb"(?:" + ISO + rb"|" + SHORT + rb"|(?:" + _WEEKDAY + rb" )" + _MONTH + rb" [ \d]\d " + _CLOCK + rb" \d{4}"
    rb"|(?P<epoch_s>\d{10}\.\d+)|" + _CLOCK + rb"|\+?\d+\.\d{3,9})"
)  # fmt: skip
"""Every form: ISO, syslog, `ctime`, seconds since the epoch, time of day, seconds since a start."""

_ZONED = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))? ?(Z|UTC|[+-]\d\d:?\d\d)")


def iso_ms(stamp: bytes) -> int | None:
    """Return the time (epoch ms) of an ISO stamp; None for one without a zone, because its clock is unknown."""
    match = _ZONED.fullmatch(stamp.decode("ascii"))
    if match is None:
        return None
    year, month, day, clock, fraction, zone = match.groups()
    zone = "Z" if zone in ("Z", "UTC") else f"{zone[:3]}:{zone[-2:]}"
    return stamp_ms(f"{year}-{month}-{day}T{clock}{'.' + fraction if fraction else ''}{zone}")


def time_of(match: re.Match[bytes]) -> int | None:
    """Return the time (epoch ms) that the groups of a prefix state; None where they state none, or no whole time."""
    groups = match.groupdict()
    if stamp := groups.get("at"):
        return iso_ms(stamp)
    if seconds := groups.get("epoch_s"):
        return round(float(seconds) * 1_000)
    if millis := groups.get("epoch_ms"):
        return int(millis)
    return None
