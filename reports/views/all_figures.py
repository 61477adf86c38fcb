"""View of every figure of two runs: by section and definition, a row for each metric with the values of all venues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.evidence.wording import is_tested, verdict_text
from reports.format import UNKNOWN, shown
from reports.markup.html import definition_id
from reports.sections import place
from reports.views.pair import PairView
from reports.views.run import RunView
from toolkit.model.comparisons import ComparisonRow
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
NOT_COMPARABLE = "†"
"""Mark of a figure that differs and may not be compared."""


@dataclass(frozen=True, slots=True)
class FigureValues:
    """The value of one figure in each run as one text. `verdict` is empty where it says nothing.

    `differs` is true where the runs read differently; the text then has both values.
    """

    figure: str
    scope: str
    text: str
    verdict: str
    differs: bool


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric with its values at every venue that has any."""

    metric: str
    anchor: str
    values: tuple[FigureValues, ...]


@dataclass(frozen=True, slots=True)
class FigureList:
    """Metrics without values, each with its anchor: `text` says what is true of all, such as why they are not known."""

    text: str
    scopes: tuple[str, ...]
    metrics: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DefinedFigures:
    """Figures of one meaning: those with a value, and lists of those that are 0 or not known in every run."""

    meaning: str
    rows: tuple[MetricRow, ...]
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
    differ = sum(each.differs for row in rows for each in row.values)
    return FigureSection(title, len(names), differ, groups)


def _meaning(spec: FigureSpec | None) -> str:
    """Return the part of a definition that is not said of all figures of its title."""
    if spec is None or (not spec.meaning and spec.remark):
        return ""
    return spec.meaning or spec.definition


def _defined(pair: PairView, meaning: str, names: Iterable[str]) -> DefinedFigures:
    sides = sides_with_values(pair)
    rows: dict[str, list[FigureValues]] = {}
    lists: dict[str, dict[str, list[str]]] = {}
    for name in names:
        scope, metric = name.split(".", 1)
        shared = _shared_text(sides, name)
        if shared is None:
            rows.setdefault(metric, []).append(_values(pair, sides, name, scope))
        else:
            lists.setdefault(shared, {}).setdefault(metric, []).append(scope)
    return DefinedFigures(
        meaning,
        tuple(MetricRow(metric, definition_id(values[0].figure), tuple(values)) for metric, values in rows.items()),
        tuple(each for text, metrics in lists.items() for each in _lists(text, metrics)),
    )


def _values(pair: PairView, sides: Sequence[RunView], name: str, scope: str) -> FigureValues:
    known = [run for run in sides if run.value(name) is not None]
    texts = dict.fromkeys(shown(run.figures.get(name), run.resolution_ms) for run in known)
    only = f"{known[0].side} only: " if len(known) < len(sides) else ""
    differs = len(texts) > 1
    return FigureValues(name, scope, only + " → ".join(texts), _mark(pair.rows[name]) if differs else "", differs)


def _mark(row: ComparisonRow) -> str:
    """Return the verdict of a test that found a difference, or the mark of a figure that may not be compared."""
    verdict = verdict_text(row)
    return NOT_COMPARABLE if verdict == "not comparable" else verdict if is_tested(row) else ""


def _lists(text: str, metrics: Mapping[str, Sequence[str]]) -> Iterator[FigureList]:
    """Yield a list for each set of scopes: the metrics that they have in common."""
    by_scopes: dict[tuple[str, ...], dict[str, str]] = {}
    for metric, scopes in metrics.items():
        by_scopes.setdefault(tuple(scopes), {})[metric] = definition_id(f"{scopes[0]}.{metric}")
    yield from (FigureList(text, *each) for each in by_scopes.items())


def anchors(sections: Iterable[FigureSection]) -> dict[str, str]:
    """Return the `id` of the place on the page of each figure: that of its metric's row, or of its metric in a list."""
    found: dict[str, str] = {}
    for meaning in (each for section in sections for group in section.groups for each in group.meanings):
        found |= {value.figure: row.anchor for row in meaning.rows for value in row.values}
        found |= {
            f"{scope}.{metric}": anchor
            for each in meaning.lists
            for metric, anchor in each.metrics.items()
            for scope in each.scopes
        }
    return found


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
