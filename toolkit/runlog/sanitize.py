"""Removal of a line's decoration: byte-order marks, terminal colours, control characters, and a CI system's stamp."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_UNPRINTED = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Characters that move a cursor, hide text or reverse its direction; none belongs to a record."""
_OF_PROGRAM = re.compile(
    r"(?:(?:INFO|WARN|ERROR|Error): |WS_AUDIT |thread '|paraphina(?:_live)? \| |\[[a-z]+\] |[A-Z]+_[A-Z_]+ |\{\"|"
    r"live_account_ingest \| |fatal runtime error: |error: |market_rx_stats |"
    r"[A-Z]\w* (?:\w+ ){0,3}(?:WS|polling|send|publish|snapshot)\b)"
)
"""Beginning of a record that the program prints."""
_DATE_TIME, _ZONE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?", r"Z|[+-]\d\d:\d\d"
_STAMP = re.compile(rf"(?:[^\t]{{1,200}}\t[^\t]{{1,200}}\t)?\ufeff?({_DATE_TIME})({_ZONE}) ", re.ASCII)
_STAMP_SHAPE = re.compile(r"(?:[^\t]*\t[^\t]*\t)?\ufeff?--T::\.?(?:Z|[+-]:) ")
_DELETE_DIGITS = dict.fromkeys(map(ord, "0123456789"))


def strip_decoration(text: str) -> tuple[str, int | None]:
    """Return the line without decoration, and the time (epoch ms) that a CI system stamped on it, or None."""
    at_ms = None
    if "-" in text and (stamp := _stamp(text)) and (at_ms := _epoch_ms(stamp[1], stamp[2])) is not None:
        text = text.removeprefix("\ufeff")[stamp.end() :]
    if not text.isprintable():
        text = _UNPRINTED.sub("", _without_overwritten(_ANSI.sub("", text).rstrip("\r")))
    return text, at_ms


def _without_overwritten(text: str) -> str:
    """Return what a terminal shows of a line: what follows a carriage return replaces what stands before it.

    A record of the program is kept whole, because text that it quotes may contain carriage returns.
    """
    return text if _OF_PROGRAM.match(text) else text.rpartition("\r")[2]


def stamp_span(text: str) -> tuple[int, int] | None:
    """Return the start and end of a line's time stamp, without the names before it; None if there is none."""
    stamp, mark = _stamp(text), text.startswith("\ufeff")
    return (stamp.start(1) + mark, stamp.end(2) + mark) if stamp else None


def could_be_stamped(text: str) -> bool:
    """Return true if the beginning of the line would be a time stamp with other digits."""
    return _STAMP_SHAPE.match(text.removeprefix("\ufeff").translate(_DELETE_DIGITS)) is not None


def stamp_ms(stamp: str) -> int | None:
    """Return the time (epoch ms) of a stamp; None if it is no valid date."""
    zone = 1 if stamp.endswith("Z") else len("+00:00")
    return _epoch_ms(stamp[:-zone], stamp[-zone:])


def day_of(year: int, month: int, day: int) -> int | None:
    """Return the days from the epoch to a date; None if it is no valid date."""
    try:
        return date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def _stamp(text: str) -> re.Match[str] | None:
    return _STAMP.match(text.removeprefix("\ufeff")) if "T" in text[:500] and text[:500].count("-") > 1 else None


def _epoch_ms(moment: str, zone: str) -> int | None:
    whole, _, fraction = moment.partition(".")
    at_s = _epoch_s(whole, zone)
    return None if at_s is None else round((at_s * 10**6 + int(fraction[:6].ljust(6, "0"))) / 10**6 * 1_000)


@lru_cache(1_024)
def _epoch_s(moment: str, zone: str) -> int | None:
    """Return the time (epoch s) of a whole second; lines that follow one another mostly share it."""
    try:
        return round(datetime.fromisoformat(moment + zone.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return None
