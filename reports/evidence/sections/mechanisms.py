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
    """Closes of one venue with one code and reason, and their number on each side; `group` is that of one run.

    `several` says that a side has several runs, whose closes are added.
    """

    group: CloseGroup
    before: int
    after: int
    several: bool = False

    @property
    def vanished(self) -> bool:
        """Return True if the closes occur before the change and never after it."""
        return self.before > 0 == self.after

    @property
    def appeared(self) -> bool:
        """Return True if the closes occur only after the change."""
        return self.after > 0 == self.before


def mechanisms(context: Context) -> Iterator[Mechanism]:
    """Yield the mechanisms of closes that every run of one side has and no run of the other, where all ran."""
    if context.blocked:
        return
    sides = [[_groups(run.analysis) for run in side] for side in context.runs]
    for key in dict.fromkeys(key for side in sides for groups in side for key in groups):
        found = [[groups[key] for groups in side if key in groups] for side in sides]
        counts = [sum(group.count for group in groups) for groups in found]
        least = min((group for groups in found for group in groups), key=lambda group: group.regular)
        mechanism = Mechanism(least, counts[0], counts[1], context.several_runs)
        in_all = len(found[0]) == len(sides[0]) if mechanism.vanished else len(found[1]) == len(sides[1])
        if in_all and least.regular >= LEAST_CLOSES and (mechanism.vanished or mechanism.appeared):
            yield mechanism


def _groups(run: RunAnalysis) -> dict[tuple[str, int | None, str | None], CloseGroup]:
    return {(group.venue, group.code, group.reason): group for group in run.closes}


def sentence(mechanism: Mechanism) -> Rich:
    """Return the sentence on a mechanism that vanished or appeared: `Lighter's idle closes are gone (9 → 0).`"""
    group = mechanism.group
    venue = f"{group.venue[:1].upper()}{group.venue[1:]}"
    label = f"“{group.reason}” closes" if group.reason else "closes at one age"
    state = "are gone" if mechanism.vanished else "are new"
    counts = f"{mechanism.before} → {mechanism.after}{' in all runs' if mechanism.several else ''}"
    return Rich((Cell(f"{venue}'s {label} {state} ({counts}).", strong=True),))
