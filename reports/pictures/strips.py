"""Picture of the ages over time: one strip per venue, the run before above the run after, on one scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reports.elements import NO_PLACES, Cell, Safe
from reports.format import NOTHING
from reports.pages import render_template
from reports.pictures.events import WIDE_MS, Event, events_of
from reports.pictures.legend import LegendEntry, marks
from reports.pictures.mark_layout import Mark, placed_marks
from reports.pictures.scales import AgeScale, age_text, short, time_labels, time_text
from reports.pictures.sides import TOUCH_MS, Side, merged, sides_of, venues_of
from toolkit.model.pictures import AgeCurve, AgeStretch
from toolkit.model.runs import RunAnalysis

HEIGHT = 38
"""Height of a strip in px."""
GAP = 5
"""Distance of the strips of one venue in px."""
_FULL = 36
"""Height of the largest age in px: its line is not cut."""
MAX_BANDS = 60
"""Outages of a strip that have a hatched band and a title each."""
_HALF_LABEL = 6
_LABEL_GAP = 14
"""Least distance in px of the labels of the top and of the stale limit."""


@dataclass(frozen=True, slots=True)
class Band:
    """Shaded stretch: position and width in percent of the strip, its kind, and its text."""

    x: str
    width: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Ages of a venue in one run. `width` is the run's share of the longer one, in percent; `path` is in `steps`.

    `crowded` is the path of the outages where they are too many for bands of their own. `labels` are the tops of the
    labels of the age axis in px, and their texts.
    """

    side: str
    width: str
    steps: str
    path: str
    limit_y: str
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    crowded: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class VenueStrips:
    """Strips of one venue. `counts` are a title and its value on each side."""

    venue: str
    strips: tuple[Strip, ...]
    counts: tuple[tuple[str, tuple[Cell, ...]], ...]
    summary: str


@dataclass(frozen=True, slots=True)
class StripPicture:
    """The whole picture. `axis` has the labels of the time axis and their places in percent."""

    title: ClassVar[str] = "Age of the book over time."

    venues: tuple[VenueStrips, ...]
    sides: tuple[str, ...]
    legend: tuple[LegendEntry, ...]
    axis: tuple[tuple[str, str], ...]
    axis_unit: str
    note: str
    lead: str

    height: int = HEIGHT
    gap: int = GAP

    @property
    def row_height(self) -> int:
        """Height of a venue's strips in px."""
        return len(self.sides) * (HEIGHT + GAP) - GAP


def age_strips(
    before: RunAnalysis | None,
    after: RunAnalysis,
    venues: Sequence[str] | None = None,
    defined: Mapping[str, str] = NO_PLACES,
    number: int = 1,
) -> Safe:
    """Return the picture of the ages over time as a `<figure>`; an empty string where no run has an age.

    `before` is None for a page of one run. `venues` selects the venues and their order; figures in `defined` link to
    their definitions on the page. The analyses must have been made with the option `pictures`. `number` is that of the
    picture on its page: marks link to the table of events in the first one only.
    """
    picture = strip_picture(before, after, venues)
    if picture is None:
        return Safe()
    return Safe(render_template("age_strips.html.j2", picture=picture, defined=defined, number=number))


def strip_picture(
    before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None
) -> StripPicture | None:
    """Return the picture's content; None where no run has an age."""
    sides = sides_of(before, after)
    names = venues_of(sides, venues)
    curves = [curve for side in sides for venue in names if (curve := side.curve(venue))]
    if not curves:
        return None
    scale = age_scale(sides, curves)
    length_ms = max(max(side.length_ms for side in sides), 1)
    rows = tuple(_venue_strips(sides, venue, scale, length_ms) for venue in names)
    events = [event for side in sides for event in events_of(side) if event.mark.venue in names]
    labels, unit = time_labels(length_ms)
    step_ms = max(side.data.step_ms for side in sides if side.data)
    step = "second" if step_ms == 1_000 else time_text(step_ms, False)
    return StripPicture(
        venues=rows,
        sides=tuple(side.name for side in sides),
        legend=tuple(_legend(rows, events)),
        axis=tuple((short(100 * share), text) for share, text in labels),
        axis_unit=unit,
        note=_note(scale, curves, events),
        lead=f"Largest age in each {step}; one logarithmic scale for all strips.",
    )


def _legend(rows: Sequence[VenueStrips], events: Sequence[Event]) -> Iterator[LegendEntry]:
    strips = [strip for row in rows for strip in row.strips]
    kinds = {band.kind for strip in strips for band in strip.bands}
    yield LegendEntry("limit", "stale limit")
    if "outage" in kinds or any(strip.crowded for strip in strips):
        yield LegendEntry("outage", "outage")
    if "masked" in kinds:
        yield LegendEntry("masked", "only books fetched over REST")
    yield from marks(sorted({event.reason for event in events if event.at_ms is not None}))
    if any(mark.low is not None for strip in strips for mark in strip.marks):
        yield LegendEntry("range", "time known only within")


def _note(scale: AgeScale, curves: Sequence[AgeCurve], events: Sequence[Event]) -> str:
    sentences = [
        f"Height: log(1 + age / {age_text(scale.tick_ms)}), full height {age_text(scale.top_ms)}, so that one tick and"
        " a long outage both show.",
        f"Outage: the age is more than {TOUCH_MS}\u00a0ms above the venue’s stale limit ({_limits_text(curves)}).",
        "The time before the first book is left out.",
    ]
    if any(event.is_wide for event in events):
        sentences.append(
            f"Log lines have no time of their own: a mark whose time is known within {WIDE_MS // 1_000}\u00a0s or worse"
            " has its range drawn, and stands in the one stretch without a book that the range overlaps."
        )
    if without_time := sum(event.at_ms is None for event in events):
        sentences.append(f"Events without any known time, only in the table: {without_time}.")
    return " ".join(sentences)


