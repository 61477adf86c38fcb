"""Time stamps in the prefixes of log lines: their forms, and their time as epoch milliseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

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
SHORT = rb"(?P<short>" + _MONTH + rb" [ \d]\d " + _CLOCK + rb")"
"""Date and time of traditional syslog, without year and zone."""
ANY = (
    rb"(?:" + ISO + rb"|" + SHORT + rb"|(?:" + _WEEKDAY + rb" )" + _MONTH + rb" [ \d]\d " + _CLOCK + rb" \d{4}"
    rb"|(?P<epoch_s>\d{10}\.\d+)|" + _CLOCK + rb"|\+?\d+\.\d{3,9})"
)  # fmt: skip
"""Every form: ISO, syslog, `ctime`, seconds since the epoch, time of day, seconds since a start."""

_ZONED = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))? ?(Z|UTC|[+-]\d\d:?\d\d)")
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
"""The form of most collectors, which is read as it is."""

_NAIVE = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?")
_SHORT = re.compile(r"(\w{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d+))?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HALF_YEAR_MS = 183 * 86_400_000


@dataclass(frozen=True, slots=True)
class LocalClock:
    """Clock of stamps without a zone or a year: its distance from UTC, and a time of the run, in ms."""

    behind_utc_ms: int
    near_ms: int

    def read(self, stamp: bytes) -> int | None:
        """Return the time (epoch ms) of a stamp; None if it is no valid date."""
        text = stamp.decode("ascii", "replace")
        if match := _NAIVE.fullmatch(text):
            at_ms = _utc_ms(*match.groups())
            return None if at_ms is None else at_ms + self.behind_utc_ms
        if match := _SHORT.fullmatch(text):
            month, *rest = match.groups()
            year = datetime.fromtimestamp((self.near_ms - self.behind_utc_ms) / 1_000, UTC).year
            at = (_utc_ms(str(each), str(_MONTHS.index(month) + 1), *rest) for each in (year, year - 1, year + 1))
            times = (each + self.behind_utc_ms for each in at if each is not None)
            return next((each for each in times if abs(each - self.near_ms) < _HALF_YEAR_MS), None)
        return None


def _utc_ms(year: str, month: str, day: str, hour: str, minute: str, second: str, fraction: str | None) -> int | None:
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micros, UTC)
    except ValueError:
        return None
    return round(at.timestamp() * 1_000)


def iso_ms(stamp: bytes) -> int | None:
    """Return the time (epoch ms) of an ISO stamp; None for one without a zone, because its clock is unknown."""
    text = stamp.decode("ascii")
    if _USUAL.fullmatch(text):
        return stamp_ms(text)
    match = _ZONED.fullmatch(text)
    if match is None:
        return None
    year, month, day, clock, fraction, zone = match.groups()
    zone = "Z" if zone in ("Z", "UTC") else f"{zone[:3]}:{zone[-2:]}"
    return stamp_ms(f"{year}-{month}-{day}T{clock}{'.' + fraction if fraction else ''}{zone}")


def time_of(match: re.Match[bytes], clock: LocalClock | None = None) -> int | None:
    """Return the time (epoch ms) that the groups of a prefix state; None where they state none, or no whole time.

    `clock` is that of stamps without a zone or a year.
    """
    groups = match.groupdict()
    if stamp := groups.get("at"):
        at_ms = iso_ms(stamp)
        return at_ms if at_ms is not None or clock is None else clock.read(stamp)
    if stamp := groups.get("short"):
        return None if clock is None else clock.read(stamp)
    if seconds := groups.get("epoch_s"):
        return round(float(seconds) * 1_000)
    if millis := groups.get("epoch_ms"):
        return int(millis)
    return None
