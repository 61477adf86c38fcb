"""The text of a physical line without what others put around it: marks, colours, control characters, a CI stamp."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np

Digits = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Whole = np.ndarray[tuple[int], np.dtype[np.int64]]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_UNPRINTED = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Characters that move a cursor, hide or turn text around; none has a place in a record."""
_MOMENT, _ZONE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?", r"Z|[+-]\d\d:\d\d"
STAMP_PATTERN = rf"{_MOMENT}(?:{_ZONE})"
"""A stamp alone; digits are those of ASCII."""
_STAMP = re.compile(rf"(?:[^\t]{{1,200}}\t[^\t]{{1,200}}\t)?\ufeff?({_MOMENT})({_ZONE}) ", re.ASCII)
_FRACTION_DIGITS = len("2026-01-01T00:00:00.123456")


def cleaned(text: str) -> tuple[str, int | None]:
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


def stamps_ms(stamps: Sequence[bytes]) -> list[int | None]:
    """The times (epoch ms) of many stamps, None for one that is no date; those of a length in UTC all at once."""
    times: list[int | None] = [None] * len(stamps)
    by_length: dict[int, list[int]] = {}
    for index, stamp in enumerate(stamps):
        by_length.setdefault(len(stamp) if stamp.endswith(b"Z") else 0, []).append(index)
    for length, indexes in by_length.items():
        of_length = [stamps[index] for index in indexes]
        for index, at_ms in zip(indexes, _times(of_length, length), strict=True):
            times[index] = at_ms
    return times


def _times(stamps: Sequence[bytes], length: int) -> Sequence[int | None]:
    days = {day: _day(day) for day in {stamp[:10] for stamp in stamps}} if length else {}
    since_epoch = [days.get(stamp[:10]) for stamp in stamps]
    if None in since_epoch:
        return [_epoch_ms(*_parted(stamp.decode())) for stamp in stamps]
    numbers = np.frombuffer(b"".join(stamps), np.uint8).reshape(len(stamps), length) - ord("0")
    hours, minutes, seconds = (_number(numbers[:, at : at + 2]) for at in (11, 14, 17))
    if hours.max() > 23 or minutes.max() > 59 or seconds.max() > 59:
        return [_epoch_ms(*_parted(stamp.decode())) for stamp in stamps]
    digits = numbers[:, 20 : min(length - 1, _FRACTION_DIGITS)]
    micros = _number(digits) * 10 ** (6 - digits.shape[1])
    us = (((np.array(since_epoch, np.int64) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + micros
    # The operations of `datetime.timestamp`, so that no time differs in how it is rounded.
    times: list[int] = np.rint(us / 1e6 * 1_000).astype(np.int64).tolist()
    return times


def _number(digits: Digits) -> Whole:
    value = np.zeros(len(digits), np.int64)
    for column in range(digits.shape[1]):
        value = value * 10 + digits[:, column]
    return value


def _day(text: bytes) -> int | None:
    try:
        return date.fromisoformat(text.decode()).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return None


def _parted(stamp: str) -> tuple[str, str]:
    zone = 1 if stamp.endswith("Z") else len("+00:00")
    return stamp[:-zone], stamp[-zone:]


def _stamp(text: str) -> re.Match[str] | None:
    return _STAMP.match(text.removeprefix("\ufeff")) if "T" in text[:500] and text[:500].count("-") > 1 else None


def _epoch_ms(moment: str, zone: str) -> int | None:
    try:
        at = datetime.fromisoformat(moment[:_FRACTION_DIGITS] + zone.replace("Z", "+00:00"))
    except ValueError:
        return None
    return round(at.timestamp() * 1_000)
