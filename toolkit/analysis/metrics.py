"""Metrics: each is one SQL file whose header is its catalogue entry and whose body returns its figures.

A header names the figures of the file (`<venue>.reconnects.<reason>`) with unit and direction. A figure whose unit or
direction differs from its file's has it as a suffix (`<venue>.plateau_10s.count:count`). `definition[spread_usd.*]` is
the definition of the metrics that match; `definition` follows it, or is the whole definition of all other metrics.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files

import duckdb

from toolkit.db.query_pool import QueryPool
from toolkit.db.store import execute_script, sql, statements
from toolkit.files.copies import Overlap
from toolkit.model.figures import Figure, FigureSpec, Number
from toolkit.model.vocabulary import (
    OFF_MARKET_BPS,
    PLATEAU_LIMIT_PATTERN,
    PLATEAU_LIMITS_MS,
    Better,
    Bound,
    ReconnectReason,
    Role,
)
from toolkit.runlog.parse import RX_STATS
from toolkit.runlog.session_lines import QuotedRecord
from toolkit.sessions.venue_rules import venue_rules

NO_CAP, CAP_UNKNOWN = "none", "unknown"
"""Words in place of the cap of buffered deltas."""
AGES_ONLY = (
    "age_apply",
    "age_event",
    "age_event_bogus",
    "age_unknown",
    "plateaus",
    "tick_gap",
    "ticks",
)
"""Names of the metric files that need only ages."""

NOTHING_TO_DIVIDE_BY = "what it is a share of is 0"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric file: the catalogue rows of its figures and the query that returns them."""

    name: str
    specs: tuple[FigureSpec, ...]
    query: str

    def spec_of(self, figure: str) -> FigureSpec | None:
        """The catalogue row that a figure's full name matches, None where no row does."""
        return next((spec for spec in self.specs if matches(spec.name, figure)), None)


_VENUE = re.compile(r"[A-Za-z0-9_-]+")
_READS_SESSIONS = re.compile(r"\brun_(?:all_)?(?:sessions|sessions_begun|sessions_ended|connected|disconnected)\b")


@cache
def _pattern(name: str) -> re.Pattern[str]:
    # A reason is text from a log and may contain anything; venue names are checked.
    parts = re.split(r"(<[a-z_]+>)", name)
    words = {"<venue>": _VENUE.pattern, "<limit>": PLATEAU_LIMIT_PATTERN}
    return re.compile("".join(words.get(p, ".+") if p.startswith("<") else re.escape(p) for p in parts), re.DOTALL)


def matches(pattern: str, figure: str) -> bool:
    """Return True if a figure's full name matches a catalogue name such as `<venue>.reconnects.<reason>`."""
    scope, _, name = pattern.partition(".")
    if "<" in name:
        return _pattern(pattern).fullmatch(figure) is not None
    # Most names have no placeholder here; a pattern for each would take longer to compile than a short run takes.
    figure_scope, _, figure_name = figure.partition(".")
    is_venue = scope == "<venue>" and _VENUE.fullmatch(figure_scope) is not None
    return figure_name == name and (figure_scope == scope or is_venue)


@cache
def metrics() -> tuple[Metric, ...]:
    """All metrics, in order of file name."""
    folder = files("toolkit.db") / "sql" / "metrics"
    names = sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(_parse(name, sql(f"metrics/{name}")) for name in names)


def catalogue() -> tuple[FigureSpec, ...]:
    """The figure catalogue: name, title, unit, direction, definition and source of every figure."""
    return tuple(spec for metric in metrics() for spec in metric.specs)


def definitions_of(figures: Iterable[str]) -> dict[str, FigureSpec]:
    """Return the catalogue row of each figure, by its full name. Names without one are left out."""
    found = ((figure, _origin(figure)) for figure in figures)
    return {figure: origin[1] for figure, origin in found if origin is not None}


_Origin = tuple[Metric, FigureSpec]
"""The metric that computes a figure, and the figure's row in the catalogue."""


@cache
def _origins() -> tuple[dict[str, _Origin], list[_Origin]]:
    """Return the origins by the names of figures that hold no placeholder but the venue, and all others."""
    all_origins = [(metric, spec) for metric in metrics() for spec in metric.specs]
    others = [origin for origin in all_origins if "<" in origin[1].name.removeprefix("<venue>")]
    names = {spec.name for _, spec in others}
    return {spec.name: (metric, spec) for metric, spec in all_origins if spec.name not in names}, others


