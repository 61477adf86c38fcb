"""Lines of the figures that count no episodes, for documents that cite them."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from toolkit.db.store import sql
from toolkit.model.runs import LineRef


def figure_lines(con: duckdb.DuckDBPyConnection) -> Mapping[str, tuple[LineRef, ...]]:
    """Return the lines of socket ends, pings and the publisher's counters of the staged run, by figure."""
    rows = con.execute(sql("figure_lines")).fetchall()
    return {figure: tuple((file, line) for file, line in lines) for figure, lines in rows}
