"""Reasons to trust a difference: design, tests, false alarms on identical builds, what the runs could show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from reports.elements import Align, Cell, Column, Rich, Table
from reports.evidence.context import Context
from reports.evidence.wording import bold, figure_name, ratio, values
from reports.format import GAP, NOTHING, number
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.units import duration
from toolkit.model.vocabulary import Design


def sentences(context: Context) -> Iterator[Rich]:
    """Yield the sentences on the design of the comparison, its tests and their false alarms."""
    method = context.comparison.method
    runs = method.get("runs_per_side", 1)
    design = method.get("design") or ("one run a side" if runs == 1 else f"{runs} runs a side")
    design = _side_by_side(context, design)
    yield Rich((f"{design[:1].upper()}{design[1:]}. {_tests(context)} All other differences are observations.",))
    yield from _confirmation(context)
    if context.several_runs:
        too_few = (row.why for row in context.comparison.rows if "runs can show nothing" in row.why)
        yield from (Rich((f"{why}.",)) for why in islice(too_few, 1))
        medians = f"Values are medians of {method['runs_before']} runs before and {method['runs_after']} after"
        drawn = "pictures without a number show the first run of each side"
        yield Rich((f"{medians}; findings say in how many runs they occur; {drawn}.",))
    if (alarms := method.get("false_alarms")) is not None:
        measured = (
            f"at most {alarms * 100:.1f}{GAP}% of the tests of ages raise a false alarm (runbooks/calibration.md)"
        )
        yield Rich((f"Measured on pairs of identical synthetic builds, {measured}; counts are tested exactly.",))
    if (shift := context.pair.common_shift) is not None:
        least, most = (number(round(abs(each))) for each in sorted(shift, key=abs))
        by = least if least == most else f"{least} to {most}"
        moved = f"{'rose' if shift[0] > 0 else 'fell'} by {by}{GAP}ms"
        venues = "all venues" if context.pair.all_compared("age_event_ms.p50") else "all venues that can be compared"
        cause = "where the ticks fell between the messages of the venues, no change of a venue"
        yield Rich((f"The median event ages of {venues} {moved} together: {cause}.",))


def _side_by_side(context: Context, design: str) -> str:
    """Return the design with what the runs had in common, if one command made them at the same time."""
    pair = context.side_by_side
    if pair is None:
        return design
    venues = "same venues" if pair.same_venues else "each program's own choice of venues"
    text = f"{design}, same time, {venues}, same machine"
    if pair.order:
        text += f"; before is side {pair.side}, and side {pair.order[0]} was started first, at random"
    if pair.common_ms is not None and context.comparison.method.get("design") == Design.PAIRED:
        text += f"; ages are compared in the {duration(pair.common_ms[1] - pair.common_ms[0])} that both ran"
    reason = context.comparison.method.get("not_paired")
    return f"{text}. The ages were not compared part by part in time: {reason}" if reason else text


def _confirmation(context: Context) -> Iterator[Rich]:
    """Yield the result of the second pair of runs, where a regression of the first was to be confirmed."""
    if not context.checked_again:
        return
    text = Rich((bold("A second, fresh pair was run"), " to check what had got worse."))
    for state, figures in context.checked_again.items():
        more = f" and {len(figures) - _MOST_NAMED} more" if len(figures) > _MOST_NAMED else ""
        names = ", ".join(figure_name(each) for each in figures[:_MOST_NAMED])
        text += Rich((" ", bold(f"{state[:1].upper()}{state[1:]}:"), f" {names}{more}."))
    yield text


_MOST_NAMED = 4


def _tests(context: Context) -> str:
    tests = sum(context.comparison.method.get("tests", {}).values())
    observations = (found for each in context.evidence.answers for found in each.observations)
    declared = sum(found.p is not None for found in observations)
    family = (
        f" Declared beforehand and corrected apart: {declared}, tested in the declared direction." if declared else ""
    )
    figures = f"{number(tests)} of {number(len(context.comparison.rows))} figures were tested"
    return f"{figures}; p is corrected for their number (Holm, within each kind of figure).{family}"


_COLUMNS = (
    Column("figure"),
    Column("before → after", Align.RIGHT),
    Column("smallest fall shown", Align.RIGHT),
    Column("smallest rise shown", Align.RIGHT),
)
_METRICS = ("reconnects", "age_apply_ms.p95", "age_event_ms.p95")


def detectable(context: Context) -> Table:
    """Return the smallest changes of the main figures that these runs show with 80 % power."""
    rows = (context.row(f"{venue}.{metric}") for venue in context.venues for metric in _METRICS)
    return Table(_COLUMNS, tuple(_row(context, row) for row in rows if row is not None and _is_measured(context, row)))


def _is_measured(context: Context, row: ComparisonRow) -> bool:
    """Return True if a row has a smallest change and its values, if ages, are above the resolution of the ticks."""
    is_age = ".age_" in row.figure
    values_ms = (row.before or 0, row.after or 0)
    return row.mde is not None and (not is_age or min(values_ms) > context.resolution_ms)


def _row(context: Context, row: ComparisonRow) -> tuple[Cell | Rich, ...]:
    return (
        Cell(figure_name(row.figure)),
        values(context.sides, row.figure),
        Cell(_ratio(row.mde_fall)),
        Cell(_ratio(row.mde)),
    )


def _ratio(value: float | None) -> str:
    if value is None:
        return NOTHING
    return "none" if value <= 0 else f"×{GAP}{ratio(value)}"
