from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.made_up import VENUES, figure, run
from toolkit.gate import evaluate
from toolkit.model.figures import Figure
from toolkit.model.gates import GateResult, GateRow, GateRule
from toolkit.model.runs import Diagnosis, RunAnalysis
from toolkit.model.vocabulary import Bound, Ended, GateVerdict

PASS, FAIL, INCONCLUSIVE, NOT_APPLICABLE = GateVerdict


def only(result: GateResult) -> GateRow:
    (row,) = result.rules
    return row


@pytest.mark.parametrize(
    ("rule", "is_", "verdict", "why"),
    [
        # an exact value against an upper limit, which is itself allowed
        ({"max": 5}, {"value": 4}, PASS, "4 is not above 5"),
        ({"max": 5}, {"value": 5}, PASS, "5 is not above 5"),
        ({"max": 5}, {"value": 6}, FAIL, "6 is above 5"),
        # mirrored for a lower limit
        ({"min": 0.95}, {"value": 0.96}, PASS, "0.96 is not below 0.95"),
        ({"min": 0.95}, {"value": 0.95}, PASS, "0.95 is not below 0.95"),
        ({"min": 0.95}, {"value": 0.9}, FAIL, "0.9 is below 0.95"),
        # a range decides only where it lies wholly on one side
        (
            {"max": 5},
            {"value": 3, "low": 3, "high": None},
            INCONCLUSIVE,
            "3 (from 3 to unbounded) may be on either side",
        ),
        ({"max": 5}, {"value": 3, "low": 3, "high": 5}, PASS, "3 is not above 5"),
        ({"max": 5}, {"value": 6, "low": 6, "high": None}, FAIL, "6 is above 5"),
        ({"max": 5}, {"value": 6, "low": 5, "high": 7}, INCONCLUSIVE, "6 (from 5 to 7) may be on either side of 5"),
        ({"max": 5}, {"value": 4, "low": None, "high": None}, INCONCLUSIVE, "from unbounded to unbounded"),
        ({"min": 5}, {"value": 6, "low": 6, "high": None}, PASS, "6 is not below 5"),
        ({"min": 5}, {"value": 4, "low": 4, "high": None}, INCONCLUSIVE, "may be on either side of 5"),
        ({"min": 5}, {"value": 4, "low": 3, "high": 4}, FAIL, "4 is below 5"),
        # what is not known decides nothing, unless the rule says otherwise
        ({"max": 5}, {"value": None, "note": "not instrumented"}, INCONCLUSIVE, "not known: not instrumented"),
        ({"max": 5, "on_null": "fail"}, {"value": None}, FAIL, "not known: the evidence does not tell"),
        ({"max": 5, "on_null": "not_applicable"}, {"value": None}, NOT_APPLICABLE, "not known"),
        # nor does what rests on too little, whichever side it is on
        ({"max": 5, "min_n": 100}, {"value": 4, "n": 99}, INCONCLUSIVE, "rests on 99 samples, the rule asks for 100"),
        ({"max": 5, "min_n": 100}, {"value": 6, "n": 99}, INCONCLUSIVE, "rests on 99 samples, the rule asks for 100"),
        ({"max": 5, "min_n": 100}, {"value": 4, "n": 100}, PASS, "4 is not above 5"),
        # what cannot move is outside the verdict before anything else is asked
        ({"max": 0}, {"value": 0, "note": "cannot move: no buffer cap"}, NOT_APPLICABLE, "outside the verdict"),
        ({"max": 0, "min_n": 9}, {"value": 0, "n": 0, "note": "cannot move"}, NOT_APPLICABLE, "outside the verdict"),
        # where only the cap setting is unknown it counts, and the row says so
        ({"max": 0}, {"value": 0, "note": "cannot move, or cap setting unknown"}, PASS, "cap setting unknown"),
        # a rule's own reason follows the verdict's
        ({"max": 5, "why": "Five is plenty"}, {"value": 6}, FAIL, "6 is above 5. Five is plenty"),
    ],
)
def test_a_rule_says_of_a_figure(rule: dict[str, Any], is_: dict[str, Any], verdict: GateVerdict, why: str) -> None:
    value = is_.pop("value")
    row = only(evaluate([GateRule("run.x", **rule)], run(figure("run.x", value, **is_))))
    assert row.verdict is verdict
    assert why in row.why


@pytest.mark.parametrize(
    ("rule", "span_ms", "value", "verdict"),
    [
        ({"max": 3}, 5_400_000, 27, PASS),
        ({"max": 3}, 5_400_000, 28, FAIL),
        ({"max": 3}, 120_000, 1, FAIL),
        ({"max": 3}, None, 0, INCONCLUSIVE),
        ({"max": 3}, 0, 0, INCONCLUSIVE),
    ],
)
def test_per_10_min_holds_the_rate_not_the_count(
    rule: dict[str, Any], span_ms: int | None, value: int, verdict: GateVerdict
) -> None:
    judged = evaluate([GateRule("run.x", per_10_min=True, **rule)], run(figure("run.x", value), span_ms=span_ms))
    assert only(judged).verdict is verdict


