"""The figures of two runs by section: those that moved a row each, those that did not side by side or in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reports.elements import Align, Cell, CellKind, Column, FoldedFigures, Grid, Section, Table
from reports.format import change, number, overlap, per_hour
from reports.run_view import RunView
from reports.sections import arrange
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
MANY = 8
"""So many figures that may not be compared for the same reason are shown side by side."""
COMMON = 20
"""A remark on so many figures is said once for all."""
MINOR_SECTIONS = ("keeping", "engine", "sampling", "other")
LAST_SECTION = "other"
"""Where figures that only moved stand side by side: it has those that no other section asks for."""


@dataclass(frozen=True)
class SectionLayout:
    """The rows of a comparison on their way to their sections; `scopes` is the order in which a page has them."""

    rows: Mapping[str, ComparisonRow]
    sides: tuple[RunView, RunView]
    scopes: Sequence[str]
    venues: Sequence[str]
    resolution_ms: float
    duration_ratio: tuple[float, float]

    @property
    def blocked(self) -> bool:
        """Whether a side has no figures of its own."""
        return any(run.blocked for run in self.sides)

    def by_section(self) -> dict[str, Section]:
        """The figures of both sides by section, each in exactly one place."""
        metrics = [row.figure.split(".", 1)[1] for row in self.rows.values()]
        return {section: self._part(section, held) for section, held in arrange(metrics).items()}

    def differs(self, row: ComparisonRow) -> bool:
        """Whether two values differ, or two equal counts of runs whose lengths are too different to call them equal."""
        before, after = row.before_per_hour, row.after_per_hour
        low, high = self.duration_ratio
        return bool(row.delta) or bool(before and after and not low <= after / before <= high)

    def _part(self, section: str, metrics: Sequence[str]) -> Section:
        names = [f"{scope}.{metric}" for scope in self.scopes for metric in metrics]
        kinds: dict[str, list[ComparisonRow]] = {kind: [] for kind in ("row", "moved", "same", "zero", "unknown")}
        for name in names:
            if row := self.rows.get(name):
                kinds[self._kind(row, section)].append(row)
        withheld = self._withheld(kinds["row"], metrics)
        alike = {grid.why for grid in withheld}
        rows = [row for row in kinds["row"] if row.verdict is not Verdict.NOT_COMPARABLE or row.why not in alike]
        return Section(
            Table(ROW_COLUMNS, tuple(self._row(row) for row in rows)),
            self._grid(kinds["moved"], metrics),
            self._grid(kinds["same"], metrics),
            self._folded(kinds["zero"]),
            self._folded(kinds["unknown"]),
            sum(self._within_errors(row) for row in kinds["moved"]),
            withheld,
            section in MINOR_SECTIONS,
        )

    def _withheld(self, rows: Sequence[ComparisonRow], metrics: Sequence[str]) -> tuple[Grid, ...]:
        """Figures that may not be compared, side by side where many have the same reason."""
        by_reason: dict[str, list[ComparisonRow]] = {}
        for row in rows:
            if row.verdict is Verdict.NOT_COMPARABLE:
                by_reason.setdefault(row.why, []).append(row)
        many = {why: held for why, held in by_reason.items() if len(held) >= MANY}
        return tuple(replace(self._grid(held, metrics), why=why) for why, held in many.items())

    def _kind(self, row: ComparisonRow, section: str) -> str:
        """Where a row stands: alone only if there is more to say of it than one value or two."""
        if silent := self._silent(row):
            return silent
        if self.blocked:
            return "same"
        if row.verdict is Verdict.NOT_COMPARABLE:
            return "row"
        if len(set(self._words(row))) == 1 and not (row.delta == 0 and self.differs(row)):
            return "same"
        return "moved" if self._within_errors(row) or (section == LAST_SECTION and not self._reasons(row)) else "row"

    def _silent(self, row: ComparisonRow) -> str | None:
        """Whether all that is known of a row is an exact 0, or nothing at all."""
        running = [run for run in self.sides if not run.blocked]
        known = [figure for run in running if (figure := run.figures.get(row.figure)) and figure.value is not None]
        if not known:
            return "unknown"
        zero = len(known) == len(running) and all(each.value == 0 and each.bound is Bound.EXACT for each in known)
        return "zero" if zero and not any(words.startswith("<") for words in self._words(row)) else None

    def _within_errors(self, row: ComparisonRow) -> bool:
        before, after = (run.figures.get(row.figure) for run in self.sides)
        return row.before_per_hour is None and overlap(before, after)

    def _words(self, row: ComparisonRow) -> list[str]:
        return [run.words(row.figure) for run in self.sides]

    def _row(self, row: ComparisonRow) -> tuple[Cell, ...]:
        scope, metric = row.figure.split(".", 1)
        before, after = self.sides
        return (
            Cell(scope),
            Cell(metric, row.figure, kind=CellKind.NAME),
            *self._values(before, row.figure, row.n_before, row.before_per_hour),
            *self._values(after, row.figure, row.n_after, row.after_per_hour),
            Cell(change(row, metric, self.resolution_ms)),
            Cell(self._said(row)),
        )

    def _values(self, run: RunView, figure: str, n: int, rate: float | None) -> tuple[Cell, Cell]:
        return Cell(run.words(figure) + per_hour(rate, run.figures.get(figure)), figure), Cell(number(n))

    def _said(self, row: ComparisonRow) -> str:
        """The verdict and its reason, and the notes of the figures that the reason does not repeat."""
        said = "; ".join(self._reasons(row))
        return row.verdict.replace("_", " ") + (f" ({said})" if said else "")

    def _reasons(self, row: ComparisonRow) -> list[str]:
        return [reason for reason in self._every_reason(row) if reason not in self.common]

    def _every_reason(self, row: ComparisonRow) -> list[str]:
        notes = (figure.note for run in self.sides if (figure := run.figures.get(row.figure)))
        withheld = row.verdict is Verdict.NOT_COMPARABLE
        reasons = dict.fromkeys([row.why] if withheld else row.why.split("; "))
        reasons |= dict.fromkeys(note for note in notes if note and note not in row.why)
        return [reason for reason in reasons if reason]

    @cached_property
    def common(self) -> Mapping[str, int]:
        """What so many rows have to say that it is said once, and how many they are."""
        compared = (row for row in self.rows.values() if row.verdict is not Verdict.NOT_COMPARABLE)
        rows = [row for row in compared if not self._silent(row)]
        counts = Counter(reason for row in rows for reason in self._every_reason(row))
        return {reason: count for reason, count in counts.items() if count >= COMMON}

    def _grid(self, rows: Sequence[ComparisonRow], metrics: Sequence[str]) -> Grid:
        """A row per metric, a column per scope that has one of them, and the samples that the values rest on."""
        held = {row.figure: row for row in rows}
        scopes = [scope for scope in self.scopes if any(name.startswith(f"{scope}.") for name in held)]
        columns = (Column("figure"), *(Column(scope, Align.RIGHT) for scope in scopes), Column("n", Align.RIGHT))
        shown = [metric for metric in metrics if any(f"{scope}.{metric}" in held for scope in scopes)]
        cells = (tuple(self._cells(metric, [held.get(f"{scope}.{metric}") for scope in scopes])) for metric in shown)
        return Grid(Table(columns, tuple(cells)), len(held))

    def _cells(self, metric: str, rows: Sequence[ComparisonRow | None]) -> Iterator[Cell]:
        yield Cell(metric, kind=CellKind.NAME)
        for row in rows:
            yield Cell("") if row is None else Cell(self._both(row), row.figure)
        counts = [n for row in rows if row is not None for n in self._counts(row)]
        low, high = min(counts), max(counts)
        yield Cell(number(low) if low == high else f"{number(low)} to {number(high)}")

    def _both(self, row: ComparisonRow) -> str:
        words = [run.words(row.figure) for run in self.sides if not run.blocked]
        return words[0] if len(set(words)) == 1 else " → ".join(words)

    def _counts(self, row: ComparisonRow) -> list[int]:
        counts = zip(self.sides, (row.n_before, row.n_after), strict=True)
        return [n for run, n in counts if not run.blocked]

    def _folded(self, rows: Iterable[ComparisonRow]) -> tuple[FoldedFigures, ...]:
        """The rows in as few lines as say the same of the same scopes."""
        scopes: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            scope, metric = row.figure.split(".", 1)
            scopes.setdefault((metric, self._notes(row)), []).append(scope)
        alike: dict[tuple[tuple[str, ...], str], list[str]] = {}
        counts: Counter[tuple[tuple[str, ...], str]] = Counter()
        for (metric, note), held in scopes.items():
            everywhere = set(held) in ({"run"}, set(self.venues))
            key = (() if everywhere else tuple(held), note)
            alike.setdefault(key, []).append(metric)
            counts[key] += len(held)
        return tuple(FoldedFigures(tuple(names), key[0], key[1] or None, counts[key]) for key, names in alike.items())

    def _notes(self, row: ComparisonRow) -> str:
        figures = (run.figures.get(row.figure) for run in self.sides if not run.blocked)
        return "; ".join(dict.fromkeys(each.note for each in figures if each is not None and each.note))