def age_scale(sides: Sequence[Side], curves: Sequence[AgeCurve]) -> AgeScale:
    """Return the one scale of all strips."""
    ages = [age for curve in curves for age in (curve.limit_ms, *curve.ages_ms) if age is not None]
    return AgeScale.of(max(side.data.tick_ms for side in sides if side.data), ages)


def _limits_text(curves: Sequence[AgeCurve]) -> str:
    """Return the stale limits, the most common one first: `1 s, hyperliquid 2 s, paradex 3 s`."""
    limits = {curve.venue: curve.limit_ms for curve in curves}
    common = max(set(limits.values()), key=lambda limit: (list(limits.values()).count(limit), -limit))
    others = (f"{venue} {age_text(limit)}" for venue, limit in limits.items() if limit != common)
    return ", ".join((age_text(common), *others))


def _venue_strips(sides: Sequence[Side], venue: str, scale: AgeScale, length_ms: int) -> VenueStrips:
    strips = tuple(_strip(side, venue, scale, length_ms) for side in sides)
    reconnects = f"{venue}.reconnects"
    ended = [side.cell(reconnects) for side in sides]
    outages = [Cell(str(len(side.outages(venue))) if side.curve(venue) else NOTHING) for side in sides]
    names = ["this run"] if sides[0].is_alone else [side.name for side in sides]
    triples = zip(names, ended, outages, strict=True)
    summary = [f"{name}: reconnects {first.text}, outages {second.text}" for name, first, second in triples]
    counts = (("reconnects", merged(ended)), ("outages", merged(outages)))
    return VenueStrips(venue, strips, counts, "; ".join(summary))


def _strip(side: Side, venue: str, scale: AgeScale, length_ms: int) -> Strip:
    curve = side.curve(venue)
    if curve is None or side.data is None:
        why = "no data of this run" if side.data is None else "no age of this venue"
        return Strip(side.name, "100", "1", "", "0", (), (), missing=why)
    own_ms = max(side.length_ms, 1)
    step_ms = side.data.step_ms
    bands = tuple(_bands(side, venue, own_ms))
    return Strip(
        side=side.name,
        width=short(100 * own_ms / length_ms),
        steps=short(own_ms / step_ms, 3),
        path=_path(curve, scale),
        limit_y=short(_y(scale, curve.limit_ms), 1),
        bands=bands,
        crowded=_crowded_path(side, venue) if len(side.outages(venue)) > MAX_BANDS else "",
        marks=tuple(placed_marks(events_of(side, venue), own_ms, length_ms)),
        labels=tuple(_labels(scale, curve.limit_ms)),
    )


def _labels(scale: AgeScale, limit_ms: int) -> Iterator[tuple[str, str]]:
    y = _y(scale, limit_ms)
    if y >= _LABEL_GAP:
        yield "0", age_text(scale.top_ms)
    yield short(max(0.0, y - _HALF_LABEL), 1), age_text(limit_ms)


def _y(scale: AgeScale, age_ms: float) -> float:
    return HEIGHT - _FULL * scale.height(age_ms)


def _path(curve: AgeCurve, scale: AgeScale) -> Safe:
    """Return the outline of the ages as an SVG path, a step per unit; steps without a known age are left out."""
    commands: list[str] = []
    last: int | None = None
    start, level = 0, HEIGHT
    for number, age in enumerate((*curve.ages_ms, None)):
        y = None if age is None else round(_y(scale, age))
        if y == last:
            continue
        if last is not None:
            commands.append(f"h{number - start}")
        if last is None:
            commands.append(f"M{number} {HEIGHT}")
            level = HEIGHT
        target = HEIGHT if y is None else y
        if target != level:
            commands.append(f"V{target}")
        start, last, level = number, y, target
    return Safe("".join(commands))


def _bands(side: Side, venue: str, own_ms: int) -> Iterator[Band]:
    assert side.data is not None
    outages = side.outages(venue)
    masked = [each for each in side.stretches(venue) if each.kind == "masked"]
    for stretch in (*(outages if len(outages) <= MAX_BANDS else ()), *masked):
        first, last = stretch.from_ms - side.data.start_ms, stretch.to_ms - side.data.start_ms
        x, width = short(100 * first / own_ms), short(100 * (last - first) / own_ms)
        yield Band(x, width, stretch.kind, _band_title(side, stretch, first, last))


def _crowded_path(side: Side, venue: str) -> Safe:
    """Return all outages of a venue as one path, in steps."""
    assert side.data is not None
    start_ms, step_ms = side.data.start_ms, side.data.step_ms
    return Safe(
        "".join(
            f"M{short((each.from_ms - start_ms) / step_ms)} 0h{short((each.to_ms - each.from_ms) / step_ms)}V{HEIGHT}"
            f"h{short((each.from_ms - each.to_ms) / step_ms)}Z"
            for each in side.outages(venue)
        )
    )


def _band_title(side: Side, stretch: AgeStretch, first_ms: float, last_ms: float) -> str:
    length = time_text(last_ms - first_ms)
    peak = f", largest age {age_text(stretch.peak_ms)}" if stretch.peak_ms is not None else ""
    text = f"outage of {length}" if stretch.kind == "outage" else f"only books fetched over REST for {length}"
    return f"{stretch.venue}, {side.prefix}{text} from {time_text(first_ms)}{peak}"
