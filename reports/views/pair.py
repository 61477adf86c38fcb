"""View of two runs: their main changes, the review summary, and every figure of both sides in its section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reports.elements import FoldedFigures, Section
from reports.format import number
from reports.review_summary import ReviewSummary
from reports.section_layout import SectionLayout
from reports.views.run import RunView, worst_first
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.gates import GateResult
from toolkit.model.vocabulary import Verdict

COMMON_SHIFT_VENUES = 3
"""Minimum number of venues for a common shift: a similar change at all venues."""
OMITTABLE = {
    "unchanged": "figures that did not differ",
    "moved": "figures that differ without a row of their own",
    "not_comparable": "figures that may not be compared",
    "rows": "figures of the later sections that differ",
}
"""Parts that may be omitted from a page that is too long, the least important first."""


@dataclass(frozen=True)
class PairView:
    """A comparison and the names that the reader gave the two runs.

    `gates` are the gate results of both sides. `omitted` holds the keys of `OMITTABLE` that were left out to fit the
    page into `limit` characters.
    """

    comparison: RunComparison
    names: tuple[str, str]
    gates: tuple[GateResult, GateResult] | None = None
    omitted: tuple[str, ...] = ()
    limit: int = 0

    @cached_property
    def before(self) -> RunView:
        """View of the run before the change."""
        return RunView(self.comparison.before, self.names[0], "before")

    @cached_property
    def after(self) -> RunView:
        """View of the run after the change."""
        return RunView(self.comparison.after, self.names[1], "after")

    @property
    def sides(self) -> tuple[RunView, RunView]:
        """Both runs, before first."""
        return self.before, self.after

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Venues of both runs, worst first."""
        return worst_first(self.before, self.after)

    @cached_property
    def rows(self) -> Mapping[str, ComparisonRow]:
        """Rows of the comparison by full name of their figure."""
        return {row.figure: row for row in self.comparison.rows}

    @property
    def verdicts(self) -> Mapping[str, int]:
        """Number of rows with each verdict, differences first."""
        counts = Counter(row.verdict for row in self.comparison.rows)
        words = {verdict: verdict.replace("_", " ") for verdict in Verdict} | {Verdict.DESCRIPTIVE: "without a test"}
        return {words[verdict]: counts[verdict] for verdict in Verdict if counts[verdict]}

    def figures_with(self, verdict: str) -> tuple[str, ...]:
        """Full names of the figures with this verdict."""
        return tuple(row.figure for row in self.comparison.rows if row.verdict == verdict)

    @property
    def blocked(self) -> tuple[RunView, ...]:
        """Sides that never ran."""
        return tuple(run for run in self.sides if run.blocked)

    @property
    def feeds(self) -> tuple[str, ...]:
        """Kind of feed of the sides that ran: one text if they agree, else one for each side."""
        ran = [run for run in self.sides if not run.blocked]
        kinds = tuple(dict.fromkeys(run.feed for run in ran))
        return kinds if len(kinds) < 2 else tuple(f"{run.feed} {run.side}" for run in ran)

    def venues_without_book(self, run: RunView) -> tuple[str, ...]:
        """Return the venues that had no book at any time in a run."""
        return tuple(venue for venue in self.venues if run.value(f"{venue}.age_apply_unknown.share") == 1)

    def compared(self, metric: str) -> tuple[ComparisonRow, ...]:
        """Return the rows of one metric, worst venue first, that may be compared and have two values.

        Venues that had no book in one of the runs are left out: their reconnects and ages are meaningless, and the
        page reports the missing book itself.
        """
        without_book = {venue for run in self.sides for venue in self.venues_without_book(run)}
        rows = (self.rows.get(f"{venue}.{metric}") for venue in self.venues if venue not in without_book)
        return tuple(row for row in rows if row and row.verdict is not Verdict.NOT_COMPARABLE and row.delta is not None)

    def all_compared(self, metric: str) -> bool:
        """Return True if the metric can be compared at every venue."""
        return len(self.compared(metric)) == len(self.venues)

    @property
    def common_shift(self) -> tuple[float, float] | None:
        """Smallest and largest change (ms) of the median event age, if all that can be compared changed alike.

        Alike is in one direction, by less than a tick and by amounts within a quarter of the largest.

        The offset of the ticks against the venues' messages is fixed when a run starts. It shifts the event ages of all
        venues together, so such a shift is not a change of any venue. None if there is no such shift.
        """
        deltas = [row.delta or 0 for row in self.compared("age_event_ms.p50")]
        least, most = min(deltas, key=abs, default=0), max(deltas, key=abs, default=0)
        alike = len(deltas) >= COMMON_SHIFT_VENUES and len({each > 0 for each in deltas}) == 1
        small = abs(most) < self.resolution_ms and abs(most - least) <= abs(most) / 4
        return (least, most) if alike and small and abs(least) >= 1 else None

    @property
    def resolution_ms(self) -> float:
        """Median time between ticks in ms, the larger of both sides; 0 if neither is known."""
        return max(run.resolution_ms or 0 for run in self.sides)

    @cached_property
    def _layout(self) -> SectionLayout:
        scopes = dict.fromkeys(("run", *self.venues, *(name.split(".", 1)[0] for name in self.rows)))
        ratio = self.comparison.method["duration_ratio"]
        return SectionLayout(self.rows, self.sides, tuple(scopes), self.venues, self.resolution_ms, ratio)

    @cached_property
    def sections(self) -> Mapping[str, Section]:
        """Sections by name, with each figure of either side in exactly one."""
        return self._layout.by_section()

    @property
    def shared_remarks(self) -> Mapping[str, int]:
        """Remarks that the page shows once for many figures, with the number of figures."""
        return self._layout.shared_remarks

    @property
    def omitted_text(self) -> tuple[str, ...]:
        """Descriptions of the omitted parts, each with its number of figures."""
        sections = tuple(self.sections.values())
        counts = {
            "unchanged": sum(each.unchanged.figures + _count(each.zero) + _count(each.unknown) for each in sections),
            "moved": sum(each.moved.figures for each in sections),
            "not_comparable": sum(grid.figures for each in sections for grid in each.not_comparable),
            "rows": sum(len(each.table.rows) for each in sections if each.low_priority),
        }
        return tuple(f"{number(counts[key])} {text}" for key, text in OMITTABLE.items() if key in self.omitted)

    @cached_property
    def review(self) -> ReviewSummary:
        """Answers to a reviewer's first questions."""
        return ReviewSummary(self.comparison, self.sides, self.gates)


def _count(lines: Iterable[FoldedFigures]) -> int:
    return sum(line.figures for line in lines)
