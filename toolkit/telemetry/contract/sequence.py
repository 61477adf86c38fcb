"""Rules of the contract along a run: ticks and time increase, venue order and status thresholds stay constant.

They hold within a life, the records of one process. Ticks of a process begin at 0, so a tick 0 after a later one is a
restart into the same file and no violation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from toolkit.telemetry.contract.fields import ContractRecord

MAX_EMPTY_BOOK_MS = 500
"""The longest time for which a venue without depth may stay Healthy or Warning."""

Violation = tuple[str, str]
"""A rule's name, and a sentence on what violates it."""

LIFE_RULES = {
    "t": "t increases within a life",
    "as_of": "as_of_ms does not go back within a life, and as_of_tick is t",
    "venue_order": "venues keep their order within a life",
    "stale_limit": "one age limit separates Stale from Healthy and Warning within a life",
    "depth": f"a venue without depth is neither Healthy nor Warning for more than {MAX_EMPTY_BOOK_MS} ms",
}


@dataclass
class _AgeLimits:
    """A venue's largest age (ms) while Healthy or Warning, its smallest while Stale, and the lines of both."""

    fresh_ms: int = -1
    fresh_line: int = 0
    stale_ms: float = math.inf
    stale_line: int = 0

    def conflict(self, status: str, age_ms: int) -> str | None:
        """Describe an earlier age that no single limit reconciles with this one; None if there is none."""
        if status == "Stale":
            return (
                f"Healthy or Warning at {self.fresh_ms} ms on line {self.fresh_line}"
                if age_ms <= self.fresh_ms
                else None
            )
        return f"Stale at {self.stale_ms} ms on line {self.stale_line}" if age_ms >= self.stale_ms else None

    def add(self, status: str, age_ms: int, line: int) -> None:
        """Record an age that does not conflict with the earlier ones."""
        if status == "Stale" and age_ms < self.stale_ms:
            self.stale_ms, self.stale_line = age_ms, line
        elif status != "Stale" and age_ms > self.fresh_ms:
            self.fresh_ms, self.fresh_line = age_ms, line


@dataclass
class LifeState:
    """The state of one process's records so far, against which the next record is checked."""

    t: int | None = None
    as_of_ms: int | None = None
    venues: tuple[str, ...] | None = None
    age_limits: dict[int, _AgeLimits] = field(default_factory=dict)
    empty_since_ms: dict[int, int] = field(default_factory=dict)

    def ended_by(self, record: ContractRecord) -> bool:
        """Return true if the record is the first of the next life."""
        return record.t == 0 and self.t is not None and self.t > 0

    def violations(self, record: ContractRecord, line: int) -> Iterator[Violation]:
        """Yield the violations of a record with respect to the earlier ones, and add it to them."""
        yield from self._tick(record)
        yield from self._clock(record)
        yield from self._order(record)
        if record.venue_age_event_ms:
            yield from self._stale_limit(record, line)
        yield from self._depth(record)

    def _tick(self, record: ContractRecord) -> Iterator[Violation]:
        if not isinstance(record.t, int):
            return
        if self.t is not None and record.t <= self.t:
            yield "t", f"t is {record.t} after {self.t}"
        self.t = record.t

    def _clock(self, record: ContractRecord) -> Iterator[Violation]:
        if not record.treasury_guidance:
            return
        now, tick = record.treasury_guidance.as_of_ms, record.treasury_guidance.as_of_tick
        if self.as_of_ms is not None and now < self.as_of_ms:
            yield "as_of", f"as_of_ms goes back by {self.as_of_ms - now} ms"
        if isinstance(tick, int) and isinstance(record.t, int) and tick != record.t:
            yield "as_of", f"as_of_tick is {tick}, t is {record.t}"
        self.as_of_ms = now

    def _order(self, record: ContractRecord) -> Iterator[Violation]:
        if not record.treasury_guidance:
            return
        venues = tuple(venue.venue_id for venue in record.treasury_guidance.venues)
        if self.venues is not None and venues != self.venues:
            yield "venue_order", f"venues are {', '.join(venues)}, before they were {', '.join(self.venues)}"
        self.venues = venues

    def _stale_limit(self, record: ContractRecord, line: int) -> Iterator[Violation]:
        """Require every age with a fresh status to be below every age with a stale one; the limit itself is unknown."""
        for index, (status, age) in enumerate(zip(record.venue_status or (), record.venue_age_ms or (), strict=False)):
            limits = self.age_limits.setdefault(index, _AgeLimits())
            if age < 0 or status == "Disabled":
                continue
            if conflict := limits.conflict(status, age):
                yield "stale_limit", f"venue {index} is {status} at {age} ms, and was {conflict}"
            else:
                limits.add(status, age, line)

    def _depth(self, record: ContractRecord) -> Iterator[Violation]:
        if not record.treasury_guidance:
            return
        now = record.treasury_guidance.as_of_ms
        depths = record.venue_depth_near_mid_usd or ()
        for index, (status, depth) in enumerate(zip(record.venue_status or (), depths, strict=False)):
            if depth != 0 or status not in ("Healthy", "Warning"):
                self.empty_since_ms.pop(index, None)
                continue
            lasted = now - self.empty_since_ms.setdefault(index, now)
            if lasted > MAX_EMPTY_BOOK_MS:
                yield "depth", f"venue {index} is {status} without depth for {lasted} ms"
