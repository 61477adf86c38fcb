"""Picture of the distribution of ages: the share of ticks at or below each age, before and after, per venue."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from reports.elements import NO_PLACES, Cell, Safe
from reports.format import shown
from reports.pages import render_template
from reports.pictures.legend import LegendEntry
from reports.pictures.scales import AgeScale, age_text, round_up, short
from reports.pictures.sides import Side, merged, sides_of, venues_of
from toolkit.model.pictures import QUANTILES, AgeCurve
from toolkit.model.runs import RunAnalysis

HEIGHT = 124
"""Height of a panel in px."""
WIDTH = 400
"""Units across a panel, for its curves: about the pixels that a panel has on a screen of two pixels per px."""
_TOP_SHARE = 0.999
_SHARES = ((0.0, "0 %"), (0.5, "50 %"), (0.95, "95 %"), (0.99, "99 %"), (0.999, "99.9 %"))
_MARKED = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_P01, _P95 = QUANTILES.index(0.01), QUANTILES.index(0.95)
_APPLY, _EVENT = "apply age", "event age"
_FIGURES = {_APPLY: "age_apply_ms", _EVENT: "age_event_ms"}
_COINCIDE = 0.01
"""Curves coincide if they are never further apart than this share of the width."""
_LABEL_SHARE = 0.13
"""Least distance of two labels as a share of the width: 35 of 270 px on a phone."""
_COMMON_MS, _COMMON_SHARE = 5.0, 0.25
"""Shifts of the median are common to all venues if they differ by no more than this, or this share of their mean."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Distribution of one side. `points` are p50, p95 and p99: percent of the width, px of the height, and a title."""

    side: str
    path: str
    points: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Distributions of one venue. `values` are a percentile and its value on each side."""

    venue: str
    kind: str
    curves: tuple[Curve, ...]
    limit: str | None
    labels: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, tuple[Cell, ...]], ...]
    coincide: bool


@dataclass(frozen=True, slots=True)
class DistributionPicture:
    """The whole picture. `shares` are the labels of the axis of shares and their places in px."""

    title: ClassVar[str] = "Distribution of ages."
    lead: ClassVar[str] = (
        "Share of the ticks at or below an age; the axis of shares is stretched towards the oldest ages."
        " Dots: p50, p95, p99."
    )

    panels: tuple[Panel, ...]
    shares: tuple[tuple[str, str], ...]
    legend: tuple[LegendEntry, ...]
    note: str

    height: int = HEIGHT
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class _EventScale:
    """Logarithmic scale of ages that are not steps of a tick, from `low_ms` to `top_ms`."""

    low_ms: float
    top_ms: float

    def height(self, age_ms: float) -> float:
        if age_ms <= self.low_ms:
            return 0.0
        return min(1.0, math.log(age_ms / self.low_ms) / math.log(self.top_ms / self.low_ms))


def age_distributions(
    before: RunAnalysis | None,
    after: RunAnalysis,
    venues: Sequence[str] | None = None,
    defined: Mapping[str, str] = NO_PLACES,
) -> Safe:
    """Return the distributions of ages as a `<figure>`; an empty string where no run has an age.

    A venue whose apply ages are below one tick at least 95 % of the time is drawn with its event ages. `before` is None
    for a page of one run; figures in `defined` link to their definitions on the page. The analyses must have been made
    with the option `pictures`.
    """
    picture = distribution_picture(before, after, venues)
    return Safe(render_template("age_distributions.html.j2", picture=picture, defined=defined)) if picture else Safe()


def distribution_picture(
    before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None
) -> DistributionPicture | None:
    """Return the picture's content; None where no run has an age."""
    sides = sides_of(before, after)
    names = [name for name in venues_of(sides, venues) if any(_has_ages(side, name) for side in sides)]
    if not names:
        return None
    tick_ms = max(side.data.tick_ms for side in sides if side.data)
    kinds = {name: _kind(sides, name, tick_ms) for name in names}
    scales = {kind: _scale(sides, kinds, kind, tick_ms) for kind in set(kinds.values())}
    panels = tuple(_panel(sides, name, kinds[name], scales[kinds[name]], tick_ms) for name in names)
    return DistributionPicture(
        panels=panels,
        shares=tuple((short(_y(share), 1), text.replace(" ", "\u00a0")) for share, text in _SHARES),
        legend=tuple(_legend(sides, panels)),
        note=_note([name for name, kind in kinds.items() if kind == _EVENT], tick_ms, _common_shift(sides, names)),
    )


