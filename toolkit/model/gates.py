"""The records that pass between rooms: frozen, without behaviour beyond naming themselves.

JSON of a command is these records encoded as they stand (field order is the published order).
All times are epoch milliseconds, all lines one-based, all byte offsets zero-based into the decompressed file.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.figures import Number
from toolkit.model.vocabulary import GateVerdict


@dataclass(frozen=True, slots=True)
class GateRule:
    """One limit as a gate file states it; exactly one of the limits is set, durations already in the figure's unit."""

    figure: str
    max: Number | None = None
    min: Number | None = None
    max_ratio_to_baseline: float | None = None
    max_delta_to_baseline: Number | None = None
    min_n: int = 0
    per_10_min: bool = False
    venues: tuple[str, ...] | None = None
    on_null: str = "inconclusive"
    why: str | None = None


@dataclass(frozen=True, slots=True)
class GateRow:
    """One rule applied to one figure of a run; `margin` is the distance to the limit, positive on the good side."""

    rule: str
    figure: str
    value: Number | None
    limit: Number | None
    verdict: GateVerdict
    margin: Number | None
    why: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict of a gate, with every rule beside its value."""

    gate: str
    verdict: GateVerdict
    why: str
    rules: tuple[GateRow, ...]
