"""View of every figure of two runs: by section and definition, before and after, with the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.evidence.wording import verdict_text
from reports.format import UNKNOWN, shown
from reports.sections import place
from reports.views.pair import PairView
from reports.views.run import RunView
from toolkit.model.figures import FigureSpec
from toolkit.model.vocabulary import Bound

TITLES = {
    "reconnects": "Reconnects",
    "ages": "Ages",
    "freshness": "Freshness",
    "plateaus": "Plateaus",
    "books": "Books",
    "pressure": "Publisher pressure and cap hits",
    "recovery": "Recovery without a new socket",
    "engine": "Market, fair value and orders",
    "sampling": "Time and ticks",
    "other": "Every other figure",
}
"""Titles of the sections in the order of the page."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure with its value in each run, and the verdict."""

    figure: str
    values: tuple[str, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class FigureList:
    """Figures without a row of their own, by metric and scope, each with its full name and its value.

    `text` is what is true of all of them, such as why they are not known; they have no values then. `side` is the run
    whose values they are, empty where both runs have the same.
    """

    text: str
    side: str
    metrics: Mapping[str, Mapping[str, tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class DefinedFigures:
    """Figures of one meaning: those that differ, and lists of those that read the same, are 0 or are not known."""

    meaning: str
    rows: tuple[FigureRow, ...]
    lists: tuple[FigureList, ...]


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures of one title with the remark on all of them, by meaning."""

    title: str
    remark: str
    meanings: tuple[DefinedFigures, ...]


@dataclass(frozen=True, slots=True)
class FigureSection:
    """Figures of one section. `differ` counts those whose values read differently."""

    title: str
    figures: int
    differ: int
    groups: tuple[FigureGroup, ...]


def figure_sections(pair: PairView, specs: Mapping[str, FigureSpec]) -> tuple[FigureSection, ...]:
    """Return every figure of either run. `specs` has the definition of each figure by its full name."""
    by_section: dict[str, list[str]] = {section: [] for section in TITLES}
    for name in pair.rows:
        by_section[place(name.split(".", 1)[1])[0]].append(name)
    return tuple(_section(pair, TITLES[section], names, specs) for section, names in by_section.items() if names)


def sides_with_values(pair: PairView) -> tuple[RunView, ...]:
    """Return the runs whose values are shown: those that ran, or both if neither did."""
    return tuple(run for run in pair.sides if not run.blocked) or pair.sides


def _section(pair: PairView, title: str, names: Sequence[str], specs: Mapping[str, FigureSpec]) -> FigureSection:
    titles: dict[tuple[str, str], dict[str, list[str]]] = {}
    for name in sorted(names, key=lambda each: place(each.split(".", 1)[1])[1]):
        spec = specs.get(name)
        key = (spec.title, spec.remark) if spec else ("Without a definition", "")
        titles.setdefault(key, {}).setdefault(_meaning(spec), []).append(name)
    groups = tuple(
        FigureGroup(*key, tuple(_defined(pair, meaning, each) for meaning, each in meanings.items()))
        for key, meanings in titles.items()
    )
    rows = (row for group in groups for meaning in group.meanings for row in meaning.rows)
    return FigureSection(title, len(names), sum(len(row.values) > 1 for row in rows), groups)


def _meaning(spec: FigureSpec | None) -> str:
    """Return the part of a definition that is not said of all figures of its title."""
    if spec is None or (not spec.meaning and spec.remark):
        return ""
    return spec.meaning or spec.definition


def _defined(pair: PairView, meaning: str, names: Iterable[str]) -> DefinedFigures:
    sides = sides_with_values(pair)
    rows: list[FigureRow] = []
    lists: dict[tuple[str, str], dict[str, dict[str, tuple[str, str]]]] = {}
    for name in names:
        shared = _shared_text(sides, name)
        known = [run for run in sides if run.value(name) is not None]
        values = tuple(shown(run.figures.get(name), run.resolution_ms) for run in known)
        if shared is None and (len(set(values)) > 1 or len(sides) == 1):
            rows.append(FigureRow(name, values, verdict_text(pair.rows[name]) if len(sides) > 1 else ""))
            continue
        scope, metric = name.split(".", 1)
        side = known[0].side if len(known) < len(sides) and known else ""
        text = f"{side} only" if side else shared or ""
        lists.setdefault((text, side), {}).setdefault(metric, {})[scope] = (name, "" if shared else values[0])
    return DefinedFigures(meaning, tuple(rows), tuple(FigureList(*key, each) for key, each in lists.items()))


def _shared_text(sides: Sequence[RunView], name: str) -> str | None:
    """Return what a figure that is 0 or not known in every run shares with others; None for any other figure."""
    figures = [run.figures.get(name) for run in sides]
    known = [figure for figure in figures if figure is not None and figure.value is not None]
    if not known:
        notes = dict.fromkeys(figure.note for figure in figures if figure is not None and figure.note)
        return "; ".join(notes) or UNKNOWN
    texts = {shown(figure, run.resolution_ms) for figure, run in zip(figures, sides, strict=True)}
    exact_zero = len(known) == len(sides) and all(each.value == 0 and each.bound is Bound.EXACT for each in known)
    return min(texts) if exact_zero and len(texts) == 1 and min(texts).startswith("0") else None
