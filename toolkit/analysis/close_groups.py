"""Closes of sockets by a venue, grouped by what the log states about them."""

from __future__ import annotations

import duckdb

from toolkit.db.store import sql
from toolkit.model.closes import CloseGroup

REGULAR = 0.05
"""Largest distance of a regular close's age from the median of its group, as a share of the median."""


def close_groups(con: duckdb.DuckDBPyConnection) -> tuple[CloseGroup, ...]:
    """Return the groups of the run in the scope views, by venue, the largest first."""
    rows = con.execute(sql("close_groups"), {"regular": REGULAR}).fetchall()
    return tuple(
        CloseGroup(venue, code, reason, count, tuple(zip(files, lines, strict=True)), *ages)
        for venue, code, reason, count, files, lines, *ages in rows
    )
