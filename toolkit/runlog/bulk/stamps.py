"""The times that a CI system stamped on the lines of a group, from the numbers in their stamps."""

from __future__ import annotations

import numpy as np

from toolkit.runlog.bulk.numbers import MAX_DIGITS, IntArray, IntVector, Mask, Offsets
from toolkit.runlog.sanitize import day_of, stamp_ms

_MICROS_DIGITS = 6
_POWERS = 10 ** np.arange(MAX_DIGITS, dtype=np.int64)


def times_ms(stamps: list[bytes]) -> tuple[IntVector, Mask]:
    """The times (epoch ms) of stamps, each read for itself, and which of them are dates."""
    times = [stamp_ms(stamp.decode()) for stamp in stamps]
    return np.array([at or 0 for at in times], np.int64), np.array([at is not None for at in times], bool)


def utc_times_ms(numbers: IntArray, digits: Offsets) -> tuple[IntVector, Mask]:
    """The times (epoch ms) of stamps in UTC that hold these numbers, and which of them are surely dates.

    The numbers of a stamp, of so many digits each, stand in a row.
    """
    date = numbers[:, :3] @ np.array([10_000, 100, 1])
    days, of = np.unique(date, return_inverse=True)
    known = [day_of(day // 10_000, day // 100 % 100, day % 100) for day in days.tolist()]
    since_epoch = np.array([-1 if day is None else day for day in known], np.int64)[of]
    told = np.array([day is not None for day in known], bool)[of]
    hours, minutes, seconds = numbers[:, 3], numbers[:, 4], numbers[:, 5]
    told &= (hours < 24) & (minutes < 60) & (seconds < 60)
    us = (((since_epoch * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000
    if numbers.shape[1] > _MICROS_DIGITS:
        length = digits[:, 6]
        told &= length <= MAX_DIGITS
        more = np.clip(length - _MICROS_DIGITS, 0, MAX_DIGITS - _MICROS_DIGITS)
        us += numbers[:, 6] // _POWERS[more] * _POWERS[np.clip(_MICROS_DIGITS - length, 0, None)]
    # The operations of `datetime.timestamp`, so that no time differs in how it is rounded.
    return np.rint(us / 1e6 * 1_000).astype(np.int64), told