def test_a_row_shows_the_scaled_value_beside_its_limit_and_the_distance_to_it() -> None:
    judged = evaluate([GateRule("run.x", max=5, per_10_min=True)], run(figure("run.x", 4), span_ms=1_200_000))
    row = only(judged)
    assert (row.rule, row.value, row.limit, row.margin) == ("run.x max 5 per 10 min", 2, 5, 3)
    assert "2 (4 in the run, scaled to 10 minutes)" in row.why


def test_two_values_that_print_the_same_are_told_apart_by_more_digits() -> None:
    judged = evaluate([GateRule("run.x", max=1.00001)], run(figure("run.x", 1.00002)))
    assert only(judged).why == "1.00002 is above 1.00001"


def test_the_margin_of_a_lower_limit_is_positive_above_it() -> None:
    assert only(evaluate([GateRule("run.x", min=5)], run(figure("run.x", 8)))).margin == 3


@pytest.mark.parametrize(
    ("rule", "before", "now", "verdict", "why"),
    [
        ({"max_ratio_to_baseline": 1.2}, 100, 120, PASS, "120 is not above 120"),
        ({"max_ratio_to_baseline": 1.2}, 100, 121, FAIL, "121 is above 120"),
        ({"max_ratio_to_baseline": 1.2}, 0, 0, PASS, "0 is not above 0"),
        ({"max_ratio_to_baseline": 1.2}, 0, 1, INCONCLUSIVE, "use max_delta_to_baseline"),
        ({"max_ratio_to_baseline": 1.2}, -10, -11, INCONCLUSIVE, "a ratio to it says nothing"),
        ({"max_delta_to_baseline": 100}, 0, 100, PASS, "100 is not above 100"),
        ({"max_delta_to_baseline": 100}, 0, 101, FAIL, "101 is above 100"),
        ({"max_delta_to_baseline": -1}, 3, 3, FAIL, "3 is above 2"),
        ({"max_delta_to_baseline": 100}, None, 101, INCONCLUSIVE, "not known of the baseline"),
    ],
)
def test_a_baseline_moves_the_limit(
    rule: dict[str, Any], before: float | None, now: float, verdict: GateVerdict, why: str
) -> None:
    row = only(evaluate([GateRule("run.x", **rule)], run(figure("run.x", now)), run(figure("run.x", before))))
    assert row.verdict is verdict
    assert why in row.why


def test_a_baseline_known_only_within_bounds_decides_only_outside_them() -> None:
    before = run(figure("run.x", 10, low=10, high=20))
    rule = GateRule("run.x", max_delta_to_baseline=0)
    verdicts = [only(evaluate([rule], run(figure("run.x", value)), before)).verdict for value in (10, 15, 21)]
    assert verdicts == [PASS, INCONCLUSIVE, FAIL]


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (None, "name one with --baseline"),
        (run(), "it has no such figure"),
        (run(figure("run.x", 1), simulated=True), "only one of run and baseline is known to be simulated"),
        (run(figure("run.x", 1), span_ms=1_200_000), "counts of runs of different length; use per_10_min"),
    ],
)
def test_a_baseline_that_does_not_compare_decides_nothing(before: RunAnalysis | None, why: str) -> None:
    row = only(evaluate([GateRule("run.x", max_delta_to_baseline=9)], run(figure("run.x", 1)), before))
    assert row.verdict is INCONCLUSIVE
    assert why in row.why


def test_runs_of_different_length_compare_by_rate() -> None:
    rule = GateRule("run.x", max_delta_to_baseline=0, per_10_min=True)
    judged = evaluate([rule], run(figure("run.x", 1)), run(figure("run.x", 2), span_ms=1_200_000))
    assert only(judged).verdict is PASS


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (GateRule("*.reconnects", max=3), ["extended.reconnects", "lighter.reconnects"]),
        (GateRule("*.reconnects", max=3, venues=("lighter",)), ["lighter.reconnects"]),
        (GateRule("lighter.reconnects", max=3), ["lighter.reconnects"]),
        (GateRule("lighter.reconnects.*", max=3), ["lighter.reconnects.seq_gap", "lighter.reconnects.unknown"]),
        (GateRule("*.resyncs.*", max=3), ["extended.resyncs.*", "lighter.resyncs.*"]),
    ],
)
def test_a_pattern_stands_for(rule: GateRule, names: list[str]) -> None:
    figures = [figure(f"{venue}.reconnects", 0) for venue in VENUES]
    figures += [figure(f"lighter.reconnects.{reason}", 0) for reason in ("seq_gap", "unknown")]
    assert [row.figure for row in evaluate([rule], run(*figures)).rules] == names


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("paradex.reconnects", "paradex is no venue of this run (extended, lighter)"),
        ("lighter.reconnects.read_timout", "no such figure; nearest: lighter.reconnects.read_timeout"),
    ],
)
def test_a_figure_that_the_run_does_not_have_decides_nothing_and_says_what_is_nearest(name: str, why: str) -> None:
    judged = evaluate([GateRule(name, max=3)], run(figure("lighter.reconnects.read_timeout", 0)))
    assert judged.verdict is INCONCLUSIVE
    assert why in only(judged).why


