from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.made_pair import after, before, blocked, figure, run_figures, run_info
from toolkit.comparison.comparability import DIED
from toolkit.comparison.rows import compare
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.figures import Figure, Number
from toolkit.model.runs import Diagnosis, RunAnalysis
from toolkit.model.vocabulary import Bound, Ended, Verdict

NOT_COMPARABLE = Verdict.NOT_COMPARABLE
HALF_AN_HOUR_MS = 1_800_000


def run_with(*figures: Figure, **run: Any) -> RunAnalysis:
    return RunAnalysis(run_info(**run), (), figures)


def row_of(name: str, left: RunAnalysis, right: RunAnalysis) -> ComparisonRow:
    (row,) = (row for row in compare(left, right).rows if row.figure == name)
    return row


def ages(gap_ms: int = 250, **run: Any) -> RunAnalysis:
    units = {"age_apply_ms.p95": "ms", "age_event_ms.p95": "ms", "fresh.share": "share", "reconnects": "count"}
    figures = (figure(f"lighter.{name}", 1, unit) for name, unit in units.items())
    return run_with(*run_figures(gap_ms=gap_ms), *figures, **run)


SPIKES = tuple(figure(f"run.anomalies.{kind}", 3) for kind in ("age_spike", "total", "mid_jump"))


def test_a_row_has_the_difference_the_ratio_and_the_hourly_rates() -> None:
    row = row_of("lighter.reconnects", before(), after())
    assert (row.before, row.after, row.delta, row.ratio) == (10, 1, -9, 0.1)
    assert row.before_per_hour == pytest.approx(10 * 3_600_000 / 599_499)
    assert row.after_per_hour == pytest.approx(3_600_000 / 599_493)
    assert (row.verdict, row.why) == (Verdict.IMPROVED, "")


def test_only_rows_with_a_test_have_statistics_and_a_verdict_of_one() -> None:
    compared = compare(before(), after())
    for row in compared.rows:
        without_test = row.verdict in (Verdict.DESCRIPTIVE, NOT_COMPARABLE)
        assert without_test == (row.p is None) == (row.low is None) == (row.family is None)


def test_every_figure_of_either_side_has_one_row() -> None:
    compared = compare(before(), after())
    names = {each.figure for side in (before(), after()) for each in side.figures}
    assert sorted(row.figure for row in compared.rows) == sorted(names)


@pytest.mark.parametrize(("left", "right", "ratio"), [(0, 3, None), (0, 0, None), (4, 0, 0), (4, 2, 0.5)])
def test_the_ratio_to_zero_is_null(left: int, right: int, ratio: float | None) -> None:
    row = row_of(
        "lighter.reconnects",
        run_with(figure("lighter.reconnects", left)),
        run_with(figure("lighter.reconnects", right)),
    )
    assert row.ratio == ratio


@pytest.mark.parametrize(
    ("left", "right", "names", "why"),
    [
        (ages(), ages(simulated=False), None, "one run is simulated, the other is live"),
        (ages(), ages(500), ["lighter.age_apply_ms.p95"], "ticks are 250 ms apart before and 500 ms after"),
        (ages(semantics={"venue_age_ms": "apply"}), ages(semantics={"venue_age_ms": "mixed"}),
         ["lighter.age_apply_ms.p95", "lighter.fresh.share"], "venue_age_ms means apply before and mixed after"),
        (ages(semantics={"lighter.age_event_ms": "exchange clock"}), ages(semantics={"lighter.age_event_ms": "local"}),
         ["lighter.age_event_ms.p95"], "lighter.age_event_ms means exchange clock before and local after"),
        (run_with(*SPIKES, semantics={"venue_age_ms": "apply"}), run_with(*SPIKES, semantics={"venue_age_ms": "event"}),
         ["run.anomalies.age_spike", "run.anomalies.total"], "venue_age_ms means apply before and event after"),
        (ages(), ages(observed_ms=HALF_AN_HOUR_MS), ["lighter.age_apply_ms.p95"],
         "the runs last 9 min 59.5 s and 30 min 0.0 s"),
        (ages(), ages(venues=("extended",)), ["lighter.reconnects"], "lighter is not a venue of the after run"),
        (ages(), ages(venues=()), ["lighter.reconnects"], "no venue in the after run"),
        (run_with(figure("run.cap_hits", 0)), run_with(figure("run.cap_hits", 0), venues=("extended",)), None,
         "the runs have different venues"),
    ],
)  # fmt: skip
def test_a_row_that_may_not_be_compared_gives_the_reason_and_both_values(
    left: RunAnalysis, right: RunAnalysis, names: Iterable[str] | None, why: str
) -> None:
    for row in compare(left, right).rows:
        if names is None or row.figure in names:
            assert (row.verdict, row.why) == (NOT_COMPARABLE, why)
            assert row.before is not None and row.after is not None


