"""View of the figure catalogue: one entry per title, grouped by subject, with or without the values of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from types import MappingProxyType

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.format import number, shown
from reports.markup.html import definition_id
from reports.pages import render_page
from reports.views.run import RunView
from toolkit.model.figures import Figure, FigureSpec

SUBJECTS: dict[str, tuple[str, ...]] = {
    "Connections": (
        "connects", "sessions", "reconnects", "reconnects.*", "connect_failures*", "disconnects*", "socket_ends*",
        "funnel*", "bootstrap*", "time_to_first_book_ms*", "downtime_ms*", "backoff*",
    ),
    "Age of the books": ("age_*", "ts_fallbacks"),
    "Freshness and outages": (
        "fresh.*", "fresh_by_socket*", "stale*", "masked*", "status*", "unhealthy*", "plateau_*", "defects*",
    ),
    "Recovery and failures": (
        "resyncs*", "seq_gaps", "subscriptions*", "read_timeouts_kept", "pollers*", "pings*", "rest.*",
        "rest_fallback*", "enforcer*", "supervisor*", "core_freezes", "runner*", "telemetry*",
    ),
    "Publisher and delta cap": ("publisher*", "cap_hits*", "rx.*"),
    "Books and prices": (
        "book.*", "depth_*", "mid_*", "spread_usd*", "dispersion_usd*", "fair_deviation_usd*", "anomalies*",
    ),
    "Fair value, volatility and funding": (
        "fair_value*", "kalman*", "healthy_venues_used*", "vol.*", "local_vol*", "funding*",
    ),
    "Quotes, orders and fills": (
        "quotes*", "would_send*", "orders*", "order_tx_pending*", "fills*", "exits*", "hedge*", "toxicity*",
        "markout_usd*",
    ),
    "Risk, profit and margin": (
        "regime*", "kill*", "risk_events*", "pnl_*", "dollar_delta_usd*", "position*", "margin*", "liquidation_sigma*",
        "reconcile_drift*",
    ),
    "Time and ticks": (
        "span_ms", "requested_ms", "hole_ms", "coverage*", "lives", "ticks*", "tick_*", "phase*", "log_time*",
    ),
    "Other figures": ("*",),
}  # fmt: skip
"""Subjects, and the metrics of each: names without scope, `*` matches any rest. The first match counts."""

NO_DEFINITIONS: Mapping[str, FigureSpec] = MappingProxyType({})
SHOWN_NAMES = 4
"""Number of names that a remark about figures lists; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The rows of the catalogue that have one title and source."""

    specs: tuple[FigureSpec, ...]

    @property
    def title(self) -> str:
        """Title of the figures."""
        return self.specs[0].title

    @property
    def definition(self) -> str:
        """The meaning of each figure, or of the statistics of one value (`spread_usd.*`), and what is true of all."""
        metrics: dict[str, list[str]] = {}
        for spec in self.specs:
            if spec.meaning:
                metrics.setdefault(spec.meaning, []).append(spec.name.partition(".")[2])
        meanings = (f"{_common_name(names)}: {meaning}" for meaning, names in metrics.items())
        return " ".join(each for each in (*meanings, self.specs[0].remark) if each)

    @property
    def source(self) -> str:
        """Source that the figures are computed from."""
        return self.specs[0].source

    @property
    def names(self) -> Mapping[str, list[str]]:
        """Names of the figures by unit and direction, `ms, lower is better`."""
        names: dict[str, list[str]] = {}
        for spec in self.specs:
            better = "no direction" if spec.better == "none" else f"{spec.better} is better"
            names.setdefault(f"{spec.unit}, {better}", []).append(spec.name)
        return names


def _common_name(metrics: list[str]) -> str:
    names = list(dict.fromkeys(metrics))
    return names[0] if len(names) == 1 else f"{names[0].rpartition('.')[0]}.*"


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one run for the figures of a title: a row per metric, a column per scope, remarks below."""

    entry: Entry
    table: Table
    remarks: tuple[str, ...]
    figures: int


def catalogue_page(specs: Iterable[FigureSpec], format: str) -> str:
    """Return the catalogue in `format`: `text`, `markdown` or `html`.

    Raises `UsageError` for another format.
    """
    return render_page("catalogue", format, title="Figures", subjects=entries_by_subject(specs))


def entries_by_subject(specs: Iterable[FigureSpec]) -> Mapping[str, tuple[Entry, ...]]:
    """Return the entries of each subject that has any, in the order of the catalogue."""
    groups: dict[tuple[str, str], list[FigureSpec]] = {}
    for spec in specs:
        groups.setdefault((spec.title, spec.source), []).append(spec)
    subjects: dict[str, list[Entry]] = {subject: [] for subject in SUBJECTS}
    for group in groups.values():
        subjects[_subject(group[0].name.split(".", 1)[1])].append(Entry(tuple(group)))
    return {subject: tuple(entries) for subject, entries in subjects.items() if entries}


@cache
def _subject(metric: str) -> str:
    return next(name for name, patterns in SUBJECTS.items() if any(fnmatchcase(metric, each) for each in patterns))


def values_by_subject(run: RunView, specs: Mapping[str, FigureSpec]) -> Mapping[str, tuple[Values, ...]]:
    """Return the values of a run for each title, by subject. `specs` has the definition of each figure by name."""
    figures: dict[FigureSpec, list[Figure]] = {}
    for figure in run.analysis.figures:
        if figure.figure in specs:
            figures.setdefault(specs[figure.figure], []).append(figure)
    return {
        subject: tuple(
            _values(run, each, [figure for spec in each.specs for figure in figures[spec]]) for each in entries
        )
        for subject, entries in entries_by_subject(figures).items()
    }


def _values(run: RunView, entry: Entry, figures: list[Figure]) -> Values:
    by_metric: dict[str, dict[str, Figure]] = {}
    for each in figures:
        by_metric.setdefault(each.metric, {})[each.scope] = each
    scopes = sorted({each.scope for each in figures}, key=lambda scope: (scope != "run", scope))
    rows = (
        (Cell(metric, kind=CellKind.NAME), *(_value_cell(run, by_scope.get(scope)) for scope in scopes))
        for metric, by_scope in by_metric.items()
    )
    table = Table((Column("figure"), *(Column(scope, Align.RIGHT) for scope in scopes)), tuple(rows))
    return Values(entry, table, tuple(_remarks(figures)), len(figures))


def _value_cell(run: RunView, figure: Figure | None) -> Cell:
    return (
        Cell(shown(figure, run.resolution_ms), figure.figure, id=definition_id(figure.figure)) if figure else Cell("")
    )


def _remarks(figures: list[Figure]) -> Iterator[str]:
    """Yield the number of samples behind the figures, then each note with the figures that have it."""
    counts = {each.n for each in figures}
    if counts != {0}:
        yield f"n {number(min(counts))}" + (f" to {number(max(counts))}" if len(counts) > 1 else "")
    noted: dict[str, list[str]] = {}
    for each in figures:
        if each.note:
            noted.setdefault(each.note, []).append(each.figure)
    for note, names in noted.items():
        more = len(names) - SHOWN_NAMES
        which = (
            "all"
            if len(names) == len(figures)
            else ", ".join(names[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
        )
        yield f"{note} ({which})"
