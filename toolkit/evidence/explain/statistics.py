"""Statistics by name: the value that the rows of the table `evidence` give, the steps to it, and the rows to show."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from reports.format import number
from toolkit.evidence.explain.sources import Source
from toolkit.evidence.explain.stored_run import Connection
from toolkit.model.units import thousands


@dataclass(frozen=True, slots=True)
class Outcome:
    """Value of a statistic, None without rows.

    `chosen` is an SQL condition on the rows of `evidence` whose lines are shown, in the `order` of an SQL list.
    """

    value: float | None
    steps: tuple[str, ...] = ()
    chosen: str = "hit"
    order: str = "ord"


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of `evidence` on a connection, their source, and the name of the statistic: `p95`, `max`, `sum`, …"""

    con: Connection
    source: Source
    name: str


Statistic = Callable[[Sample], Outcome]

_LARGEST_FIRST = "amount desc, ord"
_FIRST_AND_LAST = "ord in (select unnest([min(ord), max(ord)]) from evidence where hit)"


def statistic(name: str) -> Statistic:
    """Return the function of a statistic: `p95`, `max`, `count`, …"""
    return STATISTICS.get(name) or _percentile


def _row(sample: Sample, expressions: str, condition: str = "hit and amount is not null") -> tuple[Any, ...]:
    (row,) = sample.con.execute(f"select {expressions} from evidence where {condition}").fetchall()
    return tuple(row)


def join_stretches(con: Connection, source: Source) -> None:
    """Replace the rows that count by stretches of successive ones; a stretch has the lines of its ends."""
    con.execute("create or replace temp table single as from evidence")
    con.execute(
        "create or replace temp table evidence as with parted as"
        " (select *, sum((not hit)::int) over (partition by venue, life order by ord) as part from single)"
        " select venue, life, min(ord) as ord, true as hit, count(*) as ticks, sum(weight) as ms,"
        f" {source.stretch}::double as amount, [arg_min(shown, ord)[1], arg_max(shown, ord)[1]] as shown,"
        " count(*) || ' records' || coalesce(', ' || round(sum(weight))::bigint || ' ms', '') as about"
        " from parted where hit group by venue, life, part having count(*) >= ?",
        [source.least],
    )


def _percentile(sample: Sample) -> Outcome:
    (n,) = _row(sample, "count(*)")
    if not n:
        return Outcome(None)
    share = int(sample.name[1:]) / 100
    position = (n - 1) * share
    ranks = (math.floor(position), math.ceil(position))
    low, high = (
        sample.con.execute(
            "select amount from evidence where hit and amount is not null order by amount limit 1 offset ?", [rank]
        ).fetchall()[0][0]
        for rank in ranks
    )
    value = low if ranks[0] == position else low * (ranks[0] + 1 - position) + high * (position - ranks[0])
    steps = [
        f"{thousands(n)} values in ascending order: {sample.name} stands at position (n − 1) · {share:g} ="
        f" {f'{position:.2f}'.rstrip('0').rstrip('.')}, counted from 0",
        f"rank {thousands(ranks[0] + 1)} has {_plain(low)}, rank {thousands(ranks[1] + 1)} has {_plain(high)}"
        + ("" if low == high else f"; interpolated {_plain(value)}"),
    ]
    at_low, below = _row(sample, f"count(*) filter (amount = {low!r}), count(*) filter (amount < {low!r})")
    steps.append(f"{thousands(below)} values are smaller; {thousands(at_low)} equal that of the lower rank")
    return Outcome(value, tuple(steps), f"hit and amount in ({low!r}, {high!r})")


def _weighted_percentile(sample: Sample) -> Outcome:
    share = int(sample.name[1:]) / 100
    rows = sample.con.execute(
        "select amount, sum(sum(weight)) over (order by amount) as reached, sum(sum(weight)) over () as total"
        " from evidence where hit and amount is not null group by amount order by amount"
    ).fetchall()
    found = next((row for row in rows if row[1] is not None and row[1] >= share * row[2]), None)
    if found is None:
        return Outcome(None)
    value, reached, total = found
    steps = (
        f"{thousands(total)} ms have a known value; {number(share * 100)} % of them are {thousands(share * total)} ms",
        f"values up to {_plain(value)} cover {thousands(reached)} ms: the smallest that cover that share",
    )
    return Outcome(value, steps, f"hit and amount = {value!r}")


def _extreme(sample: Sample) -> Outcome:
    value, n = _row(sample, f"{sample.name}(amount), count(*)")
    if value is None:
        return Outcome(None)
    (times,) = _row(sample, f"count(*) filter (amount = {value!r})")
    word = "largest" if sample.name == "max" else "smallest"
    return Outcome(
        value,
        (f"the {word} of {thousands(n)} values is {_plain(value)}, {_times(times)}",),
        f"hit and amount = {value!r}",
    )


def _extreme_or_zero(sample: Sample) -> Outcome:
    outcome = _extreme(replace(sample, name="max"))
    return outcome if outcome.value is not None else Outcome(0.0, ("none: 0",), "hit")


def _mean(sample: Sample) -> Outcome:
    total, n = _row(sample, "sum(amount::decimal(38, 9)), count(*)")
    value, low, high = _row(sample, "favg(amount), min(amount), max(amount)")
    if value is None:
        return Outcome(None)
    steps = (
        f"the sum of {thousands(n)} values is {number(float(total))}; divided by {thousands(n)}: {_plain(value)}",
        f"the smallest value is {_plain(low)}, the largest {_plain(high)}; shown are lines with these two",
    )
    return Outcome(value, steps, f"hit and amount in ({low!r}, {high!r})", "amount desc, ord")


