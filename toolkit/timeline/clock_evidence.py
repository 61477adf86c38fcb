"""What the lines of a log say of time: the clocks some of them carry, and the timers that make others come.

A record with a clock of its own is an anchor. A timer says how much time passed between two lines: the REST monitor
checks each 5 s, pings go out at their interval for as long as their socket lives, and a session that ends says how long
it was. Words from outside (a venue's time stamp in a snippet) give an anchor of that venue's clock, never more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

REST_CHECK_EVERY_MS = 5_000
REST_FETCH_AT_MOST_MS = 5_000
LATE_MS = 250
"""How late a line may come after its timer."""
TIMER_DRIFT = 2e-4
"""How much a timer may gain or lose against the clock, as a share of the time."""
SETUP_MS = 2_000
"""A session is timed from before its look-ups, its connecting line follows them."""
OWN_CLOCK_ERROR_MS = 50
VENUE_CLOCK_ERROR_MS = 1_000
"""A venue's time stamp is older than the line by the way here, and its clock may be off."""

STAMPED_FAMILIES = ("audit_ts_fallback", "ws_first_message_snippet", "first_book_update")
"""The families whose lines hold a time stamp."""
FAMILIES = (
    *STAMPED_FAMILIES, "audit_rest_monitor", "audit_ping_sent", "ws_connecting", "ws_connected", "ws_healthy_reset",
    "end_no_messages",
)  # fmt: skip
"""The families that say anything of time, but for those that name a tick."""

_STAMPS = re.compile(r'"(usIn|last_updated_at|ts|timestamp)":(\d{10,19})\b')
_LASTED = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s)")
_IN_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Record:
    """A log record as the clocks see it. `line` is one-based, `fields` its own keys."""

    line: int
    life: int
    family: str
    venue: str | None
    fields: Mapping[str, str]


