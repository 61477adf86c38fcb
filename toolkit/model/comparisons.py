"""The records that pass between rooms: frozen, without behaviour beyond naming themselves.

JSON of a command is these records encoded as they stand (field order is the published order).
All times are epoch milliseconds, all lines one-based, all byte offsets zero-based into the decompressed file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.model.figures import Number
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import SettingKind, Verdict


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One figure of two sides, and what may be said of the difference.

    A count of events has its hourly rate beside it, None where the observed time is not known.
    """

    figure: str
    unit: str
    before: Number | None
    after: Number | None
    delta: Number | None
    ratio: float | None
    low: float | None
    high: float | None
    p: float | None
    verdict: Verdict
    why: str
    mde: float | None
    n_before: int = 0
    n_after: int = 0
    before_per_hour: float | None = None
    after_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting of two runs: its values (None where it is not set), and what holds where it is not set."""

    name: str
    before: str | None
    after: str | None
    default: str | None
    kind: SettingKind


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two sides, figure by figure. `comparable` is true if any row is.

    `settings` are those that either run has, the ones that differ first; None where a run's files do not hold its own.
    """

    before: RunAnalysis
    after: RunAnalysis
    comparable: bool
    why_not: tuple[str, ...]
    rows: tuple[ComparisonRow, ...]
    method: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    settings: tuple[SettingRow, ...] | None = None