@lru_cache(8_192)
def _origin(figure: str) -> _Origin | None:
    """Return the origin of a figure by its full name; None for a name that is not in the catalogue."""
    (named, others), (scope, _, name) = _origins(), figure.partition(".")
    found = named.get(figure) or (named.get(f"<venue>.{name}") if _VENUE.fullmatch(scope) else None)
    return found or next((each for each in others if matches(each[1].name, figure)), None)


def _parse(name: str, text: str) -> Metric:
    entry = r"^-- (title|unit|better|figures|definition(?:\[[^\]]+\])?|source): (.*)$"
    header = dict(re.findall(entry, text, re.MULTILINE))
    return Metric(name, tuple(_specs(header)), text)


def _specs(header: dict[str, str]) -> Iterator[FigureSpec]:
    for entry in header["figures"].split():
        figure, *suffixes = entry.split(":")
        unit = next((each for each in suffixes if each not in set(Better)), header["unit"])
        better = next((each for each in suffixes if each in set(Better)), header["better"])
        definition, *parts = _definition(header, figure)
        yield FigureSpec(figure, header["title"], unit, Better(better), definition, header["source"], *parts)


_STATISTICS = {
    "p50": "median", "p90": "90th percentile", "p95": "95th percentile", "p99": "99th percentile",
    "max": "largest value", "min": "smallest value", "mean": "mean",
}  # fmt: skip
"""Words for the last part of a figure's name."""


def _definition(header: dict[str, str], figure: str) -> tuple[str, str, str]:
    """Return the complete definition, its part that is about this figure and the part that is about all of the file."""
    metric = figure.partition(".")[2]
    patterns = (key[len("definition[") : -1] for key in header if key.startswith("definition["))
    pattern = next((each for each in patterns if fnmatchcase(metric, each)), "*")
    # A definition of one figure alone says itself which statistic it is.
    statistic = _STATISTICS.get(metric.rpartition(".")[2]) if "*" in pattern else None
    meaning, remark = header.get(f"definition[{pattern}]", ""), header.get("definition", "")
    parts = meaning, remark, f"This figure is the {statistic}." if statistic else ""
    return " ".join(each for each in parts if each), meaning, remark


def create_run_views(
    con: duckdb.DuckDBPyConnection,
    plateau_limits_ms: Iterable[int] = PLATEAU_LIMITS_MS,
    delta_cap: str = CAP_UNKNOWN,
    off_market_bps: float = OFF_MARKET_BPS,
) -> None:
    """Create the views that metrics read, over the staged run as it is now; limits are ages in ms.

    `delta_cap` is the cap of buffered deltas per venue and tick: a number, `NO_CAP` or `CAP_UNKNOWN`.
    `off_market_bps` is the distance from the median of the other venues above which a venue is off the market.
    """
    rules = venue_rules()
    exempt = [
        (venue, reason)
        for rule in (rules.resync, rules.survivable)
        for venue, reasons in rule.items()
        for reason in sorted(reasons)
    ]
    columns = "unnest(?::varchar[]) as venue, unnest(?::varchar[]) as reason"
    con.execute(
        f"create or replace table run_non_reconnect_reasons as select {columns}",
        list(map(list, zip(*exempt, strict=True))),
    )
    execute_script(con, sql("scope"))
    reasons = "create or replace table reasons as select unnest(?::varchar[]) as reason"
    con.execute(reasons, [list(map(str, ReconnectReason))])
    limits = "create or replace table run_plateau_limits as select unnest(?::bigint[]) as limit_ms, unnest(?) as name"
    ascending = sorted(set(plateau_limits_ms))
    con.execute("create or replace table run_delta_cap as select ? as cap", [delta_cap])
    con.execute("create or replace table run_off_market_limit as select ?::double as bps", [off_market_bps])
    con.execute(limits, [ascending, [f"{ms // 1_000}s" if ms % 1_000 == 0 else f"{ms}ms" for ms in ascending]])


def compute(pool: QueryPool, only: Iterable[str] | None = None) -> tuple[Figure, ...]:
    """Compute the figures of the run in the scope views (see `toolkit/db/sql/scope.sql`); `only` names metrics."""
    return tuple(figure for _, figure in by_metric(pool, only))


def by_metric(pool: QueryPool, only: Iterable[str] | None = None) -> Iterator[tuple[Metric, Figure]]:
    """Compute figures, each paired with its metric."""
    wanted = None if only is None else set(only)
    chosen = [metric for metric in metrics() if wanted is None or metric.name in wanted]
    for metric, figures in zip(chosen, pool.map(_figures, chosen), strict=True):
        yield from ((metric, figure) for figure in figures)


