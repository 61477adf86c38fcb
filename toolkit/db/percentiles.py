"""SQL function `percentiles` of the staging database."""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb.func import PythonUDFType

_SHARES = (50 / 100, 95 / 100, 99 / 100, 1.0)


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Register `percentiles(double[]) → double[]`: percentiles 50, 95, 99 and 100; an empty list for an empty list.

    Values may come in any order. DuckDB's own quantile functions use another formula and sort several times slower.
    """
    con.create_function("percentiles", _percentiles, ["double[]"], "double[]", type=PythonUDFType.ARROW)


def _percentiles(lists: pa.ChunkedArray) -> pa.Array:
    found = [_percentiles_of(np.sort(each.values.to_numpy())) if len(each) else [] for each in lists]
    return pa.array(found, pa.list_(pa.float64()))


def _percentiles_of(ascending: npt.NDArray[np.float64]) -> list[float]:
    return [_interpolated(ascending, (len(ascending) - 1) * share) for share in _SHARES]


def _interpolated(ascending: npt.NDArray[np.float64], position: float) -> float:
    """Interpolate linearly between neighbours, with the order of operations of the SQL macro `percentile`."""
    index = int(position)
    below = float(ascending[index])
    if index == position:
        return below
    return below * (index + 1 - position) + float(ascending[index + 1]) * (position - index)
