"""Answers to hypotheses: the five words, and the rules that keep each from being said too easily."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.evidence.made_specification import expecting, pair, several, with_figures
from tests.reports import made_pair
from tests.reports.made_pair import NOT_INSTRUMENTED, figure, run_info
from toolkit.comparison.rows import compare_runs
from toolkit.evidence.hypotheses import answer_hypotheses
from toolkit.model.comparisons import RunComparison
from toolkit.model.evidence import Answer, Direction, Expectation, Observation
from toolkit.model.runs import Episode, Finding, RunAnalysis, SettingSource
from toolkit.model.vocabulary import Bound, Ended

LOWER, HIGHER, UNCHANGED, INSTRUMENTED = Direction
RECONNECTS = "lighter.reconnects"


def observed(expectation: Expectation, comparison: RunComparison | None = None) -> Observation:
    found = answer_hypotheses(expecting(expectation), comparison or pair())[0]
    assert found.answer is found.observations[0].answer
    return found.observations[0]


def after(**settings: str) -> RunAnalysis:
    """The after run, printing these settings in lines 41, 42, …"""
    return printing(made_pair.after(), **settings)


def printing(run: RunAnalysis, **settings: str) -> RunAnalysis:
    sources = tuple(SettingSource(*each, "run.log", line) for line, each in enumerate(settings.items(), 41))
    return replace(run, run=replace(run.run, setting_sources=sources))


def test_a_declared_fall_that_is_shown_is_supported_with_its_numbers() -> None:
    found = observed(Expectation(RECONNECTS, LOWER))
    assert (found.answer, found.before, found.after, found.unit) == (Answer.SUPPORTED, 10, 1, "count")
    assert found.p == found.p_corrected == 12 / 2**11
    assert found.low is not None and found.high is not None and found.low < 0.1 < found.high < 1
    assert found.mde is not None and 0.1 < found.mde < 0.4


def test_the_opposite_of_what_was_declared_is_not_supported() -> None:
    found = observed(Expectation(RECONNECTS, HIGHER))
    assert found.answer is Answer.NOT_SUPPORTED
    assert found.why == "the opposite is shown: a fall, p = 0.0059"


def test_equal_counts_are_inconclusive_with_the_smallest_change_they_could_have_shown() -> None:
    found = observed(Expectation("extended.reconnects", LOWER))
    assert (found.answer, found.before, found.after) == (Answer.INCONCLUSIVE, 5, 5)
    assert found.mde is not None and 0 < found.mde < 0.2
    few = observed(Expectation("aster.reconnects", LOWER))
    assert few.mde is None and few.why.endswith("no fall could be shown")


@pytest.mark.parametrize(
    ("expectation", "why"),
    [
        (Expectation("run.publisher.lossless_wait", LOWER), "before: not instrumented"),
        (Expectation("run.cap_hits", LOWER), "no test: with one run a side"),
        (Expectation("lighter.resyncs", LOWER), "neither run has this figure"),
        (Expectation("lighter.plateau_5s.count", LOWER), "neither run has this figure; --plateau 5s makes it"),
        (Expectation("lighter.reconnects.read_timeout", LOWER), "no event in either run"),
    ],
)
def test_what_cannot_be_tested_is_inconclusive_and_says_why(expectation: Expectation, why: str) -> None:
    found = observed(expectation)
    assert found.answer is Answer.INCONCLUSIVE
    assert found.why.startswith(why)


@pytest.mark.parametrize(("before_low", "answer"), [(10, Answer.SUPPORTED), (2, Answer.INCONCLUSIVE)])
def test_a_lower_bound_supports_a_fall_only_by_its_low_end(before_low: int, answer: Answer) -> None:
    bounded = figure(RECONNECTS, before_low, bound=Bound.LOWER, high=None)
    found = observed(Expectation(RECONNECTS, LOWER), pair(with_figures(made_pair.before(), bounded)))
    assert found.answer is answer
    assert found.low is None and found.high is None
    assert (answer is not Answer.SUPPORTED) or "least favourable end" in found.why


def test_a_run_that_died_supports_no_fall() -> None:
    run = made_pair.after()
    died = replace(run, run=replace(run.run, ended=Ended.KILLED))
    found = observed(Expectation(RECONNECTS, LOWER), pair(after=died))
    assert (found.answer, found.why) == (Answer.INCONCLUSIVE, "after ended early (killed): no improvement")


def test_a_venue_that_lost_its_book_supports_no_lower_age() -> None:
    lost = (
        figure("lighter.age_apply_ms.p95", None, unit="ms", note="no book"),
        figure("lighter.age_apply_unknown.share", 1, unit="share"),
    )
    comparison = pair(after=with_figures(made_pair.after(), *lost))
    found = observed(Expectation("lighter.age_apply_ms.p95", LOWER), comparison)
    assert (found.answer, found.why) == (Answer.NOT_SUPPORTED, "lighter never had a book in the after run")


SETTING: dict[str, Any] = {"figure": "extended.reconnects", "direction": UNCHANGED, "setting": "read_timeout_ms"}


@pytest.mark.parametrize(
    ("stated", "printed_before", "printed_after", "answer", "why"),
    [
        (None, "10000", "10000", Answer.UNCHANGED,
         "read_timeout_ms = 10000 (before: printed (run.log 41); after: printed (run.log 41))"),
        (None, None, "10000", Answer.INCONCLUSIVE,
         "read_timeout_ms: before not printed, after 10000 printed (run.log 41); no change is shown"),
        ("10000", None, "10000", Answer.UNCHANGED,
         "read_timeout_ms = 10000 (before: stated by the author; after: printed (run.log 41))"),
        ("10000", None, "45000", Answer.INCONCLUSIVE,
         "read_timeout_ms: before 10000 stated by the author, after 45000 printed (run.log 41); "),
        ("10000", "45000", "10000", Answer.INCONCLUSIVE,
         "read_timeout_ms: before 45000 printed (run.log 41), although the author states 10000, after 10000"),
        ("10000", None, None, Answer.INCONCLUSIVE, "no run prints the setting read_timeout_ms; no change is shown"),
    ],
)  # fmt: skip
def test_a_figure_is_unchanged_as_intended_where_its_setting_is_equal(
    stated: str | None, printed_before: str | None, printed_after: str | None, answer: Answer, why: str
) -> None:
    left, right = (
        printing(run, **({} if value is None else {"read_timeout_ms": value}))
        for run, value in ((made_pair.before(), printed_before), (made_pair.after(), printed_after))
    )
    found = observed(Expectation(**SETTING, setting_before=stated), pair(left, right))
    assert found.answer is answer
    assert found.why.startswith(why)
    assert found.mde is not None and found.mde > 1
    if answer is Answer.UNCHANGED:
        assert ("run.log", 41) in found.lines


def test_a_setting_that_no_run_prints_is_said_with_the_nearest_that_one_prints() -> None:
    found = observed(Expectation(**SETTING), pair(after=after(extended_read_timeout_ms="10000")))
    assert found.why.startswith("no run prints the setting read_timeout_ms; nearest: extended_read_timeout_ms; ")


def test_values_that_the_author_states_for_both_runs_prove_nothing() -> None:
    found = observed(Expectation(**SETTING, setting_before="1", setting_after="1"))
    assert found.answer is Answer.INCONCLUSIVE


def test_an_equal_setting_does_not_hide_that_the_figure_moved() -> None:
    moved = with_figures(after(read_timeout_ms="10000"), figure("extended.reconnects", 30))
    comparison = pair(printing(made_pair.before(), read_timeout_ms="10000"), moved)
    found = observed(Expectation(**SETTING), comparison)
    assert found.answer is Answer.NOT_SUPPORTED
    assert found.why.startswith("a change is shown, p = ")


@pytest.mark.parametrize(
    ("before", "after", "answer"),
    [(1000, 1010, Answer.UNCHANGED), (1000, 2000, Answer.NOT_SUPPORTED), (5, 5, Answer.INCONCLUSIVE),
     (1000, 1180, Answer.INCONCLUSIVE)],
)  # fmt: skip
def test_a_declared_range_decides_by_the_whole_interval(before: int, after: int, answer: Answer) -> None:
    left, right = (
        with_figures(run, figure(RECONNECTS, value))
        for run, value in ((made_pair.before(), before), (made_pair.after(), after))
    )
    found = observed(Expectation(RECONNECTS, UNCHANGED, within=(0.8, 1.2)), pair(left, right))
    assert found.answer is answer


def test_a_figure_that_is_new_is_instrumented_and_one_that_never_moved_is_untested() -> None:
    zero = observed(Expectation("run.publisher.try_send_full", INSTRUMENTED))
    assert (zero.answer, zero.before, zero.after) == (Answer.SUPPORTED, None, 0)
    assert zero.why.startswith("new: before, not instrumented; untested under load: it never moved")
    moved = observed(Expectation("run.publisher.lossless_wait", INSTRUMENTED))
    assert moved.answer is Answer.SUPPORTED and "untested" not in moved.why


def test_a_figure_that_is_not_printed_is_not_instrumented() -> None:
    found = observed(Expectation("lighter.rest.injections", INSTRUMENTED))
    assert (found.answer, found.why) == (Answer.NOT_SUPPORTED, f"after: {NOT_INSTRUMENTED}")
    assert observed(Expectation("lighter.resyncs", INSTRUMENTED)).answer is Answer.INCONCLUSIVE


def test_a_zero_that_rests_on_the_absence_of_lines_does_not_show_that_the_build_prints_them() -> None:
    name, none = "run.socket_ends.audited", "no such line in the log"
    left = with_figures(made_pair.before(), figure(name, 0, note=none))
    new = observed(Expectation(name, INSTRUMENTED), pair(left, with_figures(made_pair.after(), figure(name, 3))))
    assert (new.answer, new.why) == (Answer.SUPPORTED, f"new: before, {none}")
    still = observed(Expectation(name, INSTRUMENTED), pair(left, with_figures(made_pair.after(), *left.figures[-1:])))
    assert (still.answer, still.why) == (Answer.INCONCLUSIVE, f"after: {none}")


@pytest.mark.parametrize(
    ("low", "high", "limits", "answer"),
    [
        (3, 3, {"at_most": 3}, Answer.SUPPORTED),
        (4, 4, {"at_most": 3}, Answer.NOT_SUPPORTED),
        (3, None, {"at_most": 3}, Answer.INCONCLUSIVE),
        (4, None, {"at_most": 3}, Answer.NOT_SUPPORTED),
        (3, None, {"at_least": 3}, Answer.SUPPORTED),
        (3, 9, {"at_least": 5}, Answer.INCONCLUSIVE),
        (3, 4, {"at_least": 5}, Answer.NOT_SUPPORTED),
        (3, 4, {"at_least": 3, "at_most": 4}, Answer.SUPPORTED),
        (3, 4, {"at_least": 4, "at_most": 4}, Answer.INCONCLUSIVE),
    ],
)
def test_a_limit_holds_for_the_whole_range_of_a_value(
    low: int, high: int | None, limits: dict[str, int], answer: Answer
) -> None:
    bound = Bound.EXACT if low == high else Bound.LOWER
    run = with_figures(made_pair.after(), figure(RECONNECTS, low, bound=bound, high=high))
    assert observed(Expectation(RECONNECTS, **limits), pair(after=run)).answer is answer


def test_limits_of_a_value_that_is_not_known_or_cannot_move_are_inconclusive() -> None:
    unknown = observed(Expectation("lighter.rest.injections", at_most=0))
    assert (unknown.answer, unknown.why) == (Answer.INCONCLUSIVE, "after: not instrumented")
    fixed = figure("run.cap_hits", 0, note="cannot move: no cap is set")
    still = observed(Expectation("run.cap_hits", at_most=0), pair(after=with_figures(made_pair.after(), fixed)))
    assert (still.answer, still.why) == (Answer.INCONCLUSIVE, "after: cannot move: no cap is set")


def test_few_events_of_a_run_that_died_keep_no_limit() -> None:
    run = made_pair.after()
    died = pair(after=replace(run, run=replace(run.run, ended=Ended.CRASHED)))
    assert observed(Expectation(RECONNECTS, at_most=3), died).answer is Answer.INCONCLUSIVE
    assert observed(Expectation(RECONNECTS, at_most=0), died).answer is Answer.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("expectation", "blocked_before", "blocked_after"),
    [
        (Expectation(RECONNECTS, LOWER), True, True),
        (Expectation(RECONNECTS, UNCHANGED), True, True),
        (Expectation(RECONNECTS, at_most=3), False, True),
        (Expectation("run.publisher.try_send_full", INSTRUMENTED), False, True),
    ],
)
def test_a_blocked_side_blocks_every_expectation_that_needs_it(
    expectation: Expectation, blocked_before: bool, blocked_after: bool
) -> None:
    for comparison, is_blocked, side in (
        (pair(before=made_pair.blocked()), blocked_before, "before"),
        (pair(after=made_pair.blocked()), blocked_after, "after"),
    ):
        found = observed(expectation, comparison)
        assert (found.answer is Answer.BLOCKED) is is_blocked
        if is_blocked:
            assert found.why.startswith(f"{side} is blocked: the build could not move a file across devices")


def test_both_sides_blocked_block_all_hypotheses_and_name_both() -> None:
    found = observed(Expectation(RECONNECTS, LOWER), pair(made_pair.blocked(), made_pair.blocked()))
    assert (found.answer, found.unit) == (Answer.BLOCKED, "count")
    assert found.why.startswith("before is blocked: ") and "; after is blocked: " in found.why


@pytest.mark.parametrize(
    ("expectations", "answer"),
    [
        ([Expectation(RECONNECTS, LOWER), Expectation(RECONNECTS, at_most=1)], Answer.SUPPORTED),
        ([Expectation(RECONNECTS, LOWER), Expectation("aster.reconnects", LOWER)], Answer.INCONCLUSIVE),
        ([Expectation("aster.reconnects", LOWER), Expectation(RECONNECTS, at_most=0)], Answer.NOT_SUPPORTED),
    ],
)
def test_the_worst_answer_is_that_of_the_hypothesis(expectations: list[Expectation], answer: Answer) -> None:
    assert answer_hypotheses(expecting(*expectations), pair())[0].answer is answer


def test_more_declared_hypotheses_make_each_harder_to_show() -> None:
    one = observed(Expectation(RECONNECTS, LOWER))
    both = expecting(Expectation(RECONNECTS, LOWER), Expectation("lighter.reconnects.server_close", LOWER))
    first, second = answer_hypotheses(both, pair())[0].observations
    assert second.p == 1 / 2**9 and second.p_corrected == 2 / 2**9
    assert first.p == one.p and first.p_corrected == 12 / 2**11


def test_with_several_runs_a_side_the_runs_are_the_sample() -> None:
    shown = observed(Expectation(RECONNECTS, LOWER), several([10, 9, 11, 10], [1, 2, 1, 1]))
    assert (shown.answer, shown.before, shown.after) == (Answer.SUPPORTED, 10, 1)
    assert shown.p == shown.p_corrected == pytest.approx(1 / 70)
    few = observed(Expectation(RECONNECTS, LOWER), several([10, 9, 11], [1, 2, 1]))
    assert (few.answer, few.why) == (
        Answer.INCONCLUSIVE, "3 + 3 runs can show nothing below p = 0.05; no fall could be shown",
    )  # fmt: skip
    against = observed(Expectation(RECONNECTS, HIGHER), several([10, 9, 11, 10], [1, 2, 1, 1]))
    assert against.answer is Answer.NOT_SUPPORTED
    assert shown.lines == shown.before_lines == ()


def test_a_limit_must_hold_in_every_run_after() -> None:
    comparison = several([10, 10], [1, 4])
    assert observed(Expectation(RECONNECTS, at_most=4), comparison).answer is Answer.SUPPORTED
    found = observed(Expectation(RECONNECTS, at_most=3), comparison)
    assert (found.answer, found.why) == (Answer.NOT_SUPPORTED, "after 2: the limit is at most 3")


def test_one_blocked_run_of_several_blocks_a_comparison() -> None:
    blocked = made_pair.blocked()
    comparison = compare_runs([made_pair.before(), blocked], [made_pair.after()])
    found = observed(Expectation(RECONNECTS, LOWER), comparison)
    assert found.answer is Answer.BLOCKED and found.why.startswith("before 2 is blocked: ")


def test_a_setting_that_differs_between_the_runs_of_a_side_is_not_equal() -> None:
    befores = [printing(made_pair.before(), read_timeout_ms="10000")]
    afters = [replace(run, run=replace(run.run, id=str(number)))
              for number, run in enumerate((after(read_timeout_ms="10000"), after(read_timeout_ms="45000")))]  # fmt: skip
    found = observed(Expectation(**SETTING), compare_runs(befores, afters))
    assert found.answer is Answer.INCONCLUSIVE
    assert "after printed as 10000 and 45000 by its runs" in found.why


def test_lines_of_a_figure_are_those_of_its_episodes_and_findings_on_each_side() -> None:
    episodes = (
        Episode("lighter", "reconnect", None, None, None, "stream_ended", (("run.log", 129), ("run.log", 125))),
        Episode("lighter", "reconnect", None, None, None, "server_close", (("run.log", 140),)),
        Episode("aster", "reconnect", None, None, None, "stream_ended", (("run.log", 95),)),
        Episode("lighter", "outage", None, None, "dead", None, (("run.log", 7),)),
    )
    finding = Finding("x", "low", "lighter", "text", (RECONNECTS,), (("run.log", 201), ("run.log", 125)))
    run = replace(made_pair.after(), episodes=episodes, findings=(finding,))
    found = observed(Expectation(RECONNECTS, LOWER), pair(after=run))
    assert found.lines == tuple(("run.log", line) for line in (125, 129, 140, 201))
    assert found.before_lines == ()
    one_reason = observed(Expectation("lighter.reconnects.server_close", LOWER), pair(after=run))
    assert one_reason.lines == (("run.log", 140),)
    assert one_reason.before_lines == (("run.log", 70), ("run.log", 95))


def test_a_run_without_venues_of_the_hypothesis_is_inconclusive() -> None:
    run = replace(made_pair.after(), run=run_info(venues=("aster",)))
    found = observed(Expectation(RECONNECTS, LOWER), pair(after=run))
    assert (found.answer, found.why) == (Answer.INCONCLUSIVE, "lighter is not a venue of the after run")
