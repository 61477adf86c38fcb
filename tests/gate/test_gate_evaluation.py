from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.made_runs import VENUES, figure, run
from toolkit.gate import evaluate
from toolkit.model.figures import Figure
from toolkit.model.gates import GateResult, GateRow, GateRule
from toolkit.model.runs import Diagnosis, RunAnalysis
from toolkit.model.vocabulary import Bound, Ended, GateVerdict

PASS, FAIL, INCONCLUSIVE, NOT_APPLICABLE = GateVerdict


def only_row(result: GateResult) -> GateRow:
    (row,) = result.rules
    return row


@pytest.mark.parametrize(
    ("rule", "fields", "verdict", "why"),
    [
        # an exact value against an upper limit, which is itself allowed
        ({"max": 5}, {"value": 4}, PASS, "4 is not above 5"),
        ({"max": 5}, {"value": 5}, PASS, "5 is not above 5"),
        ({"max": 5}, {"value": 6}, FAIL, "6 is above 5"),
        # mirrored for a lower limit
        ({"min": 0.95}, {"value": 0.96}, PASS, "0.96 is not below 0.95"),
        ({"min": 0.95}, {"value": 0.95}, PASS, "0.95 is not below 0.95"),
        ({"min": 0.95}, {"value": 0.9}, FAIL, "0.9 is below 0.95"),
        # a range passes or fails only if it is entirely on one side of the limit
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
        # a missing value is inconclusive, unless the rule says otherwise
        ({"max": 5}, {"value": None, "note": "not instrumented"}, INCONCLUSIVE, "not known: not instrumented"),
        ({"max": 5, "on_null": "fail"}, {"value": None}, FAIL, "not known: the files of the run do not show it"),
        ({"max": 5, "on_null": "not_applicable"}, {"value": None}, NOT_APPLICABLE, "not known"),
        # too few samples are inconclusive on either side of the limit
        ({"max": 5, "min_n": 100}, {"value": 4, "n": 99}, INCONCLUSIVE, "has 99 samples, the rule requires 100"),
        ({"max": 5, "min_n": 100}, {"value": 6, "n": 99}, INCONCLUSIVE, "has 99 samples, the rule requires 100"),
        ({"max": 5, "min_n": 100}, {"value": 4, "n": 100}, PASS, "4 is not above 5"),
        # a figure that cannot move is not applicable, whatever else holds
        ({"max": 0}, {"value": 0, "note": "cannot move: no buffer cap"}, NOT_APPLICABLE, "not applicable: cannot move"),
        (
            {"max": 0, "min_n": 9},
            {"value": 0, "n": 0, "note": "cannot move"},
            NOT_APPLICABLE,
            "not applicable: cannot move",
        ),
        # if only the cap setting is unknown the rule applies, and the reason says so
        ({"max": 0}, {"value": 0, "note": "cannot move, or cap setting unknown"}, PASS, "cap setting unknown"),
        # the reason of the rule follows the reason of the verdict
        ({"max": 5, "why": "Five is plenty"}, {"value": 6}, FAIL, "6 is above 5. Five is plenty"),
    ],
)
def test_a_rule_gives_a_figure_a_verdict_and_a_reason(
    rule: dict[str, Any], fields: dict[str, Any], verdict: GateVerdict, why: str
) -> None:
    value = fields.pop("value")
    row = only_row(evaluate([GateRule("run.x", **rule)], run(figure("run.x", value, **fields))))
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
def test_per_10_min_compares_the_rate_with_the_limit(
    rule: dict[str, Any], span_ms: int | None, value: int, verdict: GateVerdict
) -> None:
    result = evaluate([GateRule("run.x", per_10_min=True, **rule)], run(figure("run.x", value), span_ms=span_ms))
    assert only_row(result).verdict is verdict


def test_a_row_has_the_scaled_value_the_limit_and_the_margin() -> None:
    result = evaluate([GateRule("run.x", max=5, per_10_min=True)], run(figure("run.x", 4), span_ms=1_200_000))
    row = only_row(result)
    assert (row.rule, row.value, row.limit, row.margin) == ("run.x max 5 per 10 min", 2, 5, 3)
    assert "2 (4 in the run, scaled to 10 minutes)" in row.why


def test_a_value_close_to_its_limit_is_printed_with_more_digits() -> None:
    result = evaluate([GateRule("run.x", max=1.00001)], run(figure("run.x", 1.00002)))
    assert only_row(result).why == "1.00002 is above 1.00001"


def test_the_margin_of_a_lower_limit_is_positive_above_it() -> None:
    assert only_row(evaluate([GateRule("run.x", min=5)], run(figure("run.x", 8)))).margin == 3


