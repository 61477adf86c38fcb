"""Time evidence in log lines: time stamps that some lines hold, and timers that trigger others.

A record with a time stamp gives an anchor. A timer gives the time between two lines: the REST monitor checks every 5 s,
pings are sent at a fixed interval while their socket is open, and the end of a session states its duration. Text from
outside (a venue's time stamp in a snippet) gives only an anchor of that venue's clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

REST_CHECK_INTERVAL_MS = 5_000
MAX_REST_FETCH_MS = 5_000
MAX_DELAY_MS = 250
"""Most delay of a line after its timer fires."""
TIMER_DRIFT = 2e-4
"""Most drift of a timer against the clock, as a fraction of the time."""
SETUP_MS = 2_000
"""Most time between the start of a session's duration, before its look-ups, and its connecting line after them."""
OWN_CLOCK_ERROR_MS = 50
VENUE_CLOCK_ERROR_MS = 1_000
"""Most error of a venue's time stamp: its network latency and its clock's offset."""

STAMPED_FAMILIES = ("audit_ts_fallback", "ws_first_message_snippet", "first_book_update")
"""Families whose lines hold a time stamp."""
FAMILIES = (
    *STAMPED_FAMILIES, "audit_rest_monitor", "audit_ping_sent", "ws_connecting", "ws_connected", "ws_healthy_reset",
    "end_no_messages",
)  # fmt: skip
"""Families with time evidence, except those that name a tick."""

_STAMPS = re.compile(r'"(usIn|last_updated_at|ts|timestamp)":(\d{10,19})\b')
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s)")
_IN_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class TimedRecord:
    """Log record with the fields that are needed for time evidence; `line` counts from 1."""

    line: int
    life: int
    family: str
    venue: str | None
    fields: Mapping[str, str]


class ClockSource(IntEnum):
    """Source of an anchor, most reliable first: this host's clock, a venue's stamp, or order-book updates."""

    HOST = 0
    VENUE = 1
    BOOK = 2


@dataclass(frozen=True, slots=True)
class TimeAnchor:
    """Bounds (epoch ms, inclusive) on the time at which a line was written."""

    line: int
    low_ms: float
    high_ms: float
    source: ClockSource = ClockSource.HOST


@dataclass(frozen=True, slots=True)
class ElapsedSpan:
    """Bounds on the time (ms) between the lines `earlier` and `later` of one log."""

    earlier: int
    later: int
    least_ms: float
    most_ms: float


class ClockEvidence:
    """Extractor of time evidence from the records of one log, fed in order."""

    def __init__(self) -> None:
        self._connecting: dict[tuple[int, str | None], int] = {}
        self._connected: dict[tuple[int, str | None], int] = {}
        self._last_pings: dict[tuple[int, str | None], tuple[int, int]] = {}
        self._monitors: dict[int, _Monitor] = {}

    def add(self, record: TimedRecord) -> Iterator[TimeAnchor | ElapsedSpan]:
        """Add a record; yield its time evidence."""
        key, fields = (record.life, record.venue), record.fields
        match record.family:
            case "ws_connecting":
                self._connecting[key] = record.line
            case "ws_connected":
                self._connected[key] = record.line
                self._last_pings.pop(key, None)
            case "ws_healthy_reset":
                yield from _duration_span(
                    self._connecting.get(key), record.line, duration_ms(fields.get("lasted", "")), SETUP_MS
                )
            case "end_no_messages":
                yield from _duration_span(
                    self._connected.get(key), record.line, duration_ms(fields.get("after", "")), MAX_DELAY_MS
                )
            case "audit_ping_sent":
                yield from self._ping(record)
            case "audit_rest_monitor":
                yield from self._monitors.setdefault(record.life, _Monitor()).add(record)
            case "audit_ts_fallback":
                yield from _stamp_anchor(
                    record.line, fields.get("fallback_ts_ms", ""), OWN_CLOCK_ERROR_MS, ClockSource.HOST
                )
            case "first_book_update":
                yield from _stamp_anchor(record.line, fields.get("ts", ""), VENUE_CLOCK_ERROR_MS, ClockSource.VENUE)
            case "ws_first_message_snippet":
                if stamp := _STAMPS.search(fields.get("snippet", "")):
                    yield from _stamp_anchor(record.line, stamp[2], VENUE_CLOCK_ERROR_MS, ClockSource.VENUE)

    def _ping(self, record: TimedRecord) -> Iterator[ElapsedSpan]:
        key = (record.life, record.venue)
        count = _parse_count(record.fields.get(f"{record.venue}_ping_sent_count", ""))
        interval_ms = _parse_count(record.fields.get("interval_ms", ""))
        if count is None or not interval_ms:
            return
        last = self._last_pings.get(key)
        if last is not None and count > last[1]:
            elapsed_ms = (count - last[1]) * interval_ms
            yield ElapsedSpan(last[0], record.line, elapsed_ms - MAX_DELAY_MS, elapsed_ms + MAX_DELAY_MS)
        elif count == 1 and key in self._connected:
            yield ElapsedSpan(self._connected[key], record.line, interval_ms - MAX_DELAY_MS, interval_ms + MAX_DELAY_MS)
        self._last_pings[key] = record.line, count


