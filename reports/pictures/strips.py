"""Picture of the ages over time: one strip per venue, the run before above the run after, on one scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.elements import Safe
from reports.format import NOTHING
from reports.pages import render_template
from reports.pictures.events import Event, events_of
from reports.pictures.reasons import Reason
from reports.pictures.scales import AgeScale, age_text, short, time_labels, time_text
from reports.pictures.sides import Side, sides_of, venues_of
from toolkit.model.pictures import AgeCurve, Stretch
from toolkit.model.runs import RunAnalysis

HEIGHT = 38
"""Height of a strip in px."""
GAP = 5
"""Distance of the strips of one venue in px."""
_FULL = 36
"""Height of the largest age in px: its line is not cut."""
_ROWS_Y = (7, 19, 31)
"""Heights of the marks in px. A mark that would cover another is drawn one row lower."""
_MARK_SHARE = 0.044
"""Width of a mark as a share of the narrowest strip: 11 of 250 px on a phone."""
_LABEL_GAP = 12


@dataclass(frozen=True, slots=True)
class Band:
    """Shaded stretch: position and width in percent of the strip, its kind, and its text."""

    x: str
    width: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Mark of one event, or of several that would cover each other. `x` is in percent, `y` in px.

    `low` and `high` are the range of its time in percent, None where the time is known well enough.
    """

    x: str
    y: int
    reason: Reason
    title: str
    anchor: str
    count: int = 1
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """Ages of a venue in one run. `width` is the run's share of the longer one, in percent; `path` is in steps."""

    side: str
    width: str
    steps: int
    path: str
    limit_y: str
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class VenueStrips:
    """Strips of one venue. `counts` are a title, its figure, and its value on each side."""

    venue: str
    strips: tuple[Strip, ...]
    labels: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str, tuple[str, ...]], ...]
    summary: str


@dataclass(frozen=True, slots=True)
class StripPicture:
    """The whole picture: strips, legend and time axis."""

    venues: tuple[VenueStrips, ...]
    sides: tuple[str, ...]
    reasons: tuple[Reason, ...]
    axis: tuple[tuple[str, str], ...]
    axis_unit: str
    step: str
    tick: str
    top: str
    limits: str
    bands: frozenset[str]
    has_ranges: bool
    without_time: int

    height: int = HEIGHT
    gap: int = GAP

    @property
    def row_height(self) -> int:
        """Height of a venue's strips in px."""
        return len(self.sides) * (HEIGHT + GAP) - GAP


def age_strips(before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None) -> Safe:
    """Return the picture of the ages over time as a `<figure>`; an empty string where no run has an age.

    `before` is None for a page of one run. `venues` selects the venues and their order. The analyses must have been
    made with the option `pictures`.
    """
    picture = strip_picture(before, after, venues)
    return Safe(render_template("age_strips.html.j2", picture=picture)) if picture else Safe()


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
    marks = [mark for row in rows for strip in row.strips for mark in strip.marks]
    events = [event for side in sides for event in events_of(side) if event.mark.venue in names]
    labels, unit = time_labels(length_ms)
    step_ms = max(side.data.step_ms for side in sides if side.data)
    return StripPicture(
        venues=rows,
        sides=tuple(side.name for side in sides),
        reasons=tuple(sorted({event.reason for event in events if event.at_ms is not None})),
        axis=tuple((short(100 * share), text) for share, text in labels),
        axis_unit=unit,
        step="second" if step_ms == 1_000 else time_text(step_ms, False),
        tick=age_text(scale.tick_ms),
        top=age_text(scale.top_ms),
        limits=_limits_text(curves),
        bands=frozenset(band.kind for row in rows for strip in row.strips for band in strip.bands),
        has_ranges=any(mark.low is not None for mark in marks),
        without_time=sum(event.at_ms is None for event in events),
    )


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
    limit_ms = next((curve.limit_ms for side in sides if (curve := side.curve(venue))), None)
    labels = [(0.0, age_text(scale.top_ms))]
    if limit_ms is not None:
        y = _y(scale, limit_ms)
        labels = [label for label in labels if y - label[0] >= _LABEL_GAP] + [(y, age_text(limit_ms))]
    reconnects = f"{venue}.reconnects"
    ended = tuple(side.figure_text(reconnects) for side in sides)
    outages = tuple(str(len(side.outages(venue))) if side.curve(venue) else NOTHING for side in sides)
    names = ("this run",) if sides[0].is_alone else [side.name for side in sides]
    summary = [
        f"{each[0]}: reconnects {each[1]}, outages {each[2]}" for each in zip(names, ended, outages, strict=True)
    ]
    counts = (("reconnects", reconnects, _merged(ended)), ("outages", "", _merged(outages)))
    tops = tuple((short(max(0.0, y - (0 if y == 0 else 6))), text) for y, text in labels)
    return VenueStrips(venue, strips, tops, counts, "; ".join(summary))