def _legend(sides: Sequence[Side], panels: Sequence[Panel]) -> Iterator[LegendEntry]:
    yield from (LegendEntry("curve", side.name, side=side.name) for side in sides if not side.is_alone)
    if any(panel.limit is not None for panel in panels):
        yield LegendEntry("upright", "stale limit of the apply age")


def _note(by_event: Sequence[str], tick_ms: float, shift: str) -> str:
    sentences = []
    if by_event:
        sentences.append(
            "Event age (since the time in the book’s own message) where 95\u00a0% of the apply ages are below one tick"
            f" ({age_text(tick_ms)}): {', '.join(by_event)}."
        )
    if shift:
        sentences.append(
            f"The median event age is {shift}: a shift that all venues share points to the client, such as the phase of"
            " its tick timer, and to no venue."
        )
    return " ".join((*sentences, "Venues with the same kind of age share one axis of ages."))


def _ages(side: Side, venue: str, kind: str) -> Sequence[int]:
    curve = _curve_data(side, venue)
    if curve is None:
        return ()
    return curve.apply_quantiles_ms if kind == _APPLY else curve.event_quantiles_ms


def _curve_data(side: Side, venue: str) -> AgeCurve | None:
    return next((each for each in side.data.curves if each.venue == venue), None) if side.data else None


def _has_ages(side: Side, venue: str) -> bool:
    return any(len(_ages(side, venue, kind)) == len(QUANTILES) for kind in _FIGURES)


def _kind(sides: Sequence[Side], venue: str, tick_ms: float) -> str:
    """Return the age to draw: the event age where the apply age shows nothing, or where there is no other."""
    with_data = [side for side in sides if _has_ages(side, venue)]
    fresh = all(not (ages := _ages(side, venue, _APPLY)) or ages[_P95] < tick_ms for side in with_data)
    return _EVENT if fresh and all(_ages(side, venue, _EVENT) for side in with_data) else _APPLY


def _scale(sides: Sequence[Side], kinds: dict[str, str], kind: str, tick_ms: float) -> AgeScale | _EventScale:
    series = [ages for venue in kinds if kinds[venue] == kind for side in sides if (ages := _ages(side, venue, kind))]
    ages = [age for each in series for age in each]
    if kind == _APPLY:
        limits = [c.limit_ms for v in kinds if kinds[v] == kind for side in sides if (c := _curve_data(side, v))]
        return AgeScale.of(tick_ms, (*ages, *limits))
    first = min(each[_P01] for each in series)
    low = 10.0 ** math.floor(math.log10(max(1, first)))
    return _EventScale(low, max(10 * low, round_up(max(1, *ages))))


def _y(share: float) -> float:
    """Return the height of a share in px from the top: stretched so that each tenth of the rest takes a third."""
    return HEIGHT * (1 - math.log10(1 / (1 - min(share, _TOP_SHARE))) / math.log10(1 / (1 - _TOP_SHARE)))


def _panel(sides: Sequence[Side], venue: str, kind: str, scale: AgeScale | _EventScale, tick_ms: float) -> Panel:
    with_ages = [side for side in sides if _ages(side, venue, kind)]
    data = next(curve for side in with_ages if (curve := _curve_data(side, venue)))
    figures = {name: f"{venue}.{_FIGURES[kind]}.{name}" for name, _ in _MARKED}
    return Panel(
        venue=venue,
        kind=kind,
        curves=tuple(_curve(side, venue, kind, scale) for side in with_ages),
        limit=short(100 * scale.height(data.limit_ms)) if kind == _APPLY else None,
        labels=tuple((short(100 * x), text) for x, text in _labels(scale)),
        values=tuple(
            (name, merged([side.cell(figure, tick_ms) for side in sides])) for name, figure in figures.items()
        ),
        coincide=len(with_ages) > 1 and _coincide([_ages(side, venue, kind) for side in with_ages], scale),
    )


