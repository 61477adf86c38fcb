"""Analyse a window of a run: records, log lines, sessions and episodes are cut at the same ticks.

The stored run stays whole. A figure that cannot be cut (a counter that is printed only now and then) is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from toolkit.analysis.close_groups import close_groups
from toolkit.analysis.doubted_ages import with_age_bounds
from toolkit.analysis.metrics import by_metric, metrics
from toolkit.db.memory import execute_with_memory
from toolkit.db.query_pool import QueryPool, query_pool
from toolkit.db.store import sql
from toolkit.ingest.session_rows import episodes
from toolkit.model.errors import UsageError
from toolkit.model.figures import Figure
from toolkit.model.runs import WHOLE_RUN, RunAnalysis, RunInfo, RunPart, Window
from toolkit.model.vocabulary import Bound

NOT_CUT = "cannot be cut to the window"
_READS_LINES = re.compile(
    r"\brun_(?:log_events|sessions|sessions_begun|sessions_ended|session_bounds|connected|disconnected|downtimes|episodes)"
    r"\b"
)
_READS_COUNTERS = re.compile(r"\brun_(?:counters|totals)\b")
"""Views in a metric's query show which evidence it uses. Counters that only replace missing lines do not count."""
_READS_EPISODES = re.compile(r"\brun_(?:session_bounds|downtimes|plateaus|outages|applies|masked|episodes|book_\w+)\b")

CreateEpisodes = Callable[[QueryPool], None]
"""Creates the episodes and the tables of stretches that metrics read."""


@dataclass(frozen=True, slots=True)
class _Edges:
    """Uncertainty at the window's edges: `near` has the largest time error, ms, of a venue's lines close to an edge."""

    placed: bool
    has_lifecycle: bool
    near: dict[str, int]


def analyze_window(
    con: duckdb.DuckDBPyConnection,
    window: Window,
    only: Sequence[str] | None,
    create_episodes: CreateEpisodes,
    whole: RunAnalysis,
    words: Sequence[str] = (),
) -> RunAnalysis:
    """Cut the staged run to the window and return its analysis; the window replaces the whole in staging.

    Windows of `every` ticks have the metrics with a figure whose name contains one of `words`; without words, all.
    Raises `UsageError` where no record is in the window.
    """
    limits = {"segment": window.segment and str(window.segment), "last_ms": window.last_ms,
             "since_tick": window.since_tick, "until_tick": window.until_tick, "every": window.every}  # fmt: skip
    execute_with_memory(con, sql("window/ranges"), **limits)
    ranges = con.execute(
        "select life, first_seq, last_seq, since_tick, until_tick, from_ms, to_ms from window_range order by first_seq"
    ).fetchall()
    if not ranges:
        return _without_records(con, window, whole)
    execute_with_memory(con, sql("window/rename_full_tables"))
    part_metrics = _metric_names(whole, words) if words else only
    parts = []
    for life, first, _, since, until, from_ms, to_ms in ranges if window.every else ():
        figures = _figures(con, (first, first), part_metrics, create_episodes)
        parts.append(RunPart(life, since, until, from_ms, to_ms, figures))
    if replace(window, every=None) == WHOLE_RUN:
        return replace(whole, parts=tuple(parts))
    figures = _figures(con, (ranges[0][1], ranges[-1][1]), only, create_episodes)
    return replace(
        whole, run=_window_info(con, whole.run, window), figures=figures, episodes=episodes(con), compat=(),
        findings=(), parts=tuple(parts), closes=close_groups(con),
    )  # fmt: skip


def _metric_names(run: RunAnalysis, words: Sequence[str]) -> list[str]:
    chosen = [each.figure for each in run.figures if any(word in each.figure for word in words)]
    return [metric.name for metric in metrics() if any(metric.spec_of(name) for name in chosen)]


def _without_records(con: duckdb.DuckDBPyConnection, window: Window, run: RunAnalysis) -> RunAnalysis:
    ticks = con.execute("select min(t), max(t) from tick").fetchall()[0]
    if ticks != (None, None):
        raise UsageError(f"no record is in the window ({window}); the run has ticks {ticks[0]} to {ticks[1]}")
    figures = tuple(_unknown(each) if each.value is not None else each for each in run.figures)
    return replace(run, run=replace(run.run, window=str(window)), figures=figures)


def _window_info(con: duckdb.DuckDBPyConnection, run: RunInfo, window: Window) -> RunInfo:
    started, ended, observed = con.execute("select started_ms, ended_ms, observed_ms from run_info").fetchall()[0]
    times = {"started_ms": started, "ended_ms": ended, "observed_ms": observed}
    return replace(run, **times, requested_ms=None, window=str(window))


def _figures(
    con: duckdb.DuckDBPyConnection, firsts: tuple[int, int], only: Sequence[str] | None, create_episodes: CreateEpisodes
) -> tuple[Figure, ...]:
    execute_with_memory(con, sql("window/cut"), first_seq=firsts[0], last_seq=firsts[1])
    with query_pool(con) as pool:
        reads_episodes = only is None or any(_READS_EPISODES.search(m.query) for m in metrics() if m.name in only)

        def compute_figures() -> tuple[Figure, ...]:
            if reads_episodes:
                create_episodes(pool)
            ((placed, has_lifecycle, near),) = con.execute(sql("window/edges")).fetchall()
            return tuple(_cut(pool, only, _Edges(placed, has_lifecycle, _as_dict(near))))

        return with_age_bounds(con, compute_figures)


def _cut(pool: QueryPool, only: Sequence[str] | None, edges: _Edges) -> Iterator[Figure]:
    for metric, figure in by_metric(pool, only):
        lines = _READS_LINES.search(metric.query) is not None
        counters = not lines and _READS_COUNTERS.search(metric.query) is not None
        if figure.value is None:
            yield figure
        elif counters or (lines and not (edges.placed and edges.has_lifecycle)):
            yield _unknown(figure)
        elif lines and figure.scope in edges.near:
            note = f"lines near the edge of the window are placed to within {edges.near[figure.scope]} ms"
            yield replace(figure, bound=Bound.ESTIMATE, low=None, high=None, note=note)
        else:
            yield figure


def _unknown(figure: Figure) -> Figure:
    return replace(figure, value=None, n=0, bound=Bound.UNKNOWN, low=None, high=None, note=NOT_CUT)


def _as_dict(value: Any) -> dict[str, int]:
    return dict(value) if value else {}
