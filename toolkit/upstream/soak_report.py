"""Contents of the soak report v1 of `paraphina`, each number by that tool's own rule.

The rules are implemented here so that its numbers can be compared with ours. No figure uses them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

TOOL = "ws_soak_report v1"
NO_REPORT = "no report (exit 2)"
PLATEAUS_MS = (10_000, 30_000)
PLATEAU_MIN_RECORDS = 3


@dataclass(frozen=True, slots=True)
class Ages:
    """The known ages (ms, 0 or more) of one venue: ascending values and how many records had each."""

    values_ms: Sequence[float] = ()
    counts: Sequence[int] = ()

    @property
    def n(self) -> int:
        """Records with a known age."""
        return sum(self.counts)

    def percentile(self, p: float) -> float | None:
        """Return percentile `p` (0 to 100) in ms, linear between neighbours; None without ages.

        The order of the operations is the tool's, because it decides the last digit.
        """
        if not self.counts:
            return None
        position = (self.n - 1) * (p / 100.0)
        below, above = math.floor(position), math.ceil(position)
        if below == above:
            return self._at(below)
        return self._at(below) * (above - position) + self._at(above) * (position - below)

    def _at(self, rank: int) -> float:
        cumulative = accumulate(self.counts)
        return float(next(value for value, last in zip(self.values_ms, cumulative, strict=True) if rank < last))


@dataclass(frozen=True, slots=True)
class Plateau:
    """Longest stretch of at least three consecutive records above a limit, from its first to its last record.

    `duration_ms` is None if the first or the last record has no wall clock.
    """

    duration_ms: int | None = None
    records: int = 0
    first_tick: int | None = None
    last_tick: int | None = None


@dataclass(frozen=True, slots=True)
class TelemetrySection:
    """Section of the report from `telemetry.jsonl`. Ranges are the first and the last value in file order."""

    rows: int = 0
    ticks: tuple[int | None, int | None] = (None, None)
    as_of_ms: tuple[int | None, int | None] = (None, None)
    apply_ages: Mapping[str, Ages] = field(default_factory=dict)
    event_ages: Mapping[str, Ages] = field(default_factory=dict)
    plateaus: Mapping[tuple[str, int], Plateau] = field(default_factory=dict)

    @property
    def venues(self) -> list[str]:
        """Venues in the report's tables: those with a known age, in alphabetical order."""
        return sorted({*self.apply_ages, *self.event_ages})


Reconnect = tuple[str, str]
"""A venue and the report's name of a reason."""


@dataclass(frozen=True, slots=True)
class LogSection:
    """Section of the report from `run.log`: largest audit and publisher counts, and counts of signature lines."""

    audit: Mapping[Reconnect, int] = field(default_factory=dict)
    signature: Mapping[Reconnect, int] = field(default_factory=dict)
    publisher: Mapping[str, int] = field(default_factory=dict)

    @property
    def reconnects(self) -> list[Reconnect]:
        """Rows of the report's table of reconnects, in its order."""
        return sorted({*self.audit, *self.signature})

    def combined(self, key: Reconnect) -> int:
        """Return the count that the gate checks: the larger of the two, as both may count the same event."""
        return max(self.audit.get(key, 0), self.signature.get(key, 0))


@dataclass(frozen=True, slots=True)
class CapHitSection:
    """Section of the report from `market_rx_stats.log`. The tool reads the count per tick as if it were cumulative."""

    lines: int = 0
    ticks: tuple[int | None, int | None] = (None, None)
    last: int | None = None
    most: int = 0
    total: int = 0
    burst: int = 0
    burst_ticks: tuple[int | None, int | None] = (None, None)
    resets: int = 0


@dataclass(frozen=True, slots=True)
class SoakReport:
    """Report of one run. `caps` is None without a `market_rx_stats.log`; the gate expects data of the `connectors`."""

    telemetry: TelemetrySection = TelemetrySection()
    log: LogSection = LogSection()
    caps: CapHitSection | None = None
    connectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingReport:
    """Result of a tool that exits with code 2 and prints no report. `why` is a clause that says what stops it."""

    why: str
