"""Figures: one SQL file each, its header the catalogue entry, its body the rows.

A header names the figures the file gives (`<venue>.reconnects.<reason>`), with unit and direction; a figure of another
unit or direction than its file's carries it as a suffix (`<venue>.plateau_10s.count:count`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

from toolkit.db.query_pool import QueryPool
from toolkit.db.store import execute_script, sql
from toolkit.model.figures import Figure, FigureSpec, Number
from toolkit.model.vocabulary import PLATEAU_LIMIT_PATTERN, PLATEAU_LIMITS_MS, Better, Bound, ReconnectReason
from toolkit.sessions.machine import KEPT, RESYNCS

AGES_ONLY = (
    "age_apply",
    "age_event",
    "age_event_bogus",
    "age_unknown",
    "plateaus",
    "tick_gap",
    "ticks",
)
"""The metric files that need nothing but ages."""


NOTHING_TO_DIVIDE_BY = "what it is a share of is 0"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric file: the figures it gives and the query that gives them."""

    name: str
    specs: tuple[FigureSpec, ...]
    query: str

    def spec_of(self, figure: str) -> FigureSpec | None:
        """The catalogue row that a figure's full name falls under."""
        return next((spec for spec in self.specs if matches(spec.name, figure)), None)


_VENUE = re.compile(r"[A-Za-z0-9_-]+")


@cache
def _pattern(name: str) -> re.Pattern[str]:
    # A reason is a log's own word and may hold anything; a venue's name is ours to vouch for.
    parts = re.split(r"(<[a-z_]+>)", name)
    words = {"<venue>": _VENUE.pattern, "<limit>": PLATEAU_LIMIT_PATTERN}
    return re.compile("".join(words.get(p, ".+") if p.startswith("<") else re.escape(p) for p in parts), re.DOTALL)


def matches(pattern: str, figure: str) -> bool:
    """Whether a figure's full name falls under a catalogue name such as `<venue>.reconnects.<reason>`."""
    scope, _, name = pattern.partition(".")
    if "<" in name:
        return _pattern(pattern).fullmatch(figure) is not None
    # Nearly all names; a pattern for each would take longer to compile than a short run's figures to compute.
    whose, _, what = figure.partition(".")
    return what == name and (whose == scope or (scope == "<venue>" and _VENUE.fullmatch(whose) is not None))


@cache
def metrics() -> tuple[Metric, ...]:
    """All metrics, by file name."""
    folder = files("toolkit.db") / "sql" / "metrics"
    names = sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(_parsed(name, sql(f"metrics/{name}")) for name in names)


def catalogue() -> tuple[FigureSpec, ...]:
    """Every figure there is: name, title, unit, direction, definition, source."""
    return tuple(spec for metric in metrics() for spec in metric.specs)


def _parsed(name: str, text: str) -> Metric:
    header = dict(re.findall(r"^-- (title|unit|better|figures|definition|source): (.*)$", text, re.MULTILINE))
    return Metric(name, tuple(_specs(header)), text)


def _specs(header: dict[str, str]) -> Iterator[FigureSpec]:
    for entry in header["figures"].split():
        figure, *suffixes = entry.split(":")
        unit = next((each for each in suffixes if each not in set(Better)), header["unit"])
        better = next((each for each in suffixes if each in set(Better)), header["better"])
        yield FigureSpec(figure, header["title"], unit, Better(better), header["definition"], header["source"])


def look_at_run(con: duckdb.DuckDBPyConnection, plateau_limits_ms: Iterable[int] = PLATEAU_LIMITS_MS) -> None:
    """Make the views that metrics read, of the staged run as it stands now."""
    kept = [
        (venue, reason) for rule in (RESYNCS, KEPT) for venue, reasons in rule.items() for reason in sorted(reasons)
    ]
    columns = "unnest(?::varchar[]) as venue, unnest(?::varchar[]) as reason"
    con.execute(
        f"create or replace table run_no_reconnects as select {columns}", list(map(list, zip(*kept, strict=True)))
    )
    execute_script(con, sql("scope"))
    reasons = "create or replace table reasons as select unnest(?::varchar[]) as reason"
    con.execute(reasons, [list(map(str, ReconnectReason))])
    limits = "create or replace table run_plateau_limits as select unnest(?::bigint[]) as limit_ms, unnest(?) as name"
    ascending = sorted(set(plateau_limits_ms))
    con.execute(limits, [ascending, [f"{ms // 1_000}s" if ms % 1_000 == 0 else f"{ms}ms" for ms in ascending]])


def compute(pool: QueryPool, only: Iterable[str] | None = None) -> tuple[Figure, ...]:
    """All figures of the run that the scope's views show (see `toolkit/sql/scope.sql`)."""
    return tuple(figure for _, figure in by_metric(pool, only))


def by_metric(pool: QueryPool, only: Iterable[str] | None = None) -> Iterator[tuple[Metric, Figure]]:
    """The figures one by one, each with the metric that gives it."""
    wanted = None if only is None else set(only)
    chosen = [metric for metric in metrics() if wanted is None or metric.name in wanted]
    for metric, figures in zip(chosen, pool.map(_figures, chosen), strict=True):
        yield from ((metric, figure) for figure in figures)


def _figures(con: duckdb.DuckDBPyConnection, metric: Metric) -> list[Figure]:
    rows = con.execute(
        f"select scope, metric, value, n, bound, low, high, note from ({_body(metric.query)})"
    ).fetchall()
    # Sorted here: the database takes longer to plan it than this to do it.
    return [_figure(metric, f"{scope}.{name}", *row) for scope, name, *row in sorted(rows, key=lambda row: row[:2])]


def _figure(
    metric: Metric,
    name: str,
    value: float | None,
    n: int,
    bound: str,
    low: float | None,
    high: float | None,
    note: str | None,
) -> Figure:
    spec = metric.spec_of(name)
    if spec is None:
        raise AssertionError(f"metric {metric.name} gives {name}, which its header does not name")
    if value is None or not math.isfinite(value):
        # No share of no time: the database divides by zero without a word.
        why = note if value is None else NOTHING_TO_DIVIDE_BY
        return Figure(name, None, spec.unit, n, Bound.UNKNOWN, None, None, why, spec.better)
    return Figure(name, plain(value), spec.unit, n, Bound(bound), plain(low), plain(high), note, spec.better)


def _body(query: str) -> str:
    return query.rstrip().rstrip(";")


def plain(value: float | None) -> Number | None:
    """A whole number as an integer, anything else as it is."""
    return int(value) if value is not None and float(value).is_integer() else value


FIGURE_COLUMNS = ("run_key", "ord", "figure", "value", "unit", "n", "bound", "low", "high", "note", "better")


def rows(run_key: int, figures: Iterable[Figure]) -> Iterator[tuple[object, ...]]:
    """Figures as rows of the table `figure`."""
    for ord_, each in enumerate(figures):
        value, low, high = (None if v is None else float(v) for v in (each.value, each.low, each.high))
        yield run_key, ord_, each.figure, value, each.unit, each.n, each.bound, low, high, each.note, each.better
