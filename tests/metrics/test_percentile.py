"""The percentile of every page is the common Python formula, bit for bit."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.store import connect, execute_script, sql

CON = connect(":memory:")
CON.execute("create table log_part (file_no integer, log_no integer)")
execute_script(CON, sql("scope"))


def by_the_formula(values: list[int], p: float) -> float | None:
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
    assert got == by_the_formula(values, p)