def _merged(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return one value where both sides have the same."""
    return values[:1] if len(set(values)) == 1 else values


def _strip(side: Side, venue: str, scale: AgeScale, length_ms: int) -> Strip:
    curve = side.curve(venue)
    if curve is None or side.data is None:
        why = "no data of this run" if side.data is None else "no age of this venue"
        return Strip(side.name, "100", 1, "", "0", (), (), missing=why)
    own_ms = max(side.length_ms, 1)
    step_ms = side.data.step_ms
    return Strip(
        side=side.name,
        width=short(100 * own_ms / length_ms),
        steps=max(1, round(own_ms / step_ms)),
        path=_path(curve, scale),
        limit_y=short(_y(scale, curve.limit_ms), 1),
        bands=tuple(_bands(side, venue, own_ms)),
        marks=tuple(_marks(events_of(side, venue), own_ms, _MARK_SHARE * length_ms)),
    )


def _y(scale: AgeScale, age_ms: float) -> float:
    return HEIGHT - _FULL * scale.height(age_ms)


def _path(curve: AgeCurve, scale: AgeScale) -> str:
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
    return "".join(commands)


def _bands(side: Side, venue: str, own_ms: int) -> Iterator[Band]:
    assert side.data is not None
    masked = [each for each in side.stretches(venue) if each.kind == "masked"]
    for stretch in (*side.outages(venue), *masked):
        first, last = stretch.from_ms - side.data.start_ms, stretch.to_ms - side.data.start_ms
        yield Band(
            short(100 * first / own_ms),
            short(100 * (last - first) / own_ms),
            stretch.kind,
            _band_title(side, stretch, first, last),
        )


def _band_title(side: Side, stretch: Stretch, first_ms: float, last_ms: float) -> str:
    length = time_text(last_ms - first_ms)
    peak = f", largest age {age_text(stretch.peak_ms)}" if stretch.peak_ms is not None else ""
    text = f"outage of {length}" if stretch.kind == "outage" else f"only books fetched over REST for {length}"
    return f"{stretch.venue}, {side.prefix}{text} from {time_text(first_ms)}{peak}"


@dataclass(slots=True)
class _Cluster:
    """Events of one shape that one mark stands for."""

    at_ms: float
    row: int
    events: list[Event]


def _marks(events: Iterable[Event], own_ms: int, width_ms: float) -> Iterator[Mark]:
    """Yield the marks of events. Equal ones that would cover each other are counted, others drawn one row lower."""
    clusters: list[_Cluster] = []
    for event in sorted((each for each in events if each.at_ms is not None), key=lambda each: each.at_ms or 0):
        at_ms = event.at_ms or 0.0
        near = [each for each in clusters if at_ms - each.at_ms < width_ms * (1 + 0.7 * (len(each.events) > 1))]
        same = next((each for each in near if each.events[0].reason == event.reason), None)
        taken = {each.row for each in near}
        free = next((row for row in range(len(_ROWS_Y)) if row not in taken), None)
        if same is not None:
            same.events.append(event)
        elif free is not None:
            clusters.append(_Cluster(at_ms, free, [event]))
        else:
            near[-1].events.append(event)
    for cluster in clusters:
        yield _mark(cluster, own_ms)


def _mark(cluster: _Cluster, own_ms: int) -> Mark:
    first = cluster.events[0]
    wide = [each for each in cluster.events if each.is_wide]
    low = min((each.low_ms or 0 for each in wide), default=None)
    high = max((each.high_ms or 0 for each in wide), default=None)
    return Mark(
        x=short(100 * cluster.at_ms / own_ms),
        y=_ROWS_Y[cluster.row],
        reason=first.reason,
        title=" · ".join(each.title for each in cluster.events),
        anchor=first.anchor,
        count=len(cluster.events),
        low=None if low is None else short(100 * low / own_ms),
        high=None if high is None else short(100 * high / own_ms),
    )
