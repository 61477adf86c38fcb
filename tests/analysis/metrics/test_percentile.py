"""The percentile query agrees with the common Python formula bit for bit."""

from __future__ import annotations

import math
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.analysis.metrics import create_run_views
from toolkit.db.staging import staging_database
from toolkit.db.store import MEMORY_MB, connect

CON = connect(":memory:")
CON.execute("create table log_part (file_no integer, log_no integer)")
CON.execute("create table life_step (seq bigint, step_ms bigint, at_least boolean)")
create_run_views(CON)


@pytest.fixture(scope="module")
def staging() -> Iterator[duckdb.DuckDBPyConnection]:
    with staging_database(MEMORY_MB) as con:
        yield con


def reference_percentile(values: list[int] | list[float], p: float) -> float | None:
    if not values:
        return None
    values = sorted(values)
    position = (len(values) - 1) * (p / 100.0)
    below, above = math.floor(position), math.ceil(position)
    if below == above:
        return float(values[below])
    return values[below] * (above - position) + values[above] * (position - below)


@settings(max_examples=300)
@given(st.lists(st.integers(0, 100_000), max_size=60), st.sampled_from([50, 95, 99]))
def test_a_percentile_agrees_with_the_formula_in_every_bit(values: list[int], p: int) -> None:
    (got,) = CON.execute("select percentile(list_sort(?::bigint[]), ?)", [values, p]).fetchone() or (None,)
    assert got == reference_percentile(values, p)


@settings(max_examples=300)
@given(st.lists(st.floats(-1e9, 1e9), max_size=60))
def test_the_percentiles_of_a_list_in_any_order_agree_with_the_formula_in_every_bit(
    staging: duckdb.DuckDBPyConnection, values: list[float]
) -> None:
    (got,) = staging.execute("select percentiles(?::double[])", [values]).fetchone() or (None,)
    assert got == ([reference_percentile(values, p) for p in (50, 95, 99, 100)] if values else [])


def test_a_null_list_has_null_percentiles_and_does_not_affect_others(staging: duckdb.DuckDBPyConnection) -> None:
    rows = staging.execute("select percentiles(l) from (values (null), ([4, 1]::bigint[])) as lists (l)").fetchall()
    assert rows == [(None,), ([2.5, 1 * (1 - 0.95) + 4 * 0.95, 1 * (1 - 0.99) + 4 * 0.99, 4.0],)]
