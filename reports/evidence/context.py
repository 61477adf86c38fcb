"""Context that all parts of the document share: the evidence, both sides, and the venues in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reports.views.pair import PairView
from reports.views.run import RunView
from toolkit.model.comparisons import ComparisonRow, RunComparison
from toolkit.model.evidence import Evidence, Specification, run_name
from toolkit.model.recorded.run_meta import PairSide
from toolkit.model.runs import pair_of
from toolkit.model.vocabulary import Design, Verdict

RESULT_METRICS = (
    "reconnects", "connect_failures", "age_apply_ms.p50", "age_apply_ms.p95", "age_apply_ms.p99", "age_event_ms.p50",
    "age_event_ms.p95", "age_event_ms.p99", "plateau_10s.count", "plateau_30s.count", "resyncs",
)  # fmt: skip
"""Metrics that decide the result of a venue on the first screen."""
_TESTED = (Verdict.IMPROVED, Verdict.REGRESSED)


@dataclass(frozen=True)
class Context:
    """The evidence of a document and views of its parts."""

    evidence: Evidence

    @property
    def comparison(self) -> RunComparison:
        """The comparison of both runs."""
        return self.evidence.comparison

    @property
    def specification(self) -> Specification | None:
        """Specification that people wrote about the change; None where they stated nothing."""
        return self.evidence.specification

    @cached_property
    def pair(self) -> PairView:
        """View of both runs."""
        return PairView(self.comparison, self.evidence.names, self.evidence.gates)

    @property
    def several_runs(self) -> bool:
        """True if a side has several runs: the figures of its run are then their medians."""
        return self.comparison.method.get("design") == Design.SEVERAL_RUNS

    @cached_property
    def runs(self) -> tuple[tuple[RunView, ...], tuple[RunView, ...]]:
        """Views of the runs of each side, before first. Of several, the second is `before 2`."""
        sides = (self.comparison.runs_before, self.comparison.runs_after)
        before, after = (
            tuple(
                RunView(run, "" if number > 1 else view.name, run_name(view.side, number))
                for number, run in enumerate(runs or (view.analysis,), 1)
            )
            for view, runs in zip(self.sides, sides, strict=True)
        )
        return before, after

    @property
    def all_runs(self) -> tuple[RunView, ...]:
        """Views of all runs, those before the change first."""
        return (*self.runs[0], *self.runs[1])

    def label(self, run: RunView) -> str:
        """Return the name of a run for a table: `before`, or `before 1` where its side has several runs."""
        several = {side[0].side: len(side) > 1 for side in self.runs}
        return f"{run.side} 1" if several.get(run.side) else run.side

    @property
    def sides(self) -> tuple[RunView, RunView]:
        """Both runs, before first."""
        return self.pair.sides

    @property
    def side_by_side(self) -> PairSide | None:
        """The pair that both runs are, as the run before has it; None if they were not made side by side."""
        return pair_of(self.comparison.before.run, self.comparison.after.run)

    @property
    def blocked(self) -> tuple[RunView, ...]:
        """Sides that never ran."""
        return self.pair.blocked

    def row(self, figure: str) -> ComparisonRow | None:
        """Return the row of a figure; None if neither run has it."""
        return self.pair.rows.get(figure)

    def venue_rows(self, venue: str) -> tuple[ComparisonRow, ...]:
        """Return the rows that decide the result of a venue."""
        rows = (self.row(f"{venue}.{metric}") for metric in RESULT_METRICS)
        return tuple(row for row in rows if row is not None)

    def tested(self, venue: str) -> tuple[ComparisonRow, ...]:
        """Return the rows of a venue that a test found to have improved or regressed."""
        return tuple(row for row in self.venue_rows(venue) if row.verdict in _TESTED and not self._is_hollow(row))

    def _is_hollow(self, row: ComparisonRow) -> bool:
        """Return True for an improvement of a venue without a book: a venue that is not used has no reconnects."""
        without = (venue for run in self.sides if not run.blocked for venue in self.pair.venues_without_book(run))
        return row.verdict is Verdict.IMPROVED and row.figure.split(".", 1)[0] in without

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Venues of both runs: those with a verdict first, then those whose reconnects moved, then worst first."""
        worst = self.pair.venues
        return tuple(sorted(worst, key=lambda venue: (not self.tested(venue), not self._moved(venue))))

    def _moved(self, venue: str) -> bool:
        row = self.row(f"{venue}.reconnects")
        return bool(row and row.delta)

    @cached_property
    def ages_not_compared(self) -> str:
        """Reason why no age of any venue was compared; empty where some were, or where there are none."""
        rows = [row for row in self.comparison.rows if ".age_apply_ms.p95" in row.figure]
        known = [row for row in rows if row.before is not None and row.after is not None]
        if not known or any(row.verdict is not Verdict.NOT_COMPARABLE for row in known):
            return ""
        return known[0].why

    @cached_property
    def improved(self) -> tuple[ComparisonRow, ...]:
        """Rows that a test found to have improved, those that decide a venue's result first."""
        return self._with_verdict(Verdict.IMPROVED)

    @cached_property
    def regressed(self) -> tuple[ComparisonRow, ...]:
        """Rows that a test found to have regressed, those that decide a venue's result first."""
        return self._with_verdict(Verdict.REGRESSED)

    def _with_verdict(self, verdict: Verdict) -> tuple[ComparisonRow, ...]:
        rows = [row for row in self.comparison.rows if row.verdict is verdict and not self._is_hollow(row)]
        return tuple(sorted(rows, key=lambda row: _rank(row.figure)))

    @cached_property
    def checked_again(self) -> dict[str, tuple[str, ...]]:
        """Figures that a second, fresh pair of runs checked, by what it showed; those that decide a result first."""
        found = self.comparison.method.get("confirmation") or {}
        return {state: tuple(sorted(figures, key=_rank)) for state, figures in found.items()}

    @property
    def resolution_ms(self) -> float:
        """Time between ticks in ms, 0 if not known."""
        return self.pair.resolution_ms

    @property
    def same_run(self) -> bool:
        """Return True if both sides are the same run."""
        return self.comparison.before.run.id == self.comparison.after.run.id


def _rank(figure: str) -> int:
    """Return the place of a figure's metric among those that decide the result of a venue; after them for others."""
    metric = figure.split(".", 1)[1]
    return RESULT_METRICS.index(metric) if metric in RESULT_METRICS else len(RESULT_METRICS)