@pytest.mark.parametrize(
    ("left", "right", "name"),
    [
        # socket events do not depend on the time between ticks
        (ages(), ages(500), "lighter.reconnects"),
        # a ratio within the limits is no difference
        (ages(), ages(270), "lighter.age_apply_ms.p95"),
        (ages(), ages(observed_ms=700_000), "lighter.age_apply_ms.p95"),
        # figures that describe the sampling are always compared
        (ages(), ages(500), "run.tick_gap_ms.p50"),
        (ages(), ages(observed_ms=HALF_AN_HOUR_MS), "run.span_ms"),
        # a venue of both runs is compared whatever other venues there are
        (ages(), ages(venues=("lighter",)), "lighter.reconnects"),
        # an unknown property prevents no comparison
        (ages(), ages(simulated=None), "lighter.reconnects"),
        (ages(), ages(semantics={}), "lighter.age_apply_ms.p95"),
        # an early end prevents no comparison
        (ages(), ages(observed_ms=100_000, ended=Ended.KILLED), "lighter.age_apply_ms.p95"),
    ],
)
def test_a_row_may_be_compared_in_spite_of_such_differences(left: RunAnalysis, right: RunAnalysis, name: str) -> None:
    assert row_of(name, left, right).verdict is not NOT_COMPARABLE


def test_counts_of_runs_of_different_length_are_compared_by_their_rates() -> None:
    row = row_of("lighter.reconnects", ages(), ages(observed_ms=HALF_AN_HOUR_MS))
    assert row.verdict is Verdict.INCONCLUSIVE
    assert (
        row.why
        == "2 events in both runs are too few to show a difference; the runs last 9 min 59.5 s and 30 min 0.0 s: compare the hourly rates"
    )
    assert row.after_per_hour == 2


def test_a_run_that_died_says_so_in_every_row() -> None:
    row = row_of("lighter.reconnects", ages(), ages(observed_ms=100_000, ended=Ended.KILLED))
    assert row.why == "after ended early (killed)"


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        ({"value": None, "note": "not instrumented"}, {"value": 6}, "before: not instrumented"),
        ({"value": 6}, {"value": None, "note": None}, "after: not known"),
        ({"value": None, "note": "no telemetry"}, {"value": None, "note": "no telemetry"},
         "before and after: no telemetry"),
    ],
)  # fmt: skip
def test_a_figure_without_a_value_on_one_side_is_not_compared(
    left: dict[str, Any], right: dict[str, Any], why: str
) -> None:
    row = row_of(
        "lighter.pings.sent",
        run_with(figure("lighter.pings.sent", **left)),
        run_with(figure("lighter.pings.sent", **right)),
    )
    assert (row.verdict, row.why, row.delta) == (NOT_COMPARABLE, why, None)


def test_a_figure_that_one_side_lacks_is_not_compared() -> None:
    row = row_of("lighter.reconnects.new_word", run_with(), run_with(figure("lighter.reconnects.new_word", 2)))
    assert (row.before, row.after, row.verdict, row.why) == (
        None,
        2,
        NOT_COMPARABLE,
        "before: the run has no such figure",
    )


