"""Sides of a picture: the run before, the run after, or a single run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.elements import Cell
from reports.format import shown
from toolkit.model.figures import Number
from toolkit.model.pictures import AgeCurve, AgeStretch, EventMark, RunPictures
from toolkit.model.runs import RunAnalysis

BEFORE, AFTER = "before", "after"
TOUCH_MS = 20
"""An age that exceeds the stale limit by no more than this touches it: the book was late by a part of a tick."""


@dataclass(frozen=True, slots=True)
class Side:
    """One run of a picture. `name` is `before` or `after`, which also selects its colours and line style.

    `is_alone` says that the picture has no other run, so that its name is not shown.
    """

    name: str
    analysis: RunAnalysis
    is_alone: bool = False

    @property
    def prefix(self) -> str:
        """Its name as the middle of a title, `before, `; empty if it is alone."""
        return "" if self.is_alone else f"{self.name}, "

    @property
    def data(self) -> RunPictures | None:
        """The data of the run's pictures; None where no record has a time, as after a blocked build."""
        return self.analysis.pictures

    @property
    def length_ms(self) -> int:
        """Time from the first to the last record."""
        return self.data.end_ms - self.data.start_ms if self.data else 0

    def curve(self, venue: str) -> AgeCurve | None:
        """Return the ages of a venue; None where none is known."""
        found = next((each for each in self.data.curves if each.venue == venue), None) if self.data else None
        return found if found and any(age is not None for age in found.ages_ms) else None

    def marks(self, venue: str) -> tuple[EventMark, ...]:
        """Return the events of a venue in order of time."""
        return tuple(each for each in self.data.marks if each.venue == venue) if self.data else ()

    def stretches(self, venue: str) -> tuple[AgeStretch, ...]:
        """Return the stretches of a venue without those before its first book."""
        return tuple(e for e in self.data.stretches if e.venue == venue and e.cls != "startup") if self.data else ()

    def outages(self, venue: str) -> tuple[AgeStretch, ...]:
        """Return the outages of a venue whose age does more than touch the stale limit."""
        curve = self.curve(venue)
        limit_ms = curve.limit_ms if curve else 0
        found = (each for each in self.stretches(venue) if each.kind == "outage")
        return tuple(each for each in found if each.peak_ms is None or each.peak_ms > limit_ms + TOUCH_MS)

    def cell(self, name: str, tick_ms: Number | None = None) -> Cell:
        """Return a figure as text; apply ages are known in steps of `tick_ms`."""
        return Cell(shown(self.analysis.figure(name), tick_ms), figure=name, side="" if self.is_alone else self.name)


def merged(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the values of both sides, or one of them where both read the same."""
    return (replace(cells[0], side=""),) if len({cell.text for cell in cells}) == 1 else tuple(cells)


def sides_of(before: RunAnalysis | None, after: RunAnalysis) -> tuple[Side, ...]:
    """Return the sides of a pair, or the one side of a single run (`before` is None)."""
    last = Side(AFTER, after, is_alone=before is None)
    return (last,) if before is None else (Side(BEFORE, before), last)


def venues_of(sides: Sequence[Side], venues: Sequence[str] | None) -> tuple[str, ...]:
    """Return the venues to draw: those asked for, or all of both runs."""
    return tuple(venues or dict.fromkeys(venue for side in sides for venue in side.analysis.run.venues))
