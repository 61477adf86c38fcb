"""Picture of the reconnects by reason: a box for each with the letters of its venue, or bars where there are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reports.elements import Safe
from reports.format import UNKNOWN
from reports.pages import render_template
from reports.pictures.events import Event, events_of
from reports.pictures.legend import LegendEntry
from reports.pictures.reasons import Reason
from reports.pictures.scales import short
from reports.pictures.sides import Side, sides_of, venues_of
from toolkit.model.runs import RunAnalysis

MAX_BOXES = 60
"""Count above which all rows become bars in proportion: boxes could not be told apart."""
_BOXES_A_LINE = 14
_BOX_SHARE = 6.6
"""Width of a box and its gap in percent: two letters of 11 px on a phone; the rest is for the count."""
_GAP_SHARE = 0.6
LINE_HEIGHT = 18
"""Height of a line of boxes in px, with the gap below it."""
_BAR_SHARE = _BOXES_A_LINE * _BOX_SHARE
_LETTERS_SHARE = 3.0
"""Least width of a part of a bar that has letters."""


@dataclass(frozen=True, slots=True)
class Box:
    """One reconnect, or those of one venue as a part of a bar. `x` and `width` are percent, `y` is px."""

    x: str
    width: str
    y: int
    middle: str
    letters: str
    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Reconnects of one side and reason. `count` is the number as text, at `count_x` percent and `count_y` px."""

    side: str
    y: int
    lines: int
    boxes: tuple[Box, ...]
    count: str
    count_x: str
    count_y: int


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Bars of one reason, and its height in px. `is_same` says that each venue has as many before and after."""

    reason: Reason
    bars: tuple[Bar, ...]
    height: int
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class ReasonPicture:
    """The whole picture. `note` says where a run's figures count more reconnects than its lines place."""

    title: ClassVar[str] = "Reconnects by what ended the socket before."

    rows: tuple[ReasonRow, ...]
    legend: tuple[LegendEntry, ...]
    lead: str
    note: str

    line_height: int = LINE_HEIGHT


def reason_bars(before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None) -> Safe:
    """Return the reconnects by what ended the socket before, as a `<figure>`; an empty string where no log tells.

    `before` is None for a page of one run. The analyses must have been made with the option `pictures`.
    """
    picture = reason_picture(before, after, venues)
    return Safe(render_template("reason_bars.html.j2", picture=picture)) if picture else Safe()


def reason_picture(
    before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None
) -> ReasonPicture | None:
    """Return the picture's content; None where no run has a reconnect with a reason."""
    sides = sides_of(before, after)
    names = venues_of(sides, venues)
    events = {side.name: [each for name in names for each in _reconnects(side, name)] for side in sides}
    reasons = _ordered(events)
    if not reasons:
        return None
    letters = _letters([name for name in names if any(e.mark.venue == name for each in events.values() for e in each)])
    most = max(_count(found, reason) for reason in reasons for found in events.values())
    notes = [note for side in sides if (note := _note(side, names, events[side.name]))]
    return ReasonPicture(
        rows=tuple(_row(sides, reason, events, letters, most) for reason in reasons),
        legend=(
            *(LegendEntry("box", side.name, side=side.name) for side in sides if not side.is_alone),
            *(LegendEntry("name", venue, name=short_name) for venue, short_name in letters.items()),
        ),
        lead=_lead(sides, events, most),
        note=" ".join(notes),
    )


def _lead(sides: Sequence[Side], events: Mapping[str, Sequence[Event]], most: int) -> str:
    totals = (f"{_total(side, events[side.name])}{' in all' if side.is_alone else f' {side.name}'}" for side in sides)
    unit = "Bars in proportion, a part for each venue" if most > MAX_BOXES else "One box is one reconnect"
    return f"{', '.join(totals)}. {unit}; its letters name the venue."


def _ordered(events: Mapping[str, Sequence[Event]]) -> list[Reason]:
    """Return the reasons of both sides: those whose counts differ most first, then the most frequent."""
    counts = {event.reason: [0] * len(events) for found in events.values() for event in found}
    for reason, numbers in counts.items():
        numbers[:] = [_count(found, reason) for found in events.values()]
    differ = {each for each in counts if len({_by_venue(found, each) for found in events.values()}) > 1}
    return sorted(
        counts,
        key=lambda each: (
            each not in differ, -abs(counts[each][0] - counts[each][-1]), -max(counts[each]), each,
        ),
    )  # fmt: skip