GOOD = GateRule("run.x", max=5)
BAD = GateRule("run.x", max=1)
MUTE = GateRule("run.x", max=5, min_n=2000)
FIXED = GateRule("run.fixed", max=0)
X = (figure("run.x", 2), figure("run.fixed", 0, note="cannot move"))


@pytest.mark.parametrize(
    ("rules", "analysis", "verdict", "why"),
    [
        ([GOOD], run(*X), PASS, "All rules that apply passed (1)."),
        ([GOOD, FIXED], run(*X), PASS, "rules not applicable: 1"),
        ([GOOD, BAD], run(*X), FAIL, "1 of 2 rules failed (run.x)"),
        ([GOOD, MUTE], run(*X), INCONCLUSIVE, "1 of 2 rules could not be decided (run.x)"),
        ([MUTE, BAD], run(*X), FAIL, "1 of 2 rules failed (run.x)"),
        ([FIXED], run(*X), INCONCLUSIVE, "No rule was applicable"),
        ([], run(*X), INCONCLUSIVE, "No rule was applicable"),
        ([GOOD], run(*X, venues=()), INCONCLUSIVE, "The run has no venues"),
        ([GOOD], run(*X, ticks=0), INCONCLUSIVE, "There is no telemetry to judge"),
        ([GOOD], run(*X, ticks=None), INCONCLUSIVE, "There is no telemetry to judge"),
        ([GOOD], run(*X, ended=Ended.CRASHED), INCONCLUSIVE, "The run crashed"),
        ([GOOD], run(*X, ended=Ended.KILLED), INCONCLUSIVE, "The run was killed"),
        ([BAD], run(*X, ended=Ended.KILLED), FAIL, "1 of 1 rules failed (run.x)"),
        ([GOOD], run(*X, ended=Ended.NEVER_STARTED), INCONCLUSIVE, "The run never started"),
        ([GOOD], run(*X, ended=Ended.BLOCKED_BUILD), INCONCLUSIVE, "The build was blocked"),
        ([GOOD], run(*X, ended=Ended.COMPLETED), PASS, "passed"),
        ([GOOD], run(*X, ended=Ended.STILL_RUNNING, lost=("torn_tail",)), PASS, "this is the verdict so far"),
        ([GOOD], run(*X, ended=Ended.UNKNOWN), PASS, "how the run ended is not known, its telemetry is whole"),
        ([GOOD], run(*X, ended=Ended.UNKNOWN, lost=("blank",)), PASS, "its telemetry is whole"),
        ([GOOD], run(*X, ended=Ended.UNKNOWN, lost=("torn_tail",)), INCONCLUSIVE, "telemetry.jsonl:1 torn_tail"),
        ([GOOD], run(*X, ended=Ended.UNKNOWN, span_ms=None), INCONCLUSIVE, "neither is how long it lasted"),
        (
            [GOOD],
            run(*X, figure("run.coverage.share", 0.89)),
            INCONCLUSIVE,
            "could not be decided (run.coverage.share)",
        ),
        ([GOOD], run(*X, figure("run.coverage.share", 0.9)), PASS, "passed"),
        ([BAD], run(*X, figure("run.coverage.share", 0.5)), FAIL, "failed"),
        ([GOOD], run(*X, simulated=True), PASS, "the venues were SIMULATED"),
    ],
)
def test_the_whole_is(rules: list[GateRule], analysis: RunAnalysis, verdict: GateVerdict, why: str) -> None:
    judged = evaluate(rules, analysis)
    assert judged.verdict is verdict
    assert why in judged.why


def test_a_dead_run_says_what_it_died_of() -> None:
    dead = run(*X, ended=Ended.BLOCKED_BUILD)
    diagnosis = Diagnosis("exdev", "the target directory is on another device", "run.log", 3)
    assert diagnosis.text in evaluate([GOOD], replace(dead, run=replace(dead.run, diagnosis=diagnosis))).why


RECONNECTS = GateRule("*.reconnects", max=3)
NEVER_SEEN = (
    figure("lighter.reconnects", 0),
    figure("extended.reconnects", 0),
    figure("lighter.age_apply_unknown.share", 1),
)


