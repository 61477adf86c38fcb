"""The four tables of the document: reconnects by reason, ages, publisher pressure, cap hits.

Rows that moved stand in the open table; rows that read the same on both sides are folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.elements import Align, Cell, Column, Rich, Table
from reports.evidence.context import Context
from reports.evidence.wording import (
    NO_DIFFERENCE,
    change,
    interval,
    is_tested,
    ratio,
    reason_text,
    values,
    verdict_text,
)
from reports.format import NOTHING, number
from reports.views.run import RunView
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.runbooks.references import Runbook, reference
from toolkit.model.vocabulary import Bound


@dataclass(frozen=True, slots=True)
class MovedAndSame:
    """A table of the rows that moved, and one of the rows that read the same. Both have the same columns.

    `nothing` is the sentence that stands instead of the first table where no row moved.
    """

    moved: Table
    same: Table
    nothing: str = ""

    @property
    def has_unknown(self) -> bool:
        """Return True if a column tells the share of the time without a known age."""
        return _UNKNOWN_COLUMN in self.moved.columns

    @property
    def same_text(self) -> str:
        """Number of rows that read the same, in words."""
        of_ages = " or differ by less than a tick" if self.nothing == _NO_AGE else ""
        return f"{self.same_count} row{' reads' if self.same_count == 1 else 's read'} the same{of_ages}"

    @property
    def same_count(self) -> int:
        """Number of rows that read the same."""
        return len(self.same.rows)


_Row = tuple[Cell | Rich, ...]


def _split(columns: tuple[Column, ...], rows: Iterable[tuple[bool, _Row]], nothing: str) -> MovedAndSame:
    rows = list(rows)
    moved, same = (tuple(row for moved, row in rows if moved is state) for state in (True, False))
    return MovedAndSame(Table(columns, moved), Table(columns, same), nothing)


_REASON_COLUMNS = (
    Column("venue"),
    Column("ended by"),
    Column("before → after", Align.RIGHT),
    Column("ratio, 95 % interval", Align.RIGHT),
    Column("verdict"),
)


def reconnects(context: Context) -> MovedAndSame:
    """Return the reconnects of each venue and reason that occurred in either run."""
    rows: list[tuple[bool, _Row]] = []
    for venue in context.venues:
        prefix = f"{venue}.reconnects"
        names = [prefix, *(name for name in context.pair.rows if name.startswith(f"{prefix}."))]
        for name in names:
            if name == prefix or any(run.value(name) for run in context.sides):
                rows.append(_count_row(context, venue, name, "all" if name == prefix else name.rpartition(".")[2]))
    return _split(_REASON_COLUMNS, rows, "Reconnects are the same at every venue, by every reason.")


def _count_row(context: Context, venue: str, figure: str, reason: str) -> tuple[bool, _Row]:
    row = context.row(figure)
    return _moved(context, figure), (
        Cell(venue, strong=reason == "all"),
        Cell(reason_text(reason), strong=reason == "all", entry=reference(Runbook.REASONS, reason)),
        values(context.sides, figure),
        Cell(_interval_text(row)),
        Cell(_verdict(context, row), strong=bool(row and is_tested(row))),
    )


def _moved(context: Context, figure: str) -> bool:
    """Return True if the values of a figure read differently on the two sides, by more than one tick for ages."""
    row = context.row(figure)
    if row is None or len({run.text(figure) for run in context.sides}) == 1:
        return False
    return is_tested(row) or change(row, context.resolution_ms) != "within a tick"


def _interval_text(row: ComparisonRow | None) -> str:
    if row is None or row.ratio is None or not row.delta or row.low is None or _says_nothing(row):
        return NOTHING
    return f"{ratio(row.ratio)}, {interval(row.low, row.high)}"


def _says_nothing(row: ComparisonRow) -> bool:
    """Return True for an interval that excludes neither a fall to a quarter nor a rise to four times."""
    return row.low is not None and row.low < 1 / _WIDE and (row.high is None or row.high > _WIDE)


_WIDE = 4
"""Ratio, and its inverse, that a useful interval excludes one of."""


def _verdict(context: Context, row: ComparisonRow | None) -> str:
    if context.blocked:
        return "not compared"
    if row is not None and row.verdict not in ("improved", "regressed", "not_comparable") and not row.delta:
        return NO_DIFFERENCE
    return verdict_text(row)


_PERCENTILES = ("p50", "p95", "p99")
_AGE_COLUMNS = (Column("venue"), *(Column(f"{percentile}, s", Align.RIGHT) for percentile in _PERCENTILES))
_UNKNOWN_COLUMN = Column("unknown", Align.RIGHT)
_NO_AGE = "No age moved by more than one tick."


def ages(context: Context, kind: str) -> MovedAndSame:
    """Return the percentiles of the ages of each venue in seconds; `kind` is `apply` or `event`.

    Apply ages have the share of the time without a known one beside them.
    """
    rows = [_age_row(context, venue, kind) for venue in context.venues]
    unknown = (_UNKNOWN_COLUMN,) if kind == "apply" else ()
    return _split((*_AGE_COLUMNS, *unknown, Column("verdict")), rows, _NO_AGE)


def _age_row(context: Context, venue: str, kind: str) -> tuple[bool, _Row]:
    names = [f"{venue}.age_{kind}_ms.{percentile}" for percentile in _PERCENTILES]
    found = [row for name in names if (row := context.row(name))]
    tested = [row for row in found if is_tested(row)]
    return any(_moved(context, name) for name in names), (
        Cell(venue, strong=bool(tested)),
        *(values(context.sides, name, in_seconds=True) for name in names),
        *([values(context.sides, f"{venue}.age_apply_unknown.share")] if kind == "apply" else []),
        Cell(_age_verdict(context, found, tested), strong=bool(tested)),
    )


def _age_verdict(context: Context, rows: Sequence[ComparisonRow], tested: Sequence[ComparisonRow]) -> str:
    if tested:
        return "; ".join(f"{row.figure.rpartition('.')[2]} {verdict_text(row)}" for row in tested)
    return _verdict(context, rows[0] if rows else None)


def age_samples(context: Context) -> str:
    """Return the number of ages behind the percentiles: `2 398 to 2 399 samples a venue`."""
    counts = [
        figure.n
        for run in context.sides
        for venue in run.venues
        if (figure := run.figures.get(f"{venue}.age_apply_ms.p50")) and figure.value is not None
    ]
    if not counts:
        return "no sample"
    low, high = number(min(counts)), number(max(counts))
    return f"{low} samples a venue" if low == high else f"{low} to {high} samples a venue"


_COUNTER_COLUMNS = (
    Column("counter"),
    Column("before → after", Align.RIGHT),
    Column("change", Align.RIGHT),
    Column("verdict"),
    Column("remark"),
)
_CAP_METRICS = ("cap_hits", "cap_hits.ticks", "cap_hits.max_per_tick")


def publisher(context: Context) -> MovedAndSame:
    """Return the counters of the market publisher."""
    metrics = RunView.PUBLISHER_METRICS
    return _counters(context, metrics, "The publisher's counters read the same on both sides.")


def cap_hits(context: Context) -> MovedAndSame:
    """Return the hits of the cap on events per tick."""
    return _counters(context, _CAP_METRICS, "Cap hits read the same on both sides.")


def _counters(context: Context, metrics: Sequence[str], nothing: str) -> MovedAndSame:
    known = [metric for metric in metrics if f"run.{metric}" in context.pair.rows]
    return _split(_COUNTER_COLUMNS, _merged([_counter_row(context, metric) for metric in known]), nothing)


def _merged(rows: Iterable[tuple[bool, _Row]]) -> Iterator[tuple[bool, _Row]]:
    """Yield the rows; neighbours that read the same but for their first cell share a row."""
    for (moved, *_), group in groupby(rows, lambda row: (row[0], *map(_plain, row[1][1:]))):
        cells = [row for _, row in group]
        names = ", ".join(_plain(row[0]) for row in cells)
        yield moved, (Cell(names), *cells[0][1:])


def _plain(cell: Cell | Rich) -> str:
    return cell.text if isinstance(cell, Cell) else str(cell)


def _counter_row(context: Context, metric: str) -> tuple[bool, _Row]:
    figure = f"run.{metric}"
    row = context.row(figure)
    figures = [found for run in context.sides if (found := run.figures.get(figure))]
    notes = dict.fromkeys(each.note for each in figures if each.note and each.bound is not Bound.UNKNOWN)
    return _moved(context, figure), (
        Cell(metric.rpartition(".")[2].replace("_", " ") if metric != "cap_hits" else "cap hits"),
        values(context.sides, figure),
        Cell((change(row, context.resolution_ms) if row else "") or NOTHING),
        Cell(_verdict(context, row)),
        Cell("; ".join(notes)),
    )
