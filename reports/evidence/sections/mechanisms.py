"""Closes that recur at one age with one reason: a mechanism, which a change removes or brings, not a random event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.elements import Cell, Rich
from reports.evidence.context import Context
from toolkit.model.closes import CloseGroup
from toolkit.model.runs import RunAnalysis

LEAST_CLOSES = 3
"""Least number of closes at one age that count as a mechanism."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Closes of one venue with one code and reason, and their number in each run; `group` is the larger one."""

    group: CloseGroup
    before: int
    after: int

    @property
    def vanished(self) -> bool:
        """Return True if the closes occur before the change and never after it."""
        return self.before > 0 == self.after

    @property
    def appeared(self) -> bool:
        """Return True if the closes occur only after the change."""
        return self.after > 0 == self.before


def mechanisms(context: Context) -> Iterator[Mechanism]:
    """Yield the mechanisms of closes that one run has and the other has not, where both ran."""
    if context.blocked:
        return
    before, after = (_groups(run.analysis) for run in context.sides)
    for key in dict.fromkeys([*before, *after]):
        groups = [side[key] for side in (before, after) if key in side]
        largest = max(groups, key=lambda group: group.count)
        counts = [side[key].count if key in side else 0 for side in (before, after)]
        found = Mechanism(largest, counts[0], counts[1])
        if largest.regular >= LEAST_CLOSES and (found.vanished or found.appeared):
            yield found


def _groups(run: RunAnalysis) -> dict[tuple[str, int | None, str | None], CloseGroup]:
    return {(group.venue, group.code, group.reason): group for group in run.closes}


def sentence(mechanism: Mechanism) -> Rich:
    """Return the sentence on a mechanism that vanished or appeared: `Lighter's idle closes are gone (9 → 0).`"""
    group = mechanism.group
    venue = f"{group.venue[:1].upper()}{group.venue[1:]}"
    label = f"“{group.reason}” closes" if group.reason else "closes at one age"
    state = "are gone" if mechanism.vanished else "are new"
    return Rich((Cell(f"{venue}'s {label} {state} ({mechanism.before} → {mechanism.after}).", strong=True),))
