"""Percentiles of ages over the course of a run, for tests of their difference."""

from __future__ import annotations

import duckdb

from toolkit.db.store import sql
from toolkit.model.runs import AGE_BATCHES, AGE_STEPS, AgeSeries

MIN_TICKS = 4 * AGE_STEPS
"""Ticks below which a run has no series: a step would hold fewer than four."""


def age_series(con: duckdb.DuckDBPyConnection) -> tuple[AgeSeries, ...]:
    """Return the series of each age percentile of the staged run, where every part of it has a known age."""
    parameters = {"batches": AGE_BATCHES, "steps": AGE_STEPS, "min_ticks": MIN_TICKS}
    rows = con.execute(sql("age_series"), parameters).fetchall()
    return tuple(AgeSeries(figure, tuple(batches), tuple(steps)) for figure, batches, steps in rows)