class _Monitor:
    """Timer evidence from the REST monitor of one life, which checks its venues in turn and prints a line for each.

    Only the venue checked last gives evidence: the fetches for the other venues, which delay it, are known by then. The
    timer does not slip, so the time of a check is also bounded from the first check, without adding up the errors of
    the checks between.
    """

    def __init__(self) -> None:
        self._timed_venue: str | None = None
        self._latest: str | None = None
        self._readings: dict[str | None, _Reading] = {}
        self._attempts: dict[str | None, int] = {}

    def add(self, record: TimedRecord) -> Iterator[ElapsedSpan]:
        """Add a line of the monitor; yield the time since its first and its last line."""
        count, venue = _parse_count(record.fields.get("rest_check_count", "")), record.venue
        if count is None:
            return
        self._attempts[venue] = _parse_count(record.fields.get("rest_attempt_count", "")) or 0
        if self._timed_venue is None and venue in self._readings:
            self._timed_venue = self._latest
            self._first = self._readings[self._timed_venue]
        last = self._readings.get(venue)
        fetched = sum(self._attempts.values())
        delay_ms = MAX_DELAY_MS + MAX_REST_FETCH_MS * max(0, fetched - (last.fetched if last else 0))
        now = _Reading(record.line, count, fetched, delay_ms)
        if last is not None and venue == self._timed_venue:
            for earlier in {self._first, last}:
                yield from _check_span(earlier, now)
        self._readings[venue] = now
        self._latest = venue


@dataclass(frozen=True, slots=True)
class _Reading:
    """A printed check: its number, all fetches so far, and its most delay by the fetches since the last print."""

    line: int
    count: int
    fetched: int
    delay_ms: float


def _check_span(earlier: _Reading, now: _Reading) -> Iterator[ElapsedSpan]:
    elapsed_ms = (now.count - earlier.count) * REST_CHECK_INTERVAL_MS
    drift_ms = elapsed_ms * TIMER_DRIFT
    if elapsed_ms > 0:
        # A monitor that does not make up for lost time is delayed by all its fetches since.
        delay_ms = MAX_DELAY_MS + MAX_REST_FETCH_MS * max(0, now.fetched - earlier.fetched)
        yield ElapsedSpan(
            earlier.line, now.line, elapsed_ms - drift_ms - earlier.delay_ms, elapsed_ms + drift_ms + delay_ms
        )


def duration_ms(text: str) -> float | None:
    """Return a duration as the program prints it (`30s`, `1.5s`, `250ms`) in ms; None for any other text."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _IN_MS[match[2]] if match else None


def epoch_ms(digits: str) -> float | None:
    """Return a time stamp in epoch ms; its length tells s, ms, µs or ns. The result is None for any other text."""
    scale = {10: 1e3, 13: 1.0, 16: 1e-3, 19: 1e-6}.get(len(digits))
    return int(digits) * scale if scale and digits.isascii() and digits.isdigit() else None


def _stamp_anchor(line: int, digits: str, error_ms: float, source: ClockSource) -> Iterator[TimeAnchor]:
    if (at_ms := epoch_ms(digits)) is not None:
        yield TimeAnchor(line, at_ms - error_ms, at_ms + error_ms, source)


def _duration_span(earlier: int | None, later: int, elapsed_ms: float | None, early_ms: float) -> Iterator[ElapsedSpan]:
    if earlier is not None and elapsed_ms is not None:
        yield ElapsedSpan(earlier, later, max(0.0, elapsed_ms - early_ms), elapsed_ms + MAX_DELAY_MS)


def _parse_count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