def _by_venue(events: Sequence[Event], reason: Reason) -> frozenset[tuple[str, int]]:
    """Return the number of reconnects of each venue for a reason."""
    return frozenset(Counter(each.mark.venue for each in events if each.reason == reason).items())


def _count(events: Sequence[Event], reason: Reason) -> int:
    return sum(event.reason == reason for event in events)


def _reconnects(side: Side, venue: str) -> Iterator[Event]:
    return (event for event in events_of(side, venue) if event.mark.kind == "reconnect")


def _total(side: Side, events: Sequence[Event]) -> str:
    return str(len(events)) if side.data else UNKNOWN


def _note(side: Side, venues: Sequence[str], events: Sequence[Event]) -> str:
    """Return what the run's figures count beyond the events that lines place; empty where both agree."""
    figures = [side.analysis.figure(f"{venue}.reconnects") for venue in venues]
    run = "The run" if side.is_alone else f"The run {side.name}"
    if not side.data or any(figure is None or figure.value is None for figure in figures):
        return f"{run} does not tell the reconnects of every venue."
    counted = round(sum(figure.value or 0 for figure in figures if figure))
    return "" if counted == len(events) else f"{run} has {counted} reconnects, of which lines place {len(events)}."


def _letters(venues: Sequence[str]) -> dict[str, str]:
    """Return the shortest beginning of each venue's name, at least two letters, that no other name has."""
    letters = {}
    for venue in venues:
        others = [each for each in venues if each != venue]
        lengths = range(2, len(venue) + 1)
        length = next((n for n in lengths if not any(o.startswith(venue[:n]) for o in others)), len(venue))
        letters[venue] = venue[:length].capitalize()
    return letters


def _row(
    sides: Sequence[Side], reason: Reason, events: Mapping[str, Sequence[Event]], letters: dict[str, str], most: int
) -> ReasonRow:
    bars: list[Bar] = []
    y = 0
    for side in sides:
        found = [event for event in events[side.name] if event.reason == reason]
        bar = _bar(side, found, letters, most, y)
        bars.append(bar)
        y += bar.lines * LINE_HEIGHT
    by_venue = {_by_venue(events[side.name], reason) for side in sides}
    return ReasonRow(reason, tuple(bars), y, len(sides) > 1 and len(by_venue) == 1)


def _bar(side: Side, events: Sequence[Event], letters: dict[str, str], most: int, y: int) -> Bar:
    boxes = tuple(_parts(events, letters, most) if most > MAX_BOXES else _boxes(events, letters))
    lines = max((box.y // LINE_HEIGHT + 1 for box in boxes), default=1)
    end = float(boxes[-1].x) + float(boxes[-1].width) if boxes else 0.0
    count = _total(side, events)
    return Bar(side.name, y, lines, boxes, count, short(end), (lines - 1) * LINE_HEIGHT + 12)


def _boxes(events: Sequence[Event], letters: dict[str, str]) -> Iterator[Box]:
    for number, event in enumerate(events):
        line, place = divmod(number, _BOXES_A_LINE)
        x, width = place * _BOX_SHARE, _BOX_SHARE - _GAP_SHARE
        yield _box(
            x, width, line * LINE_HEIGHT, letters[event.mark.venue], f"{event.when}; {event.lines}", event.anchor
        )


def _parts(events: Sequence[Event], letters: dict[str, str], most: int) -> Iterator[Box]:
    """Yield the parts of a bar, one for each venue. `most` reconnects have the full width."""
    x = 0.0
    for venue, count in Counter(event.mark.venue for event in events).items():
        width = _BAR_SHARE * count / most
        first = next(event for event in events if event.mark.venue == venue)
        title = f"{venue}, {first.side.prefix}{count} reconnects: {first.reason.words}"
        yield _box(x, width, 0, letters[venue] if width >= _LETTERS_SHARE else "", title, first.anchor)
        x += width


def _box(x: float, width: float, y: int, letters: str, title: str, anchor: str) -> Box:
    return Box(short(x), short(width), y, short(x + width / 2), letters, title, anchor)
