"""Arrange the figures of two runs in sections: changed figures in rows, the others in grids or single lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reports.elements import Align, Cell, CellKind, Column, FigureGrid, FoldedFigures, Section, Table
from reports.format import change, equal_lengths, number, overlap, per_hour
from reports.sections import arrange
from reports.views.run import RunView
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.vocabulary import Bound, Verdict

ROW_COLUMNS = (
    Column("venue"),
    Column("figure"),
    Column("before", Align.RIGHT),
    Column("n", Align.RIGHT),
    Column("after", Align.RIGHT),
    Column("n", Align.RIGHT),
    Column("change", Align.RIGHT),
    Column("verdict"),
)
GRID_FROM = 8
"""Number of figures not comparable for the same reason from which they share a grid instead of a row each."""
SHARED_REMARK_FROM = 20
"""Number of figures with the same remark from which the page shows it once instead of in each row."""
LOW_PRIORITY_SECTIONS = ("recovery", "engine", "sampling", "other")
LAST_SECTION = "other"
"""Section of the figures that no other section lists. Its changed figures share a grid if they have no remark."""


@dataclass(frozen=True)
class SectionLayout:
    """Assigns the rows of a comparison to sections.

    `scopes` are the venues and `run` in page order, `resolution_ms` is the time between ticks (0 if not known), and
    `duration_ratio` the range of after over before in which hourly rates count as equal.
    """

    rows: Mapping[str, ComparisonRow]
    sides: tuple[RunView, RunView]
    scopes: Sequence[str]
    venues: Sequence[str]
    resolution_ms: float
    duration_ratio: tuple[float, float]

    @property
    def blocked(self) -> bool:
        """Return True if a side never ran, so that it has no figures."""
        return any(run.blocked for run in self.sides)

    def by_section(self) -> dict[str, Section]:
        """Return the sections by name, with each figure of either side in exactly one place."""
        metrics = [row.figure.split(".", 1)[1] for row in self.rows.values()]
        return {section: self._section(section, names) for section, names in arrange(metrics).items()}

    def differs(self, row: ComparisonRow) -> bool:
        """Return True if the values differ, or equal counts have hourly rates with a ratio outside `duration_ratio`."""
        before, after = row.before_per_hour, row.after_per_hour
        low, high = self.duration_ratio
        return bool(row.delta) or bool(before and after and not low <= after / before <= high)

    def _section(self, section: str, metrics: Sequence[str]) -> Section:
        names = [f"{scope}.{metric}" for scope in self.scopes for metric in metrics]
        places: dict[str, list[ComparisonRow]] = {
            place: [] for place in ("row", "moved", "unchanged", "zero", "unknown")
        }
        for name in names:
            if row := self.rows.get(name):
                places[self._place(row, section)].append(row)
        grids = self._not_comparable_grids(places["row"], metrics)
        grid_reasons = {grid.reason for grid in grids}
        rows = [
            row for row in places["row"] if row.verdict is not Verdict.NOT_COMPARABLE or row.why not in grid_reasons
        ]
        return Section(
            table=Table(ROW_COLUMNS, tuple(self._row(row) for row in rows)),
            moved=self._grid(places["moved"], metrics),
            unchanged=self._grid(places["unchanged"], metrics),
            zero=self._folded(places["zero"]),
            unknown=self._folded(places["unknown"]),
            within_error=sum(self._within_error(row) for row in places["moved"]),
            not_comparable=grids,
            low_priority=section in LOW_PRIORITY_SECTIONS,
        )

    def _not_comparable_grids(self, rows: Sequence[ComparisonRow], metrics: Sequence[str]) -> tuple[FigureGrid, ...]:
        """Return a grid for each reason for which at least `GRID_FROM` figures may not be compared."""
        by_reason: dict[str, list[ComparisonRow]] = {}
        for row in rows:
            if row.verdict is Verdict.NOT_COMPARABLE:
                by_reason.setdefault(row.why, []).append(row)
        return tuple(
            replace(self._grid(same_reason, metrics), reason=reason)
            for reason, same_reason in by_reason.items()
            if len(same_reason) >= GRID_FROM
        )

    def _place(self, row: ComparisonRow, section: str) -> str:
        """Return the place of a row in its section: `row`, `moved`, `unchanged`, `zero` or `unknown`."""
        if place := self._place_without_value(row):
            return place
        if self.blocked:
            return "unchanged"
        if row.verdict is Verdict.NOT_COMPARABLE:
            return "row"
        if len(set(self._texts(row))) == 1 and not (row.delta == 0 and self.differs(row)):
            return "unchanged"
        return "moved" if self._within_error(row) or (section == LAST_SECTION and not self._remarks(row)) else "row"

    def _place_without_value(self, row: ComparisonRow) -> str | None:
        """Return `unknown` if no side has a value, `zero` if every side that ran has an exact 0, else None."""
        running = [run for run in self.sides if not run.blocked]
        known = [figure for run in running if (figure := run.figures.get(row.figure)) and figure.value is not None]
        if not known:
            return "unknown"
        zero = len(known) == len(running) and all(each.value == 0 and each.bound is Bound.EXACT for each in known)
        return "zero" if zero and not any(text.startswith("<") for text in self._texts(row)) else None

    def _within_error(self, row: ComparisonRow) -> bool:
        before, after = (run.figures.get(row.figure) for run in self.sides)
        return row.before_per_hour is None and overlap(before, after)

    def _texts(self, row: ComparisonRow) -> list[str]:
        return [run.text(row.figure) for run in self.sides]

    def _row(self, row: ComparisonRow) -> tuple[Cell, ...]:
        scope, metric = row.figure.split(".", 1)
        before, after = self.sides
        return (
            Cell(scope),
            Cell(metric, row.figure, kind=CellKind.NAME),
            *self._values(before, row.figure, row.n_before, row.before_per_hour),
            *self._values(after, row.figure, row.n_after, row.after_per_hour),
            Cell(change(row, metric, self.resolution_ms)),
            Cell(self._verdict_text(row)),
        )

    def _values(self, run: RunView, figure: str, n: int, rate: float | None) -> tuple[Cell, Cell]:
        # Counts of runs of one length need no rates, and one event has none.
        is_shown = not self.equal_lengths and (run.value(figure) or 0) > 1
        return Cell(run.text(figure) + (per_hour(rate, run.figures.get(figure)) if is_shown else ""), figure), Cell(
            number(n)
        )

    @cached_property
    def equal_lengths(self) -> bool:
        """Return True if both runs last about equally long."""
        before, after = (run.analysis.run.observed_ms for run in self.sides)
        return equal_lengths(before, after)

    def _verdict_text(self, row: ComparisonRow) -> str:
        """Return the verdict with the remarks that the page does not show once for many figures."""
        remarks = "; ".join(self._remarks(row))
        verdict = "" if row.verdict is Verdict.DESCRIPTIVE else row.verdict.replace("_", " ")
        return f"{verdict} ({remarks})".strip() if remarks else verdict

    def _remarks(self, row: ComparisonRow) -> list[str]:
        return [remark for remark in self._all_remarks(row) if remark not in self.shared_remarks]

    def _all_remarks(self, row: ComparisonRow) -> list[str]:
        """Return the row's reasons and the notes of its figures that the reasons do not repeat."""
        notes = (figure.note for run in self.sides if (figure := run.figures.get(row.figure)))
        not_comparable = row.verdict is Verdict.NOT_COMPARABLE
        remarks = dict.fromkeys([row.why] if not_comparable else row.why.split("; "))
        remarks |= dict.fromkeys(note for note in notes if note and note not in row.why)
        return [remark for remark in remarks if remark]

    @cached_property
    def shared_remarks(self) -> Mapping[str, int]:
        """Remarks that at least `SHARED_REMARK_FROM` figures share, with the number of figures."""
        compared = (row for row in self.rows.values() if row.verdict is not Verdict.NOT_COMPARABLE)
        rows = [row for row in compared if not self._place_without_value(row)]
        counts = Counter(remark for row in rows for remark in self._all_remarks(row))
        return {remark: count for remark, count in counts.items() if count >= SHARED_REMARK_FROM}

    def _grid(self, rows: Sequence[ComparisonRow], metrics: Sequence[str]) -> FigureGrid:
        """Return a grid with a row per metric, a column per scope with a value, and the number of samples."""
        by_name = {row.figure: row for row in rows}
        scopes = [scope for scope in self.scopes if any(name.startswith(f"{scope}.") for name in by_name)]
        columns = (Column("figure"), *(Column(scope, Align.RIGHT) for scope in scopes), Column("n", Align.RIGHT))
        shown = [metric for metric in metrics if any(f"{scope}.{metric}" in by_name for scope in scopes)]
        cells = (
            tuple(self._grid_cells(metric, [by_name.get(f"{scope}.{metric}") for scope in scopes])) for metric in shown
        )
        return FigureGrid(Table(columns, tuple(cells)), len(by_name))

    def _grid_cells(self, metric: str, rows: Sequence[ComparisonRow | None]) -> Iterator[Cell]:
        yield Cell(metric, kind=CellKind.NAME)
        for row in rows:
            yield Cell("") if row is None else Cell(self._value_text(row), row.figure)
        counts = [n for row in rows if row is not None for n in self._sample_counts(row)]
        low, high = min(counts), max(counts)
        yield Cell(number(low) if low == high else f"{number(low)} to {number(high)}")

    def _value_text(self, row: ComparisonRow) -> str:
        texts = [run.text(row.figure) for run in self.sides if not run.blocked]
        return texts[0] if len(set(texts)) == 1 else " → ".join(texts)

    def _sample_counts(self, row: ComparisonRow) -> list[int]:
        counts = zip(self.sides, (row.n_before, row.n_after), strict=True)
        return [n for run, n in counts if not run.blocked]

    def _folded(self, rows: Iterable[ComparisonRow]) -> tuple[FoldedFigures, ...]:
        """Return the rows folded by note and scopes: metrics with the same of both share a line."""
        scopes: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            scope, metric = row.figure.split(".", 1)
            scopes.setdefault((metric, self._notes(row)), []).append(scope)
        lines: dict[tuple[tuple[str, ...], str], list[str]] = {}
        counts: Counter[tuple[tuple[str, ...], str]] = Counter()
        for (metric, note), with_metric in scopes.items():
            all_scopes = set(with_metric) in ({"run"}, set(self.venues))
            key = (() if all_scopes else tuple(with_metric), note)
            lines.setdefault(key, []).append(metric)
            counts[key] += len(with_metric)
        return tuple(FoldedFigures(tuple(names), key[0], key[1] or None, counts[key]) for key, names in lines.items())

    def _notes(self, row: ComparisonRow) -> str:
        figures = (run.figures.get(row.figure) for run in self.sides if not run.blocked)
        return "; ".join(dict.fromkeys(each.note for each in figures if each is not None and each.note))
