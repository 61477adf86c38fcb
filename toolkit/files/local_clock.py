"""Clocks of logs whose stamps have no zone or no year, found by the times of the run's telemetry or in the lines.

The program's first and last line in a log are near the first and the last telemetry record. A clock differs from UTC by
a multiple of a quarter of an hour. Where both ends of the log do not fit, its stamps give no times. In a run without
telemetry, lines that state a time themselves show the clock if they all agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from toolkit.files.detection import has_program_phrase
from toolkit.files.run_file import RunFile, continues
from toolkit.runlog.wrapping.kinds import Wrapping
from toolkit.runlog.wrapping.stamps import LocalClock
from toolkit.runlog.wrapping.unwrap import without_wrapping
from toolkit.streams.blocks import blocks

MAX_DISTANCE_MS = 300_000
"""Most time between an end of the log and the same end of the telemetry."""
_QUARTER_MS, _MOST_QUARTERS = 900_000, 14 * 4
_STATED = re.compile(
    rb"(?:WS_AUDIT venue=\w+ \w+_ts_fallback_count=\d+ context=\w+ raw_ts=\w+ fallback_ts_ms="
    rb"|FIRST_BOOK_UPDATE venue=[^\n]* ts=)(\d{13})\b"
)
"""A time that the program states: its own clock, or that of a venue."""
_LEAST_STATED, _BLOCKS_READ = 2, 4
_FRACTION = re.compile(rb":\d\d[.,]\d")


def with_local_clocks(logs: Sequence[RunFile], first_ms: int | None, last_ms: int | None) -> list[RunFile]:
    """Return logs with the clocks of their stamps and the resolution of the stamps.

    `first_ms` and `last_ms` are the times (epoch ms) of the first and the last telemetry record, None without one.
    Raises `InputError` for an unreadable file.
    """
    result = list[RunFile]()
    for parts in _whole_logs(logs):
        if not any(layer.is_prefix for part in parts for layer in part.wrapping):
            result += parts
            continue
        stamps = [each for part in parts for each in _end_stamps(part)]
        resolution_ms = 1_000 if stamps and not any(_FRACTION.search(each) for each in stamps) else 1
        if first_ms is None or last_ms is None:
            clock = _stated_clock([each for part in parts for each in _stated_times(part)])
        else:
            clock = _clock(stamps, first_ms, last_ms)
        for part in parts:
            layers = tuple(each.with_clock(clock) for each in part.wrapping) if clock else part.wrapping
            result.append(replace(part, wrapping=layers, stamp_ms=resolution_ms))
    return result


def _whole_logs(logs: Iterable[RunFile]) -> list[list[RunFile]]:
    whole = list[list[RunFile]]()
    for log in logs:
        if whole and continues(log, whole[-1][-1]):
            whole[-1].append(log)
        else:
            whole.append([log])
    return whole


def _clock(stamps: Sequence[bytes], first_ms: int, last_ms: int) -> LocalClock | None:
    utc = LocalClock(0, first_ms)
    times = [at_ms for each in stamps if (at_ms := utc.read(each)) is not None]
    if not times:
        return None
    quarters = round((first_ms - times[0]) / _QUARTER_MS)
    clock = LocalClock(quarters * _QUARTER_MS, first_ms)
    begin, end = clock.read(stamps[0]), clock.read(stamps[-1])
    fits = begin is not None and end is not None and abs(quarters) <= _MOST_QUARTERS
    near = fits and max(abs((begin or 0) - first_ms), abs((end or 0) - last_ms)) <= MAX_DISTANCE_MS
    return clock if near else None


def _stated_clock(stated: Sequence[tuple[bytes, int]]) -> LocalClock | None:
    """Return the clock that all stamps of lines that state a time agree on; None where less than two lines do."""
    shown = set[int]()
    for stamp, stated_ms in stated:
        at_ms = LocalClock(0, stated_ms).read(stamp)
        quarters = round((stated_ms - (at_ms or 0)) / _QUARTER_MS)
        if at_ms is None or abs(stated_ms - at_ms - quarters * _QUARTER_MS) > MAX_DISTANCE_MS:
            return None
        shown.add(quarters)
    if len(stated) < _LEAST_STATED or len(shown) > 1 or abs(max(shown)) > _MOST_QUARTERS:
        return None
    return LocalClock(max(shown) * _QUARTER_MS, stated[0][1])


def _stated_times(log: RunFile) -> Iterator[tuple[bytes, int]]:
    """Yield the stamps of the lines near the beginning of a log that state a time, and that time (epoch ms)."""
    with log.open() as stream:
        for block in islice(blocks(stream), _BLOCKS_READ):
            for line in block.data.split(b"\n") if _STATED.search(block.data) else ():
                stated = _STATED.search(line)
                if stated and (stamp := _stamp(line, log.wrapping)) is not None:
                    yield stamp, int(stated[1])


def _end_stamps(log: RunFile) -> tuple[bytes, ...]:
    """Return the stamps of the program's first and last line of a log."""
    first = last = None
    with log.open() as stream:
        for block in blocks(stream):
            lines = block.data.split(b"\n")
            first = first or next(_stamps(lines, log.wrapping), None)
            last = next(_stamps(reversed(lines), log.wrapping), None) or last
    return tuple(each for each in (first, last) if each is not None)


def _stamps(lines: Iterable[bytes], layers: Sequence[Wrapping]) -> Iterator[bytes]:
    for line in lines:
        if has_program_phrase(line) and (stamp := _stamp(line, layers)) is not None:
            yield stamp


def _stamp(line: bytes, layers: Sequence[Wrapping]) -> bytes | None:
    for layer in layers:
        if (stamp := layer.stamp(line)) is not None:
            return stamp
        unwrapped = without_wrapping(layer.unwrap, line)
        line = unwrapped.line if unwrapped else line
    return None