def _count(sample: Sample) -> Outcome:
    (n,) = _row(sample, "count(*)", "hit")
    return Outcome(float(n))


def _sum(sample: Sample) -> Outcome:
    total, n, some = _row(sample, "fsum(amount), count(*), count(*) filter (amount <> 0)")
    if not n:
        return Outcome(0.0 if sample.name != "sum" or not sample.source.among else None)
    ends = "" if some else "; shown are the first and the last"
    steps = (f"{thousands(some)} of {thousands(n)} values are not 0; their sum is {_plain(total)}{ends}",)
    return Outcome(total, steps, "hit and amount <> 0" if some else _FIRST_AND_LAST, _LARGEST_FIRST)


def _sum_of_all(sample: Sample) -> Outcome:
    total, n = _row(sample, "sum(amount), count(*)")
    return (
        Outcome(total, (f"last time minus first time of each life, summed: {_plain(total or 0)}",))
        if n
        else Outcome(None)
    )


def _rounded_sum(sample: Sample) -> Outcome:
    outcome = _sum(sample)
    return Outcome(_half_up(outcome.value or 0), outcome.steps, outcome.chosen, outcome.order)


def _half_up(value: float) -> float:
    return float(math.floor(value + 0.5))


_TOTALS = """
with stepped as (
    select *, lag(amount) over same as earlier from evidence where hit
    window same as (partition by life, venue, name, kind, by_event order by ord)
),
totals as (
    select life, venue, name, kind, by_event, count(*) as n, count(*) filter (amount < earlier) as falls,
           coalesce(sum(earlier) filter (amount < earlier), 0) + arg_max(amount, ord) as total
    from stepped group by all
)
select life, venue, name, max(total), sum(n), sum(falls) from totals group by life, venue, name order by all
"""


def _total(sample: Sample) -> Outcome:
    """Total of counters: the last reading of each life, and the one before each fall (the count started again)."""
    rows = sample.con.execute(_TOTALS).fetchall()
    if not rows:
        return Outcome(None)
    readings, falls = sum(int(row[4]) for row in rows), sum(int(row[5]) for row in rows)
    value = sum(row[3] for row in rows)
    terms = " + ".join(_plain(row[3]) for row in rows[:_SHOWN_TERMS]) + (" + …" if len(rows) > _SHOWN_TERMS else "")
    again = ", plus each reading before such a fall" if falls else ""
    steps = (
        f"readings of totals so far: {thousands(readings)}; a total began again at 0: {_times(falls)}",
        f"the last reading of each life and counter{again}: {terms}" + (f" = {_plain(value)}" if len(rows) > 1 else ""),
    )
    chosen = (
        "hit and (ord in (select max(ord) from evidence where hit group by life, venue, name, kind, by_event)"
        " or after < value)"
    )
    return Outcome(value, steps, chosen)


_SHOWN_TERMS = 8
"""Largest number of terms of a sum that a step shows."""


def _time(sample: Sample) -> Outcome:
    ms, n = _row(sample, "sum(ms), count(*)", "hit")
    known, other = sample.con.execute("select sum(weight), sum(weight) filter (not hit) from single").fetchall()[0]
    if known is None:
        return Outcome(None)
    whole = (sample.con.execute(sample.source.whole).fetchall()[0][0] if sample.source.whole else None) or known
    ms = whole - (other or 0) if sample.source.complement else ms or 0
    steps = [
        f"stretches that they form: {thousands(n)}, in total {_plain(ms)} ms (a record weighs the time to the next)"
    ]
    value = ms
    if sample.name == "share":
        value = ms / whole if whole else None
        steps.append(f"divided by the {_plain(whole)} ms of all these records")
    return Outcome(value, tuple(steps), "hit", _LARGEST_FIRST)


def _share_of_count(sample: Sample) -> Outcome:
    hits, n = _row(sample, "count(*) filter (hit), count(*)", "true")
    return Outcome(hits / n if n else None, (f"{thousands(hits)} divided by {thousands(n)}",))


def _share_of_sum(sample: Sample) -> Outcome:
    total, n = _row(sample, "sum(amount), count(*)")
    whole = sample.con.execute(sample.source.whole or "select null").fetchall()[0][0]
    if not n or not whole:
        return Outcome(None)
    return Outcome(total / whole, (f"their sum {_plain(total)} divided by {_plain(whole)}",), "hit", _LARGEST_FIRST)


def _last(sample: Sample) -> Outcome:
    value, n = _row(sample, "arg_max(amount, ord), count(*)")
    if not n:
        return Outcome(None)
    return Outcome(
        value,
        (f"the last of {thousands(n)} values",),
        "ord = (select max(ord) from evidence where hit and amount is not null)",
    )


def _deviation(sample: Sample) -> Outcome:
    value, n = _row(sample, "stddev_pop(amount), count(*)")
    return Outcome(
        value if n > 1 else None,
        (f"standard deviation of {thousands(n)} values; shown are the largest",) if n > 1 else (),
        "hit and amount is not null",
        "abs(amount) desc, ord",
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{thousands(count)} times"


def _plain(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 10_000 else number(value)


STATISTICS: dict[str, Statistic] = {
    "count": _count, "max": _extreme, "min": _extreme, "mean": _mean, "sum": _sum, "total": _total, "time": _time,
    "share": _time, "max_or_0": _extreme_or_zero, "longest_ms": _extreme_or_zero, "total_ms": _sum,
    "rounded_sum": _rounded_sum, "sum_of_all": _sum_of_all, "share_of_count": _share_of_count,
    "share_of_sum": _share_of_sum, "last": _last, "deviation": _deviation, "weighted_percentile": _weighted_percentile,
}  # fmt: skip
"""Functions by name; `p50`, `p95`, … are percentiles."""