@pytest.mark.parametrize(
    ("rule", "before", "now", "verdict", "why"),
    [
        ({"max_ratio_to_baseline": 1.2}, 100, 120, PASS, "120 is not above 120"),
        ({"max_ratio_to_baseline": 1.2}, 100, 121, FAIL, "121 is above 120"),
        ({"max_ratio_to_baseline": 1.2}, 0, 0, PASS, "0 is not above 0"),
        ({"max_ratio_to_baseline": 1.2}, 0, 1, INCONCLUSIVE, "use max_delta_to_baseline"),
        ({"max_ratio_to_baseline": 1.2}, -10, -11, INCONCLUSIVE, "a ratio to it is meaningless"),
        ({"max_delta_to_baseline": 100}, 0, 100, PASS, "100 is not above 100"),
        ({"max_delta_to_baseline": 100}, 0, 101, FAIL, "101 is above 100"),
        ({"max_delta_to_baseline": -1}, 3, 3, FAIL, "3 is above 2"),
        ({"max_delta_to_baseline": 100}, None, 101, INCONCLUSIVE, "the baseline has no value"),
    ],
)
def test_a_relative_limit_is_computed_from_the_baseline(
    rule: dict[str, Any], before: float | None, now: float, verdict: GateVerdict, why: str
) -> None:
    row = only_row(evaluate([GateRule("run.x", **rule)], run(figure("run.x", now)), run(figure("run.x", before))))
    assert row.verdict is verdict
    assert why in row.why


def test_a_value_inside_the_range_of_a_relative_limit_is_inconclusive() -> None:
    before = run(figure("run.x", 10, low=10, high=20))
    rule = GateRule("run.x", max_delta_to_baseline=0)
    verdicts = [only_row(evaluate([rule], run(figure("run.x", value)), before)).verdict for value in (10, 15, 21)]
    assert verdicts == [PASS, INCONCLUSIVE, FAIL]


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (None, "name one with --baseline"),
        (run(), "it has no such figure"),
        (run(figure("run.x", 1), simulated=True), "only one of run and baseline is known to be simulated"),
        (
            run(figure("run.x", 1), span_ms=1_200_000),
            "the runs differ in length, and counts grow with it; use per_10_min",
        ),
    ],
)
def test_a_rule_without_a_comparable_baseline_is_inconclusive(before: RunAnalysis | None, why: str) -> None:
    row = only_row(evaluate([GateRule("run.x", max_delta_to_baseline=9)], run(figure("run.x", 1)), before))
    assert row.verdict is INCONCLUSIVE
    assert why in row.why


def test_runs_of_different_length_are_compared_by_rate() -> None:
    rule = GateRule("run.x", max_delta_to_baseline=0, per_10_min=True)
    result = evaluate([rule], run(figure("run.x", 1)), run(figure("run.x", 2), span_ms=1_200_000))
    assert only_row(result).verdict is PASS


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
def test_a_pattern_is_expanded_to_figures(rule: GateRule, names: list[str]) -> None:
    figures = [figure(f"{venue}.reconnects", 0) for venue in VENUES]
    figures += [figure(f"lighter.reconnects.{reason}", 0) for reason in ("seq_gap", "unknown")]
    assert [row.figure for row in evaluate([rule], run(*figures)).rules] == names


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("paradex.reconnects", "paradex is not a venue of this run (extended, lighter)"),
        ("lighter.reconnects.read_timout", "no such figure; nearest: lighter.reconnects.read_timeout"),
    ],
)
def test_a_figure_that_the_run_lacks_is_inconclusive_and_the_reason_names_the_nearest(name: str, why: str) -> None:
    result = evaluate([GateRule(name, max=3)], run(figure("lighter.reconnects.read_timeout", 0)))
    assert result.verdict is INCONCLUSIVE
    assert why in only_row(result).why


GOOD = GateRule("run.x", max=5)
BAD = GateRule("run.x", max=1)
TOO_FEW_SAMPLES = GateRule("run.x", max=5, min_n=2000)
FIXED = GateRule("run.fixed", max=0)
X = (figure("run.x", 2), figure("run.fixed", 0, note="cannot move"))


