"""Mid of each venue over the course of a run, for a comparison of the market that two runs saw."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import numpy as np

from toolkit.db.store import sql
from toolkit.model.runs import MidSeries


def mid_series(con: duckdb.DuckDBPyConnection, venues: Iterable[str]) -> tuple[MidSeries, ...]:
    """Return the series of each of these venues of the staged run that ever has a mid."""
    found = ((venue, con.execute(sql("mid_series"), {"venue": venue}).fetchnumpy()) for venue in venues)
    series = (MidSeries(venue, *map(np.asarray, columns.values())) for venue, columns in found)
    return tuple(each for each in series if len(each.at_ms))
