"""Data of a run's pictures: its ages over time, their distribution, and the events to mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from toolkit.db.store import sql
from toolkit.model.pictures import CURVE_STEPS, QUANTILES, AgeCurve, AgeStretch, EventMark, RunPictures

SECOND_MS = 1_000


def pictures(con: duckdb.DuckDBPyConnection) -> RunPictures | None:
    """Return the pictures' data of the staged run; None where no record has a time."""
    ((start_ms, end_ms, tick_ms),) = con.execute(sql("pictures/span")).fetchall()
    if start_ms is None:
        return None
    seconds = (end_ms - start_ms) // SECOND_MS + 1
    step_ms = -(-seconds // CURVE_STEPS) * SECOND_MS
    parameters = {"start_ms": start_ms, "end_ms": end_ms, "step_ms": step_ms, "shares": list(QUANTILES)}
    curves = [
        AgeCurve(venue, limit_ms, tuple(ages), tuple(apply_ms or ()), tuple(event_ms or ()))
        for venue, limit_ms, ages, apply_ms, event_ms in con.execute(sql("pictures/age_curves"), parameters).fetchall()
    ]
    stretches = tuple(AgeStretch(*row) for row in _rows_with_lines(con, "pictures/stretches"))
    marks = tuple(EventMark(*row) for row in _rows_with_lines(con, "pictures/event_marks"))
    return RunPictures(start_ms, end_ms, tick_ms or 0.0, step_ms, tuple(curves), stretches, marks)


def _rows_with_lines(con: duckdb.DuckDBPyConnection, name: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query whose last column lists lines as JSON."""
    for *row, lines in con.execute(sql(name)).fetchall():
        yield *row, tuple((file, line) for file, line in json.loads(lines))
