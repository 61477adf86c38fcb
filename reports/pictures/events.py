"""Events of the pictures: where each is drawn, its name in a page, its text, and the table of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.elements import Cell, CitedLine, Column, Rich, Table
from reports.pictures.reasons import Reason, reason_of
from reports.pictures.scales import time_text
from reports.pictures.sides import Side, sides_of, venues_of
from toolkit.model.pictures import AgeStretch, EventMark
from toolkit.model.runs import RunAnalysis

WIDE_MS = 2_000
"""An error of this size or more is drawn as a range."""
MAX_ROWS = 1_000
"""Events that the table lists; the rest is counted."""
MAX_LINES = 6
"""Lines of an event that its text names; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it is drawn. Times are milliseconds since the start of the run, None where they are not known.

    `anchor` names its row of the event table. `is_wide` says that only the range of its time is known.
    """

    mark: EventMark
    reason: Reason
    side: Side
    anchor: str
    low_ms: float | None
    high_ms: float | None
    is_wide: bool = False

    @property
    def at_ms(self) -> float | None:
        """The middle of its range."""
        return None if self.low_ms is None or self.high_ms is None else (self.low_ms + self.high_ms) / 2

    @property
    def when(self) -> str:
        """Time as text: `78.2 s ± 0.6 s`, `between 428 s and 439 s`, or that it is not known."""
        if self.low_ms is None or self.high_ms is None or self.at_ms is None:
            return "time not known"
        if self.is_wide:
            return f"between {time_text(self.low_ms, False)} and {time_text(self.high_ms, False)}"
        return f"{time_text(self.at_ms)} ±\u00a0{max(0.1, (self.high_ms - self.low_ms) / 2_000):.1f}\u00a0s"

    @property
    def lines(self) -> Rich:
        """Its lines."""
        return cited(self.mark.lines, "" if self.side.is_alone else self.side.name)

    @property
    def title(self) -> str:
        """Text of its mark: venue, run, time, kind, reason and lines."""
        return f"{self.mark.venue}, {self.side.prefix}{self.when}: {self.what}; {self.lines}"

    @property
    def what(self) -> str:
        """Kind and reason as text."""
        return f"reconnect, {self.reason.words}" if self.mark.kind == "reconnect" else self.reason.words


def cited(lines: Sequence[tuple[str, int]], side: str = "") -> Rich:
    """Return line references grouped by file: `run.log 66, 70`."""
    parts: list[str | CitedLine] = []
    last = None
    for file, line in lines[:MAX_LINES]:
        if file != last:
            parts.append(f"; {file} " if parts else f"{file} ")
        else:
            parts.append(", ")
        parts.append(CitedLine(file, line, side))
        last = file
    more = [f" and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return Rich((*parts, *more))


def events_of(side: Side, venue: str | None = None) -> Iterator[Event]:
    """Yield the events of a side in order of time: of one venue, or all."""
    if side.data is None:
        return
    for number, mark in enumerate(side.data.marks, 1):
        if venue is None or mark.venue == venue:
            low_ms, high_ms = _narrowed(side, mark)
            is_wide = low_ms is not None and mark.high_ms is not None and _width(mark) >= 2 * WIDE_MS
            yield Event(mark, reason_of(mark), side, f"event-{side.name}-{number}", low_ms, high_ms, is_wide)


def _width(mark: EventMark) -> int:
    return 0 if mark.low_ms is None or mark.high_ms is None else mark.high_ms - mark.low_ms


def _narrowed(side: Side, mark: EventMark) -> tuple[float | None, float | None]:
    """Return the range of an event; a wide one is cut to the one stretch without a book that it overlaps."""
    assert side.data is not None
    if mark.low_ms is None or mark.high_ms is None:
        return None, None
    low, high = mark.low_ms - side.data.start_ms, mark.high_ms - side.data.start_ms
    if _width(mark) >= 2 * WIDE_MS:
        curve = side.curve(mark.venue)
        limit_ms = curve.limit_ms if curve else 0
        gaps = [
            _gap(each, limit_ms, side.data.start_ms) for each in side.stretches(mark.venue) if each.kind == "outage"
        ]
        overlapped = [(max(low, first), min(high, last)) for first, last in gaps if first < high and last > low]
        if len(overlapped) == 1:
            low, high = overlapped[0]
    return min(max(low, 0), side.length_ms), min(max(high, 0), side.length_ms)


def _gap(stretch: AgeStretch, limit_ms: int, start_ms: int) -> tuple[int, int]:
    """Return the stretch without a book: an outage begins when the last book is as old as the limit."""
    return stretch.from_ms - limit_ms - start_ms, stretch.to_ms - start_ms


def event_table(before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None) -> Table:
    """Return the table of all events of the pictures. The first cell of a row has the name that marks link to."""
    sides = sides_of(before, after)
    names = venues_of(sides, venues)
    events = [event for venue in names for side in sides for event in events_of(side, venue)]
    columns = [Column("venue"), Column("time"), Column("event"), Column("lines")]
    if len(sides) > 1:
        columns.insert(1, Column("run"))
    rows = [_row(event, len(sides) > 1) for event in events[:MAX_ROWS]]
    if len(events) > MAX_ROWS:
        rest = f"and {len(events) - MAX_ROWS} more: the JSON of the run lists all episodes"
        rows.append((*(Cell("") for _ in columns[:-2]), Cell(rest), Cell("")))
    return Table(tuple(columns), tuple(rows))


def _row(event: Event, with_side: bool) -> tuple[Cell | Rich, ...]:
    side = (Cell(event.side.name),) if with_side else ()
    return Cell(event.mark.venue, id=event.anchor), *side, Cell(event.when), Cell(event.what), event.lines