@pytest.mark.parametrize("verdict", [INCONCLUSIVE, FAIL])
def test_a_configured_venue_that_was_never_seen_counts_as_the_gate_says(verdict: GateVerdict) -> None:
    judged = evaluate([RECONNECTS], run(*NEVER_SEEN), never_seen=verdict)
    assert judged.verdict is verdict
    assert "lighter was configured and never seen" in judged.rules[-1].why


def test_a_venue_that_no_rule_judges_may_be_silent() -> None:
    judged = evaluate([replace(RECONNECTS, venues=("extended",))], run(*NEVER_SEEN), never_seen=FAIL)
    assert judged.verdict is PASS


def test_a_venue_of_an_old_vintage_is_seen_by_its_event_ages() -> None:
    unknown = [figure(f"{venue}.age_apply_unknown.share", None, n=0) for venue in VENUES]
    ages = [figure(f"{venue}.age_apply_ms.p95", None, n=0) for venue in VENUES]
    ages += [figure("extended.age_event_ms.p95", 60), figure("lighter.age_event_ms.p95", None, n=0)]
    counts = [figure(f"{venue}.reconnects", 0) for venue in VENUES]
    judged = evaluate([RECONNECTS], run(*unknown, *ages, *counts))
    assert [row.figure for row in judged.rules if row.verdict is INCONCLUSIVE] == ["lighter.age_apply_unknown.share"]


values = st.none() | st.integers(-50, 50)


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    value = draw(values)
    low, high = (None if value is None else draw(st.none() | st.integers(0, 20)) for _ in range(2))
    ends = {"low": None if low is None else value - low, "high": None if high is None else value + high}
    note = draw(st.sampled_from([None, "cannot move", "cap setting unknown", "not instrumented"]))
    return figure("run.x", value, n=draw(st.integers(0, 5)), bound=Bound.ESTIMATE, note=note, **ends)


limits = st.sampled_from(["max", "min", "max_delta_to_baseline", "max_ratio_to_baseline"]).flatmap(
    lambda kind: st.tuples(st.just(kind), st.integers(1 if "ratio" in kind else -50, 50))
)
rules = st.builds(
    lambda limit, min_n, per_10_min, on_null: GateRule(
        "run.x", min_n=min_n, per_10_min=per_10_min, on_null=on_null, **{limit[0]: limit[1]}
    ),
    limits,
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from(["inconclusive", "fail", "not_applicable"]),
)
RANK = {FAIL: 0, INCONCLUSIVE: 1, PASS: 2}


@given(st.lists(rules, max_size=4), figures(), figures())
def test_one_more_failing_rule_always_fails_the_whole(some: list[GateRule], now: Figure, before: Figure) -> None:
    analysis = run(replace(now, figure="run.x"), figure("run.bad", 9))
    judged = evaluate([*some, GateRule("run.bad", max=1)], analysis, run(before))
    assert judged.verdict is FAIL


@given(st.lists(rules, max_size=4), rules, figures(), figures())
def test_one_more_rule_never_betters_a_verdict(
    some: list[GateRule], another: GateRule, now: Figure, before: Figure
) -> None:
    fewer = evaluate(some, run(now), run(before))
    more = evaluate([*some, another], run(now), run(before))
    if any(row.verdict is not NOT_APPLICABLE for row in fewer.rules):
        assert RANK[more.verdict] <= RANK[fewer.verdict]


@given(
    st.lists(rules, max_size=4),
    st.sampled_from([{"venues": ()}, {"ticks": 0}, {"ticks": None}, {"ended": Ended.KILLED}]),
    figures(),
)
def test_nothing_passes_without_evidence(some: list[GateRule], lacks: dict[str, Any], now: Figure) -> None:
    assert evaluate(some, run(now, **lacks), run(now)).verdict is not PASS


@given(st.lists(rules, max_size=4))
def test_a_run_of_which_nothing_is_known_never_passes(some: list[GateRule]) -> None:
    nothing = replace(run(), figures=())
    assert evaluate(some, nothing, nothing).verdict is not PASS


@given(rules, st.integers(0, 30), figures(), figures())
def test_a_wider_limit_never_turns_a_pass_into_less(rule: GateRule, by: int, now: Figure, before: Figure) -> None:
    kinds = ("max", "min", "max_delta_to_baseline", "max_ratio_to_baseline")
    kind = next(kind for kind in kinds if getattr(rule, kind) is not None)
    wider = replace(rule, **{kind: getattr(rule, kind) + (-by if kind == "min" else by)})
    if evaluate([rule], run(now), run(before)).verdict is PASS:
        assert evaluate([wider], run(now), run(before)).verdict is PASS
