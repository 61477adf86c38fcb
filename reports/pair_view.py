"""Two runs as a page shows them: what moved, then every figure of both sides in its section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reports.elements import Align, Cell, Column, FoldedFigures, Section, Table
from reports.format import number
from reports.review_summary import ReviewSummary
from reports.run_view import RunView, files_table, worst_first
from reports.section_layout import SectionLayout
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.gates import GateResult
from toolkit.model.vocabulary import Verdict

ALL_TOGETHER = 3
"""So many venues that move alike move together, and not each for a reason of its own."""
LEAVE_OUT = {
    "same": "figures that did not differ",
    "moved": "figures that only moved",
    "withheld": "figures that may not be compared",
    "rows": "figures of the later sections that differ",
}
"""What may be left out of a page that is too long, first the least worth reading."""
HEADLINE_METRICS = ("reconnects", "age_apply_ms.p95", "age_apply_unknown.share")
"""What the first table shows of each venue."""


@dataclass(frozen=True)
class PairView:
    """A comparison under the names its reader gave the two runs.

    `gates` are the verdicts on both sides. `without` names the parts that were left out so that the page fits into
    `limit` characters.
    """

    comparison: RunComparison
    names: tuple[str, str]
    gates: tuple[GateResult, GateResult] | None = None
    without: tuple[str, ...] = ()
    limit: int = 0

    @cached_property
    def before(self) -> RunView:
        """The run before."""
        return RunView(self.comparison.before, self.names[0], "before")

    @cached_property
    def after(self) -> RunView:
        """The run after."""
        return RunView(self.comparison.after, self.names[1], "after")

    @property
    def sides(self) -> tuple[RunView, RunView]:
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
    def blocked(self) -> tuple[RunView, ...]:
        """The sides that never ran."""
        return tuple(run for run in self.sides if run.blocked)

    @property
    def feeds(self) -> tuple[str, ...]:
        """The kind of feed of the sides that ran: one word where they agree, else one for each side."""
        ran = [run for run in self.sides if not run.blocked]
        kinds = tuple(dict.fromkeys(run.feed for run in ran))
        return kinds if len(kinds) < 2 else tuple(f"{run.feed} {run.side}" for run in ran)

    def silent(self, run: RunView) -> tuple[str, ...]:
        """The venues that never spoke in a run."""
        return tuple(venue for venue in self.venues if run.value(f"{venue}.age_apply_unknown.share") == 1)

    @property
    def files(self) -> Table:
        """The files of both runs."""
        return files_table(*self.sides)

    def compared(self, metric: str) -> tuple[ComparisonRow, ...]:
        """The rows of one metric, worst venue first, that may be compared and have two values.

        A venue that never spoke in a run has no reconnects and no ages to compare: it is the finding itself.
        """
        silent = {venue for run in self.sides for venue in self.silent(run)}
        rows = (self.rows.get(f"{venue}.{metric}") for venue in self.venues if venue not in silent)
        return tuple(row for row in rows if row and row.verdict is not Verdict.NOT_COMPARABLE and row.delta is not None)

    def moved(self, metric: str, step: float = 0) -> tuple[ComparisonRow, ...]:
        """The compared rows of a metric that differ, and by `step` at least: the largest difference first."""
        rows = [row for row in self.compared(metric) if self._parts.differs(row) and abs(row.delta or 0) >= step]
        return tuple(sorted(rows, key=lambda row: -abs(row.delta or 0)))

    def equal(self, metric: str) -> tuple[ComparisonRow, ...]:
        """The compared rows of a metric that do not differ."""
        return tuple(row for row in self.compared(metric) if not self._parts.differs(row))

    def reasons(self, metric: str) -> tuple[str, ...]:
        """Why rows of a metric may not be compared, each reason once."""
        rows = (self.rows.get(f"{venue}.{metric}") for venue in self.venues)
        why = dict.fromkeys(row.why for row in rows if row and row.verdict is Verdict.NOT_COMPARABLE)
        return tuple(why) or ("no venue spoke in both runs",)

    @property
    def common_shift(self) -> tuple[float, float] | None:
        """The least and the most by which the median event age moved, where every venue's moved alike by under a tick.

        When the ticks fall between the frames is drawn once for a run and moves all venues together.
        """
        moved = [row.delta or 0 for row in self.compared("age_event_ms.p50")]
        least, most = min(moved, key=abs, default=0), max(moved, key=abs, default=0)
        alike = len(moved) >= ALL_TOGETHER and len({each > 0 for each in moved}) == 1
        small = abs(most) < self.resolution_ms and abs(most - least) <= abs(most) / 4
        return (least, most) if alike and small and abs(least) >= 1 else None

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
    def _parts(self) -> SectionLayout:
        scopes = dict.fromkeys(("run", *self.venues, *(name.split(".", 1)[0] for name in self.rows)))
        ratio = self.comparison.method["duration_ratio"]
        return SectionLayout(self.rows, self.sides, tuple(scopes), self.venues, self.resolution_ms, ratio)

    @cached_property
    def parts(self) -> Mapping[str, Section]:
        """The figures of both sides by section, each in exactly one."""
        return self._parts.by_section()

    @property
    def common(self) -> Mapping[str, int]:
        """What many rows have to say and the page says once, with their number."""
        return self._parts.common

    @property
    def left_out(self) -> tuple[str, ...]:
        """The parts that were left out, in words with their counts."""
        held = tuple(self.parts.values())
        counts = {
            "same": sum(part.same.figures + _folded(part.zero) + _folded(part.unknown) for part in held),
            "moved": sum(part.moved.figures for part in held),
            "withheld": sum(grid.figures for part in held for grid in part.withheld),
            "rows": sum(len(part.table.rows) for part in held if part.minor),
        }
        return tuple(f"{number(counts[name])} {words}" for name, words in LEAVE_OUT.items() if name in self.without)

    @cached_property
    def answers(self) -> ReviewSummary:
        """What a reviewer asks first."""
        return ReviewSummary(self.comparison, self.sides, self.gates)


def _folded(rows: Iterable[FoldedFigures]) -> int:
    return sum(row.figures for row in rows)


_HEADLINE_COLUMNS = (
    Column("venue"),
    Column("reconnects before → after", Align.RIGHT),
    Column("verdict"),
    Column("apply age p95 before → after", Align.RIGHT),
    Column("verdict"),
    Column("unknown age", Align.RIGHT),
)