def test_a_venue_without_a_book_is_compared_and_the_reason_says_so() -> None:
    alive = run_with(
        figure("lighter.age_apply_ms.p95", 250, "ms"), figure("lighter.age_apply_unknown.share", 0.001, "share")
    )
    dead = run_with(
        figure("lighter.age_apply_ms.p95", None, "ms", note="never known"),
        figure("lighter.age_apply_unknown.share", 1, "share"),
    )
    for right in (dead, replace(dead, run=replace(dead.run, observed_ms=60_000))):
        row = row_of("lighter.age_apply_ms.p95", alive, right)
        assert (row.verdict, row.why) == (Verdict.DESCRIPTIVE, "lighter never had a book in the after run")


def test_the_reason_names_a_bound() -> None:
    left = run_with(figure("lighter.pings.sent", 3, bound=Bound.LOWER, high=99))
    row = row_of("lighter.pings.sent", left, run_with(figure("lighter.pings.sent", 2)))
    assert (row.verdict, row.why) == (Verdict.DESCRIPTIVE, "before is a lower bound")


def test_no_row_of_a_blocked_run_is_compared() -> None:
    compared = compare(blocked(), after())
    why = "before is blocked: the build could not move a file across devices (os error 18)"
    assert not compared.comparable
    assert compared.why_not == (why,)
    assert {row.why for row in compared.rows} == {why}


def test_two_runs_without_figures_cannot_be_compared() -> None:
    assert compare(run_with(), run_with()).why_not == ("neither run has a figure",)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (before(), before(), "both sides are the same run"),
        (before(), ages(id="b", simulated=None), "it is not known whether the feed was simulated or live (after)"),
        (before(), ages(id="b", venues=("lighter",)),
         "the runs have different venues: aster, extended, hyperliquid, paradex on one side only"),
        (before(), ages(id="b", observed_ms=HALF_AN_HOUR_MS),
         "the runs last 9 min 59.5 s and 30 min 0.0 s: counts are compared by their hourly rates"),
        (before(), after(),
         "the before and after runs do not record their settings, so it is not known whether they were equal"),
        (before(), after(),
         "at least one run does not record what the market did, so it is not known whether it did the same"),
        (ages(settings={}), run_with(*ages().figures, settings={"A": "1"}, settings_withheld=("B", "C"), id="other"),
         "settings with undocumented names, not compared: B, C"),
        (run_with(settings={"A": "1", "B": "2", "C": "3"}), run_with(settings={"A": "1", "B": "3"}, id="other"),
         "2 settings differ, so no difference of a figure can be attributed to one of them alone: B 2 → 3; C 3 → not set"),
        (run_with(settings={"A": "1"}), run_with(settings={"A": ""}, id="other"), "1 setting differs: A 1 → empty"),
    ],
)  # fmt: skip
def test_a_pair_has_warnings(left: RunAnalysis, right: RunAnalysis, expected: str) -> None:
    assert expected in compare(left, right).warnings


VALUES = st.none() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)


@given(VALUES, VALUES, st.sampled_from(list(Ended)), st.sampled_from([True, False, None]))
def test_the_reversed_comparison_has_the_opposite_difference_and_verdict(
    left: Number | None, right: Number | None, ended: Ended, simulated: bool | None
) -> None:
    diagnosis = Diagnosis("x", "a cause", None, None)
    one = run_with(*run_figures(), figure("lighter.reconnects", left))
    other = run_with(
        *run_figures(), figure("lighter.reconnects", right), ended=ended, simulated=simulated, diagnosis=diagnosis
    )
    there, back = row_of("lighter.reconnects", one, other), row_of("lighter.reconnects", other, one)
    opposite = {Verdict.IMPROVED: Verdict.REGRESSED, Verdict.REGRESSED: Verdict.IMPROVED}
    if ended in DIED and Verdict.REGRESSED in (there.verdict, back.verdict):
        # A run that died is never an improvement.
        opposite[Verdict.INCONCLUSIVE], opposite[Verdict.REGRESSED] = Verdict.REGRESSED, Verdict.INCONCLUSIVE
    assert there.verdict is opposite.get(back.verdict, back.verdict)
    assert (there.delta is None) == (left is None or right is None)
    assert there.delta is None or there.delta == -(back.delta or 0)


def test_a_run_compared_with_itself_has_no_difference() -> None:
    rows = compare(after(), after()).rows
    assert {row.delta for row in rows} <= {0, None}
    assert {row.ratio for row in rows} <= {1, None}