class Witness(IntEnum):
    """Whose word an anchor is, the surest first: this host's clock, a venue's stamp, or what became of the book."""

    HOST = 0
    VENUE = 1
    BOOK = 2


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line written between two times (epoch ms), both included."""

    line: int
    low_ms: float
    high_ms: float
    witness: Witness = Witness.HOST


@dataclass(frozen=True, slots=True)
class Span:
    """From the line `earlier` to the line `later` of one log passed from `least_ms` to `most_ms`."""

    earlier: int
    later: int
    least_ms: float
    most_ms: float


class Clocks:
    """Reads the records of one log file in their order."""

    def __init__(self) -> None:
        self._began: dict[tuple[int, str | None], int] = {}
        self._connected: dict[tuple[int, str | None], int] = {}
        self._pinged: dict[tuple[int, str | None], tuple[int, int]] = {}
        self._monitors: dict[int, _Monitor] = {}

    def see(self, record: Record) -> Iterator[Anchor | Span]:
        """Take a record and give what it says of time."""
        key, fields = (record.life, record.venue), record.fields
        match record.family:
            case "ws_connecting":
                self._began[key] = record.line
            case "ws_connected":
                self._connected[key] = record.line
                self._pinged.pop(key, None)
            case "ws_healthy_reset":
                yield from _since(self._began.get(key), record.line, duration_ms(fields.get("lasted", "")), SETUP_MS)
            case "end_no_messages":
                yield from _since(self._connected.get(key), record.line, duration_ms(fields.get("after", "")), LATE_MS)
            case "audit_ping_sent":
                yield from self._ping(record)
            case "audit_rest_monitor":
                yield from self._monitors.setdefault(record.life, _Monitor()).see(record)
            case "audit_ts_fallback":
                yield from _at(record.line, fields.get("fallback_ts_ms", ""), OWN_CLOCK_ERROR_MS, Witness.HOST)
            case "first_book_update":
                yield from _at(record.line, fields.get("ts", ""), VENUE_CLOCK_ERROR_MS, Witness.VENUE)
            case "ws_first_message_snippet":
                if stamp := _STAMPS.search(fields.get("snippet", "")):
                    yield from _at(record.line, stamp[2], VENUE_CLOCK_ERROR_MS, Witness.VENUE)

    def _ping(self, record: Record) -> Iterator[Span]:
        key = (record.life, record.venue)
        count = _whole(record.fields.get(f"{record.venue}_ping_sent_count", ""))
        every_ms = _whole(record.fields.get("interval_ms", ""))
        if count is None or not every_ms:
            return
        last = self._pinged.get(key)
        if last is not None and count > last[1]:
            passed_ms = (count - last[1]) * every_ms
            yield Span(last[0], record.line, passed_ms - LATE_MS, passed_ms + LATE_MS)
        elif count == 1 and key in self._connected:
            yield Span(self._connected[key], record.line, every_ms - LATE_MS, every_ms + LATE_MS)
        self._pinged[key] = record.line, count


class _Monitor:
    """The REST monitor of one life. It looks at its venues one after the other and prints a line for each.

    The venue it looks at last is its clock: what it fetched for the others, which makes it late, is known by then. Its
    timer keeps its pace, so that a check is timed from the first one too, and not by adding up the errors between.
    """

    def __init__(self) -> None:
        self._clock: str | None = None
        self._latest: str | None = None
        self._readings: dict[str | None, _Reading] = {}
        self._attempts: dict[str | None, int] = {}

    def see(self, record: Record) -> Iterator[Span]:
        """Take a line of the monitor."""
        count, venue = _whole(record.fields.get("rest_check_count", "")), record.venue
        if count is None:
            return
        self._attempts[venue] = _whole(record.fields.get("rest_attempt_count", "")) or 0
        if self._clock is None and venue in self._readings:
            self._clock = self._latest
            self._first = self._readings[self._clock]
        last = self._readings.get(venue)
        fetched = sum(self._attempts.values())
        late_ms = LATE_MS + REST_FETCH_AT_MOST_MS * max(0, fetched - (last.fetched if last else 0))
        now = _Reading(record.line, count, fetched, late_ms)
        if last is not None and venue == self._clock:
            for since in {self._first, last}:
                yield from _checks(since, now)
        self._readings[venue] = now
        self._latest = venue


@dataclass(frozen=True, slots=True)
class _Reading:
    """A printed check: its number, all fetches so far, and how late those since the print before may make it."""

    line: int
    count: int
    fetched: int
    late_ms: float


def _checks(since: _Reading, now: _Reading) -> Iterator[Span]:
    passed_ms = (now.count - since.count) * REST_CHECK_EVERY_MS
    drift_ms = passed_ms * TIMER_DRIFT
    if passed_ms > 0:
        # A monitor that does not make up for lost time is late by all its fetches since.
        late_ms = LATE_MS + REST_FETCH_AT_MOST_MS * max(0, now.fetched - since.fetched)
        yield Span(since.line, now.line, passed_ms - drift_ms - since.late_ms, passed_ms + drift_ms + late_ms)


def duration_ms(text: str) -> float | None:
    """A duration as the program prints it (`30s`, `1.5s`, `250ms`) in ms; None for another text."""
    match = _LASTED.fullmatch(text)
    return float(match[1]) * _IN_MS[match[2]] if match else None


def epoch_ms(digits: str) -> float | None:
    """A time stamp in s, ms, µs or ns since the epoch, told by its length, in ms; None for another number."""
    scale = {10: 1e3, 13: 1.0, 16: 1e-3, 19: 1e-6}.get(len(digits))
    return int(digits) * scale if scale and digits.isascii() and digits.isdigit() else None


def _at(line: int, digits: str, error_ms: float, witness: Witness) -> Iterator[Anchor]:
    if (at_ms := epoch_ms(digits)) is not None:
        yield Anchor(line, at_ms - error_ms, at_ms + error_ms, witness)


def _since(earlier: int | None, later: int, passed_ms: float | None, sooner_ms: float) -> Iterator[Span]:
    if earlier is not None and passed_ms is not None:
        yield Span(earlier, later, max(0.0, passed_ms - sooner_ms), passed_ms + LATE_MS)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