def _figures(con: duckdb.DuckDBPyConnection, metric: Metric) -> list[Figure]:
    columns = "scope, metric, value, n, bound, low, high, note"
    (query,) = statements(con, f"select {columns} from ({_body(metric.query)})")
    rows = con.execute(query).fetchall()
    # Sorted here, because the database takes longer to plan a sort than this takes.
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
        raise AssertionError(f"metric {metric.name} returns {name}, which its header does not name")
    if value is None or not math.isfinite(value):
        # A share of zero time is unknown; the database divides by zero without an error.
        why = note if value is None else NOTHING_TO_DIVIDE_BY
        return Figure(name, None, spec.unit, n, Bound.UNKNOWN, None, None, why, spec.better)
    return Figure(name, plain(value), spec.unit, n, Bound(bound), plain(low), plain(high), note, spec.better)


def _body(query: str) -> str:
    return query.rstrip().rstrip(";")


_OVERLAP_SOURCES = {
    Role.LOG: ("run log", "market_rx_stats lines", "market_rx_stats cap_hits"),
    Role.RX_STATS: ("market_rx_stats lines", "market_rx_stats cap_hits"),
    Role.TELEMETRY: ("telemetry",),
}
"""Words in the source of a metric that may count the lines of files of a role."""


def with_bounds(figures: Iterable[Figure], overlaps: Sequence[Overlap]) -> tuple[Figure, ...]:
    """Return the figures; those from files that overlap are no longer exact.

    A count is then at most its value, as no event is missing. Another value is an estimate.
    """
    notes = dict[str, str]()
    for each in overlaps:
        note = f"{each.first.name} and {each.second.name} overlap: a line may be counted twice"
        notes |= dict.fromkeys(_OVERLAP_SOURCES[each.first.role], note)
    return tuple(_with_bound(figure, notes) for figure in figures) if notes else tuple(figures)


def _with_bound(figure: Figure, notes: dict[str, str]) -> Figure:
    origin = _origin(figure.figure)
    note = next((note for source, note in notes.items() if origin and source in origin[1].source), None)
    if figure.value is None or note is None:
        return figure
    note = f"{figure.note}; {note}" if figure.note else note
    if figure.unit == "count" and figure.bound in (Bound.EXACT, Bound.UPPER):
        return replace(figure, bound=Bound.UPPER, low=0, high=figure.value, note=note)
    return replace(figure, bound=Bound.ESTIMATE, low=None, high=None, note=note)


def plain(value: float | None) -> Number | None:
    """Return a whole number as an integer, any other value unchanged."""
    return int(value) if value is not None and float(value).is_integer() else value


def with_quoted_bounds(figures: Iterable[Figure], quoted: Sequence[QuotedRecord]) -> tuple[Figure, ...]:
    """Return the figures; a count that one of the records would raise, were it not quoted text, is a lower bound."""
    return tuple(_lower_bound(each) if any(_raises(q, each) for q in quoted) else each for each in figures)


def _raises(quoted: QuotedRecord, figure: Figure) -> bool:
    if figure.value is None or figure.unit != "count" or figure.bound is not Bound.EXACT:
        return False
    if figure.scope not in (quoted.venue, "run"):
        return False
    *_, last = figure.metric.split(".")
    if quoted.reason and last in set(ReconnectReason) and last != quoted.reason:
        return False
    origin = _origin(figure.figure)
    query = origin[0].query if origin else ""
    if quoted.is_session_line and _READS_SESSIONS.search(query):
        return True
    names = (f"'{quoted.family}'", *(name.replace("<venue>", "") for name in quoted.counters))
    return any(name in query for name in names) or (quoted.family == RX_STATS and "run_rx_steps" in query)


def _lower_bound(figure: Figure) -> Figure:
    why = "records that may be quoted text are not counted"
    note = f"{figure.note}; {why}" if figure.note else why
    return replace(figure, bound=Bound.LOWER, low=figure.value, high=None, note=note)


FIGURE_COLUMNS = ("run_key", "ord", "figure", "value", "unit", "n", "bound", "low", "high", "note", "better")


def rows(run_key: int, figures: Iterable[Figure]) -> Iterator[tuple[object, ...]]:
    """Yield the rows of the table `figure`."""
    for ord_, each in enumerate(figures):
        value, low, high = (None if v is None else float(v) for v in (each.value, each.low, each.high))
        yield run_key, ord_, each.figure, value, each.unit, each.n, each.bound, low, high, each.note, each.better
