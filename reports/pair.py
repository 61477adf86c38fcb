"""Two runs as a page shows them: what moved, then every figure of both sides in its section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reports.page import Align, Cell, Column, Folded, Kind, Part, Table
from reports.sections import arrange
from reports.single import RunPage, files_table, worst_first
from reports.values import NOTHING, change, number, per_hour
from toolkit.records import Comparison, ComparisonRow
from toolkit.vocabulary import Bound, Verdict

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
HEADLINE_METRICS = ("reconnects", "age_apply_ms.p95", "age_apply_unknown.share")
"""What the first table shows of each venue."""


@dataclass(frozen=True)
class PairPage:
    """A comparison under the names its reader gave the two runs."""

    comparison: Comparison
    names: tuple[str, str]

    @cached_property
    def before(self) -> RunPage:
        """The run before."""
        return RunPage(self.comparison.before, self.names[0], "before")

    @cached_property
    def after(self) -> RunPage:
        """The run after."""
        return RunPage(self.comparison.after, self.names[1], "after")

    @property
    def sides(self) -> tuple[RunPage, RunPage]:
        """Both runs, in order."""
        return self.before, self.after

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """The venues of both runs, worst first."""
        return worst_first(self.before, self.after)

    @cached_property
    def rows(self) -> Mapping[str, ComparisonRow]:
        """The rows of the comparison by full name of their figure."""
        return {row.figure: row for row in self.comparison.rows}

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many rows have each verdict."""
        return Counter(row.verdict.replace("_", " ") for row in self.comparison.rows)

    @property
    def blocked(self) -> tuple[RunPage, ...]:
        """The sides that never ran."""
        return tuple(run for run in self.sides if run.blocked)

    @property
    def feeds(self) -> tuple[str, ...]:
        """The kind of feed of the sides that ran: one word where they agree, else one for each side."""
        ran = [run for run in self.sides if not run.blocked]
        kinds = tuple(dict.fromkeys(run.feed for run in ran))
        return kinds if len(kinds) < 2 else tuple(f"{run.feed} {run.side}" for run in ran)

    def silent(self, run: RunPage) -> tuple[str, ...]:
        """The venues that never spoke in a run."""
        return tuple(venue for venue in self.venues if run.value(f"{venue}.age_apply_unknown.share") == 1)

    @property
    def files(self) -> Table:
        """The files of both runs."""
        return files_table(*self.sides)

    def compared(self, metric: str) -> tuple[ComparisonRow, ...]:
        """The rows of one metric, worst venue first, that may be compared and have two values."""
        rows = (self.rows.get(f"{venue}.{metric}") for venue in self.venues)
        return tuple(row for row in rows if row and row.verdict is not Verdict.NOT_COMPARABLE and row.delta is not None)

    def moved(self, metric: str, step: float = 0) -> tuple[ComparisonRow, ...]:
        """The compared rows of a metric that differ, and by `step` at least: the largest difference first."""
        rows = [row for row in self.compared(metric) if self._differs(row) and abs(row.delta or 0) >= step]
        return tuple(sorted(rows, key=lambda row: -abs(row.delta or 0)))

    def equal(self, metric: str) -> tuple[ComparisonRow, ...]:
        """The compared rows of a metric that do not differ."""
        return tuple(row for row in self.compared(metric) if not self._differs(row))

    def _differs(self, row: ComparisonRow) -> bool:
        """Whether two values differ, or two equal counts of runs whose lengths are too different to call them equal."""
        before, after = row.before_per_hour, row.after_per_hour
        low, high = self.comparison.method["duration_ratio"]
        return bool(row.delta) or bool(before and after and not low <= after / before <= high)

    def reasons(self, metric: str) -> tuple[str, ...]:
        """Why rows of a metric may not be compared, each reason once."""
        rows = (self.rows.get(f"{venue}.{metric}") for venue in self.venues)
        return tuple(dict.fromkeys(row.why for row in rows if row and row.verdict is Verdict.NOT_COMPARABLE))

    @property
    def resolution_ms(self) -> float:
        """The coarser of the two sides' steps between ticks, 0 where neither is known."""
        return max(run.resolution_ms or 0 for run in self.sides)

    def both(self, figure: str) -> str:
        """Both sides of a figure: `10 → 1`, one value where they read the same."""
        texts = [run.words(figure) for run in self.sides]
        return texts[0] if texts[0] == texts[1] else " → ".join(texts)

    def rates(self, figure: str) -> str:
        """The hourly rates of both sides of a count: ` (60.0 → 6.0 per h)`, empty where there are none."""
        row = self.rows.get(figure)
        if row is None or row.before_per_hour is None or row.after_per_hour is None:
            return ""
        return f" ({row.before_per_hour:.1f} → {row.after_per_hour:.1f}\u00a0per\u00a0h)"

    @property
    def headline(self) -> Table:
        """A row per venue, worst first, with what a reviewer looks at first; rows that moved are strong."""
        return Table(_HEADLINE_COLUMNS, tuple(self._headline_row(venue) for venue in self.venues))

    def _headline_row(self, venue: str) -> tuple[Cell, ...]:
        reconnects, age, unknown = (f"{venue}.{metric}" for metric in HEADLINE_METRICS)
        moved = self.rows.get(reconnects) in self.moved("reconnects")
        return (
            Cell(venue, strong=moved),
            Cell(self.both(reconnects) + (self.rates(reconnects) if moved else ""), reconnects, moved),
            Cell(self._verdict(reconnects), strong=moved),
            Cell(self.both(age), age),
            Cell(self._verdict(age)),
            Cell(self.both(unknown), unknown),
        )

    def _verdict(self, figure: str) -> str:
        row = self.rows.get(figure)
        return "not comparable" if row is None else row.verdict.replace("_", " ")

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """The figures of both sides by section, each in exactly one."""
        metrics = [row.figure.split(".", 1)[1] for row in self.comparison.rows]
        return {section: self._part(held) for section, held in arrange(metrics).items()}

    def _part(self, metrics: Iterable[str]) -> Part:
        scopes = dict.fromkeys(("run", *self.venues, *(name.split(".", 1)[0] for name in self.rows)))
        held = list(metrics)
        names = [f"{scope}.{metric}" for scope in scopes for metric in held]
        ranked = [(row, self._kind(row)) for name in names if (row := self.rows.get(name))]
        return Part(
            Table(ROW_COLUMNS, tuple(self._row(row) for row, kind in ranked if kind == "row")),
            self._folded([row for row, kind in ranked if kind == "zero"]),
            self._folded([row for row, kind in ranked if kind == "unknown"]),
        )

    def _kind(self, row: ComparisonRow) -> str:
        """Whether a row deserves a line: not if all that is known of it is an exact 0, or nothing at all."""
        known = [figure for run in self.sides if (figure := run.figures.get(row.figure)) and figure.value is not None]
        if not known:
            return "unknown"
        running = sum(not run.blocked for run in self.sides)
        zero = len(known) == running and all(each.value == 0 and each.bound is Bound.EXACT for each in known)
        below_a_tick = any(run.words(row.figure).startswith("<") for run in self.sides)
        return "zero" if zero and not below_a_tick else "row"

    def _row(self, row: ComparisonRow) -> tuple[Cell, ...]:
        scope, metric = row.figure.split(".", 1)
        return (
            Cell(scope),
            Cell(metric, row.figure, kind=Kind.NAME),
            *self._values(self.before, row.figure, row.n_before, row.before_per_hour),
            *self._values(self.after, row.figure, row.n_after, row.after_per_hour),
            Cell(NOTHING if self.blocked else change(row, metric, self.resolution_ms)),
            Cell(self._said(row)),
        )

    def _values(self, run: RunPage, figure: str, n: int, rate: float | None) -> tuple[Cell, Cell]:
        rated = "" if run.blocked else per_hour(rate, run.figures.get(figure))
        return Cell(run.words(figure) + rated, figure), Cell(NOTHING if run.blocked else number(n))

    def _said(self, row: ComparisonRow) -> str:
        """The verdict and its reason, and the notes of the figures that the reason does not repeat."""
        notes = (figure.note for run in self.sides if (figure := run.figures.get(row.figure)) and not run.blocked)
        # A blocked side is the reason of every row: it is said once, at the top.
        reasons = dict.fromkeys([] if self.blocked else [row.why])
        reasons |= dict.fromkeys(note for note in notes if note and note not in row.why)
        said = "; ".join(reason for reason in reasons if reason)
        return row.verdict.replace("_", " ") + (f" ({said})" if said else "")

    def _folded(self, rows: Iterable[ComparisonRow]) -> tuple[Folded, ...]:
        """The rows in as few lines as say the same of the same scopes."""
        scopes: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            scope, metric = row.figure.split(".", 1)
            scopes.setdefault((metric, self._notes(row)), []).append(scope)
        metrics: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for (metric, note), held in scopes.items():
            everywhere = set(held) in ({"run"}, set(self.venues))
            metrics.setdefault((() if everywhere else tuple(held), note), []).append(metric)
        return tuple(Folded(tuple(names), where, note or None) for (where, note), names in metrics.items())

    def _notes(self, row: ComparisonRow) -> str:
        figures = (run.figures.get(row.figure) for run in self.sides if not run.blocked)
        return "; ".join(dict.fromkeys(each.note for each in figures if each is not None and each.note))


_HEADLINE_COLUMNS = (
    Column("venue"),
    Column("reconnects before → after", Align.RIGHT),
    Column("verdict"),
    Column("apply age p95 before → after", Align.RIGHT),
    Column("verdict"),
    Column("unknown age", Align.RIGHT),
)
