"""Bounds of figures that rest on apply ages which a clock set back may have made too small."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import duckdb

from toolkit.model.figures import Figure
from toolkit.model.vocabulary import Bound

NOTE = (
    "the wall clock was set back: until the next book of a venue, ages that its producer measures by it are too small"
)
_GROWS_WITH_AGES = re.compile(r"(age_apply|plateau_)|(fresh\.share|stale\.ms)$")
"""Figures that change in one direction with the ages, so the smallest and the largest ages give their bounds."""
_HIGHEST = """
create or replace view run_venue_ticks as
select v.* replace (coalesce(highest_ms, age_apply_ms) as age_apply_ms)
from venue_tick v left join doubted_age d on d.seq = v.seq and d.venue = v.venue
"""


def with_age_bounds(
    con: duckdb.DuckDBPyConnection, compute_figures: Callable[[], tuple[Figure, ...]]
) -> tuple[Figure, ...]:
    """Compute the figures of the staged run, or of a window of it, from the ages as recorded.

    Where ages are in doubt, the figures are computed a second time from the largest ages possible, and those that
    differ are not exact. `compute_figures` may add rows to the table `episode`; only those of the recorded ages stay.
    """
    if con.execute("select exists (from doubted_age semi join run_ticks using (seq))").fetchall() == [(False,)]:
        return compute_figures()
    con.execute("create or replace temp table kept_episode as from episode")
    con.execute(_HIGHEST)
    highest = {each.figure: each for each in compute_figures()}
    con.execute("create or replace view run_venue_ticks as select * from venue_tick")
    con.execute("delete from episode")
    con.execute("insert into episode from kept_episode")
    return tuple(_between(each, highest.get(each.figure, each)) for each in compute_figures())


def _between(recorded: Figure, highest: Figure) -> Figure:
    if recorded.value == highest.value and (recorded.low, recorded.high) == (highest.low, highest.high):
        return recorded
    note = f"{recorded.note}; {NOTE}" if recorded.note else NOTE
    ends = (recorded.low, recorded.high, highest.low, highest.high)
    known = [each for each in ends if each is not None]
    if len(known) < len(ends) or recorded.value is None or not _GROWS_WITH_AGES.match(recorded.metric):
        bound = recorded.bound if recorded.value is None else Bound.ESTIMATE
        return replace(recorded, bound=bound, low=None, high=None, note=note)
    return replace(recorded, bound=Bound.ESTIMATE, low=min(known), high=max(known), note=note)
