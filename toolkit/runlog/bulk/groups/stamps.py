"""Conversion of the time stamps that a CI system puts before lines, for many lines at once."""

from __future__ import annotations

import numpy as np

from toolkit.runlog.bulk.numbers import MAX_DIGITS, IntArray, IntVector, Mask, Offsets
from toolkit.runlog.sanitize import day_of, stamp_ms

_MICROS_DIGITS = 6
_POWERS = 10 ** np.arange(MAX_DIGITS, dtype=np.int64)


def times_ms(stamps: list[bytes]) -> tuple[IntVector, Mask]:
    """Return the times (epoch ms) of stamps, parsed one by one, and a mask of the valid dates; others are 0."""
    times = [stamp_ms(stamp.decode()) for stamp in stamps]
    return np.array([at or 0 for at in times], np.int64), np.array([at is not None for at in times], bool)


def utc_times_ms(numbers: IntArray, digits: Offsets) -> tuple[IntVector, Mask]:
    """Return the times (epoch ms) of UTC stamps, and a mask of those known to be valid dates.

    Each row of `numbers` holds year, month, day, hour, minute, second and, if there are seven columns, the fraction of
    a stamp. `digits` holds the count of digits of each number.
    """
    date = numbers[:, :3] @ np.array([10_000, 100, 1])
    days, day_index = np.unique(date, return_inverse=True)
    known = [day_of(day // 10_000, day // 100 % 100, day % 100) for day in days.tolist()]
    since_epoch = np.array([-1 if day is None else day for day in known], np.int64)[day_index]
    valid = np.array([day is not None for day in known], bool)[day_index]
    hours, minutes, seconds = numbers[:, 3], numbers[:, 4], numbers[:, 5]
    valid &= (hours < 24) & (minutes < 60) & (seconds < 60)
    us = (((since_epoch * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000
    if numbers.shape[1] > _MICROS_DIGITS:
        length = digits[:, 6]
        valid &= length <= MAX_DIGITS
        excess = np.clip(length - _MICROS_DIGITS, 0, MAX_DIGITS - _MICROS_DIGITS)
        us += numbers[:, 6] // _POWERS[excess] * _POWERS[np.clip(_MICROS_DIGITS - length, 0, None)]
    # The same operations as in `datetime.timestamp`, so that the rounding is the same.
    return np.rint(us / 1e6 * 1_000).astype(np.int64), valid
