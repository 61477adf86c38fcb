"""Findings of two runs are matched, and each is new, gone, visible for the first time, or the same."""

from __future__ import annotations

from functools import cache

import pytest

from toolkit.analysis.pipeline import analyze
from toolkit.comparison.finding_changes import finding_changes, finding_changes_of_all
from toolkit.model.evidence import FindingState
from toolkit.model.figures import Figure
from toolkit.model.runs import Finding, RunAnalysis, RunInfo
from toolkit.model.vocabulary import Better, Bound, Ended

NEW, GONE, SAME = FindingState.NEW, FindingState.GONE, FindingState.SAME
NOW_VISIBLE, NO_LONGER_VISIBLE = FindingState.NOW_VISIBLE, FindingState.NO_LONGER_VISIBLE


def finding(code: str, severity: str = "low", subject: str | None = None, figures: tuple[str, ...] = ()) -> Finding:
    return Finding(code, severity, "lighter", code, figures, (), subject)


def run(*findings: Finding, ended: Ended = Ended.UNKNOWN, value: float | None = 0) -> RunAnalysis:
    info = RunInfo("id", None, "paraphina_live", True, 0, 1, None, 1, 1, ended, None, ("lighter",), None, {})
    bound = Bound.UNKNOWN if value is None else Bound.EXACT
    figure = Figure("lighter.pings.failed", value, "count", 1, bound, value, value, None, Better.LOWER)
    return RunAnalysis(info, (), (figure,), findings=findings)


IDLE, BUSY = finding("close", subject="idle"), finding("close", subject="busy")
SHOWN = finding("pings", figures=("lighter.pings.failed",))


@pytest.mark.parametrize(
    ("before", "after", "states"),
    [
        (run(IDLE), run(IDLE), [("close", SAME)]),
        (run(IDLE), run(BUSY), [("close", GONE), ("close", NEW)]),
        (run(IDLE), run(), [("close", GONE)]),
        (run(), run(IDLE), [("close", NEW)]),
        (run(IDLE, IDLE), run(IDLE), [("close", GONE), ("close", SAME)]),
        (run(), run(SHOWN), [("pings", NEW)]),
        (run(value=None), run(SHOWN), [("pings", NOW_VISIBLE)]),
        (run(SHOWN), run(value=None), [("pings", NO_LONGER_VISIBLE)]),
        (run(IDLE), run(ended=Ended.BLOCKED_BUILD), [("close", NO_LONGER_VISIBLE)]),
        (run(ended=Ended.NEVER_STARTED), run(IDLE), [("close", NOW_VISIBLE)]),
    ],
)
def test_a_finding_is_matched_by_code_venue_and_subject(
    before: RunAnalysis, after: RunAnalysis, states: list[tuple[str, FindingState]]
) -> None:
    assert [(each.finding.code, each.state) for each in finding_changes(before, after)] == states


def test_new_severe_findings_come_first_then_those_that_are_gone_and_the_same_ones_last() -> None:
    before = run(finding("same"), finding("gone"), finding("gone severely", "high"), finding("same severely", "high"))
    after = run(finding("new"), finding("new severely", "high"), finding("same"), finding("same severely", "high"))
    changes = finding_changes(before, after)
    assert [each.finding.code for each in changes] == [
        "new severely", "gone severely", "gone", "new", "same severely", "same",
    ]  # fmt: skip


def test_a_finding_of_several_runs_names_its_first_run_and_counts_those_that_have_it() -> None:
    befores, afters = [run(), run(IDLE), run(IDLE, BUSY)], [run(BUSY), run()]
    gone, same = finding_changes_of_all(befores, afters)
    assert (gone.state, gone.finding, gone.before_side, gone.runs) == (GONE, IDLE, "before 2", ((2, 3), (0, 2)))
    assert (same.state, same.before_side, same.after_side) == (SAME, "before 3", "after")
    assert same.runs == ((1, 3), (1, 2))


def test_a_finding_that_one_run_of_the_other_side_could_not_show_is_no_new_one() -> None:
    assert [each.state for each in finding_changes_of_all([run(), run(value=None)], [run(SHOWN)])] == [NOW_VISIBLE]


@cache
def sample(name: str) -> RunAnalysis:
    return analyze([f"sample:{name}"])


def test_the_idle_closes_of_the_sample_are_gone_after_the_change() -> None:
    first, *others = (each for each in finding_changes(sample("before"), sample("after")) if each.state is not SAME)
    assert (first.state, first.finding.code, first.finding.venue) == (GONE, "repeated_close", "lighter")
    assert 'reason "idle"' in first.finding.text
    assert GONE not in {each.state for each in others}


def test_a_run_has_the_same_findings_as_itself() -> None:
    changes = finding_changes(sample("before"), sample("before"))
    assert [each.after for each in changes] == list(sample("before").findings)
    assert {each.state for each in changes} == {SAME}
