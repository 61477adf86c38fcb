"""Made-up data of pictures, and fragments of a page parsed as XML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.reports.made_pair import figure, run_info
from toolkit.model.pictures import QUANTILES, AgeCurve, AgeStretch, EventMark, RunPictures
from toolkit.model.runs import RunAnalysis

START_MS = 1_795_508_135_000


def curve(venue: str, ages_ms: list[int | None], limit_ms: int = 1_000) -> AgeCurve:
    known = sorted(age for age in ages_ms if age is not None)
    quantiles = tuple(known[min(len(known) - 1, int(share * len(known)))] for share in QUANTILES) if known else ()
    return AgeCurve(venue, limit_ms, tuple(ages_ms), quantiles, tuple(each + 40 for each in quantiles))


def mark(venue: str, reason: str, low_s: float | None, high_s: float | None = None, **other: Any) -> EventMark:
    low, high = (None if each is None else START_MS + round(1_000 * each) for each in (low_s, high_s or low_s))
    return EventMark(venue, other.pop("kind", "reconnect"), reason, low, high, **other)


def outage(venue: str, from_s: float, to_s: float, peak_ms: int = 5_000, **other: Any) -> AgeStretch:
    kind, cls = other.pop("kind", "outage"), other.pop("cls", "dead")
    return AgeStretch(venue, kind, cls, START_MS + round(1_000 * from_s), START_MS + round(1_000 * to_s), peak_ms)


def run(
    *curves: AgeCurve, marks: tuple[EventMark, ...] = (), stretches: tuple[AgeStretch, ...] = (), seconds: int = 100
) -> RunAnalysis:
    """Return a run with these pictures; without curves one without data, as after a blocked build."""
    end_ms = START_MS + 1_000 * seconds
    data = RunPictures(START_MS, end_ms, 250.0, 1_000, curves, stretches, marks) if curves else None
    counts = {each.venue: sum(m.venue == each.venue and m.kind == "reconnect" for m in marks) for each in curves}
    figures = tuple(figure(f"{venue}.reconnects", count) for venue, count in counts.items())
    return RunAnalysis(run_info(venues=tuple(counts)), (), figures, pictures=data)


def parsed(fragment: str) -> ElementTree.Element:
    """Return a fragment of a page parsed as XML; raises where it is no well-formed XML."""
    return ElementTree.fromstring(f"<root>{fragment}</root>")


def texts(root: ElementTree.Element, tag: str) -> list[str]:
    return ["".join(each.itertext()).strip() for each in root.iter(tag)]


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in root.iter() if name in each.get("class", "").split()]


def run_with_texts(texts: list[str]) -> RunAnalysis:
    """Return a run in which each text is the reason of one event, what a venue stated at another, and a file's name."""
    marks = [mark("lighter", text or "empty", 2 * number, lines=((text, 1),)) for number, text in enumerate(texts)]
    marks += [mark("lighter", "server_close", 2 * number + 1, stated=text) for number, text in enumerate(texts)]
    stale: list[int | None] = [0] * 80 + [4_000] * 20
    return run(curve("lighter", stale), marks=tuple(marks))