def _curve(side: Side, venue: str, kind: str, scale: AgeScale | _EventScale) -> Curve:
    ages = _ages(side, venue, kind)
    points = []
    for name, share in _MARKED:
        figure = side.analysis.figure(f"{venue}.{_FIGURES[kind]}.{name}")
        value = figure.value if figure and figure.value is not None else ages[QUANTILES.index(share)]
        title = f"{venue}, {side.prefix}{kind}: {name} {shown(figure) if figure else age_text(value)}"
        points.append((short(100 * scale.height(value)), short(_y(share), 1), title))
    return Curve(side.name, _path(ages, scale), tuple(points))


def _path(ages: Sequence[int], scale: AgeScale | _EventScale) -> Safe:
    """Return the curve as steps: to the right up to the next age, then up to its share."""
    commands = [f"M0 {HEIGHT}"]
    last_x, last_y = "0", str(HEIGHT)
    for number, (share, age) in enumerate(zip(QUANTILES, ages, strict=True)):
        x, y = short(WIDTH * scale.height(age), 0), short(_y(share), 1)
        is_last_of_age = number + 1 == len(ages) or short(WIDTH * scale.height(ages[number + 1]), 0) != x
        if x != last_x:
            commands.append(f"H{x}")
            last_x = x
        if is_last_of_age and y != last_y:
            commands.append(f"V{y}")
            last_y = y
    return Safe("".join(commands))


def _labels(scale: AgeScale | _EventScale) -> Iterator[tuple[float, str]]:
    """Yield the labels of the age axis, from the left: the tick and 1, 5, 20 s or the powers of ten."""
    if isinstance(scale, AgeScale):
        wanted = [0.0, scale.tick_ms, *(each * 1_000.0 for each in (1, 5, 20, 60, 300, 1_800, 7_200)), scale.top_ms]
    else:
        wanted = [
            10.0**power for power in range(round(math.log10(scale.low_ms)), math.floor(math.log10(scale.top_ms)) + 1)
        ]
    kept: list[float] = []
    for age in sorted({each for each in wanted if each <= scale.top_ms}):
        if not kept or scale.height(age) - scale.height(kept[-1]) >= _LABEL_SHARE:
            kept.append(age)
    for age in kept:
        yield scale.height(age), age_text(age) if age else "0"


def _coincide(ages: Sequence[Sequence[int]], scale: AgeScale | _EventScale) -> bool:
    pairs = list(zip(*ages, strict=True))[:-2]  # the last per mille of ten minutes is two ticks
    apart = sum(abs(scale.height(first) - scale.height(second)) > _COINCIDE for first, second in pairs)
    return apart <= _COINCIDE * len(pairs)


def _common_shift(sides: Sequence[Side], names: Sequence[str]) -> str:
    """Return how far the median event ages of all venues moved together, `17 to 19 ms lower`; empty if they did not."""
    if len(sides) < 2:
        return ""
    shifts = []
    for name in names:
        figures = [side.analysis.figure(f"{name}.age_event_ms.p50") for side in sides]
        values = [figure.value for figure in figures if figure and figure.value is not None]
        if len(values) == len(sides):
            shifts.append(values[1] - values[0])
    if len(shifts) < 3 or not (all(each < 0 for each in shifts) or all(each > 0 for each in shifts)):
        return ""
    sizes = sorted(abs(each) for each in shifts)
    if sizes[-1] - sizes[0] > max(_COMMON_MS, _COMMON_SHARE * sum(sizes) / len(sizes)):
        return ""
    low, high = round(sizes[0]), round(sizes[-1])
    span = f"{low}" if low == high else f"{low} to {high}"
    return f"{span}\u00a0ms {'lower' if shifts[0] < 0 else 'higher'} at all {len(shifts)} venues"