@pytest.mark.parametrize(
    ("rules", "analysis", "verdict", "why"),
    [
        ([GOOD], run(*X), PASS, "All applicable rules passed (1)."),
        ([GOOD, FIXED], run(*X), PASS, "rules not applicable: 1"),
        ([GOOD, BAD], run(*X), FAIL, "1 of 2 rules failed (run.x)"),
        ([GOOD, TOO_FEW_SAMPLES], run(*X), INCONCLUSIVE, "1 of 2 rules could not be decided (run.x)"),
        ([TOO_FEW_SAMPLES, BAD], run(*X), FAIL, "1 of 2 rules failed (run.x)"),
        ([FIXED], run(*X), INCONCLUSIVE, "No rule was applicable"),
        ([], run(*X), INCONCLUSIVE, "No rule was applicable"),
        ([GOOD], run(*X, venues=()), INCONCLUSIVE, "The run has no venues"),
        ([GOOD], run(*X, ticks=0), INCONCLUSIVE, "The run has no telemetry"),
        ([GOOD], run(*X, ticks=None), INCONCLUSIVE, "The run has no telemetry"),
        ([GOOD], run(*X, ended=Ended.CRASHED), INCONCLUSIVE, "The run crashed"),
        ([GOOD], run(*X, ended=Ended.KILLED), INCONCLUSIVE, "The run was killed"),
        ([BAD], run(*X, ended=Ended.KILLED), FAIL, "1 of 1 rules failed (run.x)"),
        ([GOOD], run(*X, ended=Ended.NEVER_STARTED), INCONCLUSIVE, "The run never started"),
        ([GOOD], run(*X, ended=Ended.BLOCKED_BUILD), INCONCLUSIVE, "The build was blocked"),
        ([GOOD], run(*X, ended=Ended.COMPLETED), PASS, "passed"),
        ([GOOD], run(*X, ended=Ended.STILL_RUNNING, set_aside=("torn_tail",)), PASS, "this is the verdict so far"),
        (
            [GOOD],
            run(*X, ended=Ended.UNKNOWN),
            PASS,
            "it is not known how the run ended, but its telemetry is complete",
        ),
        ([GOOD], run(*X, ended=Ended.UNKNOWN, set_aside=("blank",)), PASS, "its telemetry is complete"),
        ([GOOD], run(*X, ended=Ended.UNKNOWN, set_aside=("torn_tail",)), INCONCLUSIVE, "telemetry.jsonl:1 torn_tail"),
        ([GOOD], run(*X, ended=Ended.UNKNOWN, span_ms=None), INCONCLUSIVE, "its length is not known"),
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
def test_the_overall_verdict_has_a_reason(
    rules: list[GateRule], analysis: RunAnalysis, verdict: GateVerdict, why: str
) -> None:
    result = evaluate(rules, analysis)
    assert result.verdict is verdict
    assert why in result.why


def test_the_reason_of_a_dead_run_has_its_diagnosis() -> None:
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
def test_a_configured_venue_that_was_never_seen_has_the_verdict_of_the_gate(verdict: GateVerdict) -> None:
    result = evaluate([RECONNECTS], run(*NEVER_SEEN), never_seen=verdict)
    assert result.verdict is verdict
    assert "lighter was configured and never seen" in result.rules[-1].why


def test_a_venue_that_no_rule_covers_may_be_never_seen() -> None:
    result = evaluate([replace(RECONNECTS, venues=("extended",))], run(*NEVER_SEEN), never_seen=FAIL)
    assert result.verdict is PASS


def test_a_venue_with_event_ages_only_counts_as_seen() -> None:
    unknown = [figure(f"{venue}.age_apply_unknown.share", None, n=0) for venue in VENUES]
    ages = [figure(f"{venue}.age_apply_ms.p95", None, n=0) for venue in VENUES]
    ages += [figure("extended.age_event_ms.p95", 60), figure("lighter.age_event_ms.p95", None, n=0)]
    counts = [figure(f"{venue}.reconnects", 0) for venue in VENUES]
    result = evaluate([RECONNECTS], run(*unknown, *ages, *counts))
    assert [row.figure for row in result.rules if row.verdict is INCONCLUSIVE] == ["lighter.age_apply_unknown.share"]


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
def test_an_additional_failing_rule_makes_the_verdict_fail(others: list[GateRule], now: Figure, before: Figure) -> None:
    analysis = run(replace(now, figure="run.x"), figure("run.bad", 9))
    result = evaluate([*others, GateRule("run.bad", max=1)], analysis, run(before))
    assert result.verdict is FAIL


@given(st.lists(rules, max_size=4), rules, figures(), figures())
def test_an_additional_rule_never_improves_the_verdict(
    others: list[GateRule], another: GateRule, now: Figure, before: Figure
) -> None:
    fewer = evaluate(others, run(now), run(before))
    more = evaluate([*others, another], run(now), run(before))
    if any(row.verdict is not NOT_APPLICABLE for row in fewer.rules):
        assert RANK[more.verdict] <= RANK[fewer.verdict]


@given(
    st.lists(rules, max_size=4),
    st.sampled_from([{"venues": ()}, {"ticks": 0}, {"ticks": None}, {"ended": Ended.KILLED}]),
    figures(),
)
def test_a_run_without_evidence_never_passes(others: list[GateRule], missing: dict[str, Any], now: Figure) -> None:
    assert evaluate(others, run(now, **missing), run(now)).verdict is not PASS


@given(st.lists(rules, max_size=4))
def test_a_run_without_figures_never_passes(others: list[GateRule]) -> None:
    empty = replace(run(), figures=())
    assert evaluate(others, empty, empty).verdict is not PASS


@given(rules, st.integers(0, 30), figures(), figures())
def test_a_wider_limit_never_turns_a_pass_into_another_verdict(
    rule: GateRule, by: int, now: Figure, before: Figure
) -> None:
    kinds = ("max", "min", "max_delta_to_baseline", "max_ratio_to_baseline")
    kind = next(kind for kind in kinds if getattr(rule, kind) is not None)
    wider = replace(rule, **{kind: getattr(rule, kind) + (-by if kind == "min" else by)})
    if evaluate([rule], run(now), run(before)).verdict is PASS:
        assert evaluate([wider], run(now), run(before)).verdict is PASS
