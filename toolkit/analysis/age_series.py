"""Percentiles of ages over the course of a run, for tests of their difference."""

from __future__ import annotations

import duckdb

from toolkit.db.store import sql
from toolkit.model.runs import AgeSeries

BATCHES = 8
STEPS = 240
MIN_TICKS = 4 * STEPS
"""Ticks below which a run has no series: a step would hold fewer than four."""


def age_series(con: duckdb.DuckDBPyConnection) -> tuple[AgeSeries, ...]:
    """Return the series of each age percentile of the staged run, where every part of it has a known age."""
    parameters = {"batches": BATCHES, "steps": STEPS, "min_ticks": MIN_TICKS}
    rows = con.execute(sql("age_series"), parameters).fetchall()
    return tuple(AgeSeries(figure, tuple(batches), tuple(steps)) for figure, batches, steps in rows)
