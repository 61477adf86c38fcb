"""What the soak report v1 of `paraphina` holds for a run, each number by that tool's own rule.

The rules are re-stated here so that its numbers can stand beside ours; none of them is used for a figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

TOOL = "ws_soak_report v1"
NO_REPORT = "no report (exit 2)"
PLATEAUS_MS = (10_000, 30_000)
PLATEAU_LEAST_RECORDS = 3


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
        """Percentile `p` (0 to 100), linear between neighbours; None of no ages.

        The order of the operations decides the last digit and is the tool's.
        """
        if not self.counts:
            return None
        position = (self.n - 1) * (p / 100.0)
        below, above = math.floor(position), math.ceil(position)
        if below == above:
            return self._at(below)
        return self._at(below) * (above - position) + self._at(above) * (position - below)

    def _at(self, rank: int) -> float:
        upto = accumulate(self.counts)
        return float(next(value for value, last in zip(self.values_ms, upto, strict=True) if rank < last))


@dataclass(frozen=True, slots=True)
class Plateau:
    """The longest run of at least three consecutive records above a limit, from its first to its last such record.

    `duration_ms` is None where one of the two has no wall clock.
    """

    duration_ms: int | None = None
    records: int = 0
    first_tick: int | None = None
    last_tick: int | None = None


@dataclass(frozen=True, slots=True)
class TelemetrySection:
    """What the report takes from `telemetry.jsonl`. Ranges are the first and the last value, in the file's order."""

    rows: int = 0
    ticks: tuple[int | None, int | None] = (None, None)
    as_of_ms: tuple[int | None, int | None] = (None, None)
    apply_ages: Mapping[str, Ages] = field(default_factory=dict)
    event_ages: Mapping[str, Ages] = field(default_factory=dict)
    plateaus: Mapping[tuple[str, int], Plateau] = field(default_factory=dict)

    @property
    def venues(self) -> list[str]:
        """The venues in the report's tables: those with a known age, in the alphabet's order."""
        return sorted({*self.apply_ages, *self.event_ages})


Reconnect = tuple[str, str]
"""A venue and the report's word for a reason."""


@dataclass(frozen=True, slots=True)
class LogSection:
    """What the report takes from `run.log`: largest audit and publisher counts, lines with a signature."""

    audit: Mapping[Reconnect, int] = field(default_factory=dict)
    signature: Mapping[Reconnect, int] = field(default_factory=dict)
    publisher: Mapping[str, int] = field(default_factory=dict)

    @property
    def reconnects(self) -> list[Reconnect]:
        """The rows of the report's table of reconnects, in its order."""
        return sorted({*self.audit, *self.signature})

    def combined(self, key: Reconnect) -> int:
        """The count that the gate judges: the larger of the two, so that what both count is not added up."""
        return max(self.audit.get(key, 0), self.signature.get(key, 0))


@dataclass(frozen=True, slots=True)
class CapHitSection:
    """What the report takes from `market_rx_stats.log`, reading a count per tick as if it were cumulative."""

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
    """The report of one run. `caps` is None without a `market_rx_stats.log`; `connectors` is what the gate asks for."""

    telemetry: TelemetrySection = TelemetrySection()
    log: LogSection = LogSection()
    caps: CapHitSection | None = None
    connectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingReport:
    """The tool ended with exit code 2 and printed no report; `why` is a clause that says what stopped it."""

    why: str
