"""Series over the course of a run that a comparison needs: percentiles of ages, and the mid of each venue."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np

from toolkit.db.store import sql
from toolkit.model.series import AGE_BATCHES, AGE_STEPS, AgeSeries, MidSeries

MIN_TICKS = 4 * AGE_STEPS
"""Ticks below which a run has no series: a step would hold fewer than four."""


def age_series(con: duckdb.DuckDBPyConnection, part_ms: tuple[int, int] | None = None) -> tuple[AgeSeries, ...]:
    """Return the series of each age percentile of the staged run, where every part of it has a known age.

    `part_ms` is the time that the series cover, from and until (epoch ms); None for the whole run.
    """
    from_ms, until_ms = part_ms or (None, None)
    parameters = {
        "batches": AGE_BATCHES, "steps": AGE_STEPS, "min_ticks": MIN_TICKS, "from_ms": from_ms, "until_ms": until_ms,
    }  # fmt: skip
    rows = con.execute(sql("age_series"), parameters).fetchall()
    return tuple(AgeSeries(figure, tuple(batches), tuple(steps)) for figure, batches, steps in rows)


def mid_series(con: duckdb.DuckDBPyConnection, venues: Iterable[str]) -> tuple[MidSeries, ...]:
    """Return the series of each of these venues of the staged run that ever has a mid."""
    found = ((venue, con.execute(sql("mid_series"), {"venue": venue}).fetchnumpy()) for venue in venues)
    series = (MidSeries(venue, *map(np.asarray, columns.values())) for venue, columns in found)
    return tuple(each for each in series if len(each.at_ms))
