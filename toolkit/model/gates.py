"""Records of a gate: its rules, one row per rule and figure, and the verdict.

The JSON of `toolkit gate` is these records; the order of the fields is the published order.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.figures import Number
from toolkit.model.vocabulary import GateVerdict


@dataclass(frozen=True, slots=True)
class GateRule:
    """One rule of a gate file. Exactly one limit is set; all but the ratio are in the unit of the figure.

    `figure` is a pattern; `min_n` is the number of samples below which the rule is inconclusive. `per_10_min` scales
    the value to ten minutes. `venues` restricts the rule; `on_null` is the verdict for a figure without a value.
    """

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
    """One rule applied to one figure of a run.

    `margin` is the distance to the limit in the figure's unit, positive where the limit is kept.
    """

    rule: str
    figure: str
    value: Number | None
    limit: Number | None
    verdict: GateVerdict
    margin: Number | None
    why: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """Verdict of a gate, and one row per rule and figure."""

    gate: str
    verdict: GateVerdict
    why: str
    rules: tuple[GateRow, ...]
