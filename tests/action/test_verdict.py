"""The verdict of the check, and on which verdicts it turns red."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from evidence_action import steps
from evidence_action.inputs import InvalidInputError
from evidence_action.verdict import Pair, Verdict, decide, is_red

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("pair", "confirmed", "gates", "blocked", "word", "reason"),
    [
        (0, False, {}, NONE, "PASS", "no figure regressed"),
        (0, False, {"base": 0, "head": 0}, NONE, "PASS", "no figure regressed, and the head meets the gate"),
        (0, False, {"base": 1, "head": 0}, NONE, "PASS", "no figure regressed, and the head meets the gate"),
        (0, False, {"base": 0, "head": 1}, NONE, "FAIL", "the head does not meet the gate"),
        (0, False, {"base": 4, "head": 1}, NONE, "FAIL", "the head does not meet the gate"),
        (0, False, {"base": 1, "head": 1}, NONE, "INCONCLUSIVE", "neither side meets the gate"),
        (0, False, {"base": 0, "head": 4}, NONE, "INCONCLUSIVE", "the gate cannot be decided from the run of the head"),
        (1, True, {"base": 0, "head": 0}, NONE, "FAIL", "the expected change is not shown"),
        (1, False, {}, NONE, "FAIL", "the expected change is not shown"),
        (0, True, {}, NONE, "PASS", "no figure regressed in a second pair of runs"),
        (5, True, {}, NONE, "INCONCLUSIVE", "a figure regressed, and the second pair of runs did not run to its end"),
        (4, False, {"base": 0, "head": 0}, NONE, "INCONCLUSIVE", "the runs cannot show whether a figure changed"),
        (5, False, {}, frozenset({"head"}), "FAIL", "the head did not run to its end, the base did"),
        (5, False, {}, frozenset({"base"}), "INCONCLUSIVE", "the base did not run to its end"),
        (5, False, {}, frozenset({"base", "head"}), "INCONCLUSIVE", "neither side ran to its end"),
    ],
)
def test_the_verdict_follows_from_the_comparison_the_gate_and_the_builds(
    pair: int, confirmed: bool, gates: Mapping[str, int], blocked: frozenset[str], word: str, reason: str
) -> None:
    verdict = decide(Pair(pair, confirmed), gates, blocked)
    assert (verdict.word, verdict.reason) == (word, reason)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        (("lighter.reconnects",), "lighter.reconnects regressed in both pairs of runs"),
        (
            ("a.reconnects", "b|<!-- @x.reconnects"),
            "a.reconnects, b_______x.reconnects regressed in both pairs of runs",
        ),
        (
            ("x.disconnects.y", "x.reconnects.y", "x.reconnects"),
            "x.reconnects, x.disconnects.y regressed in both pairs of runs",
        ),
        (("a", "b", "c", "d"), "a, b and 2 more regressed in both pairs of runs"),
    ],
)
def test_a_regression_names_its_figures(figures: tuple[str, ...], reason: str) -> None:
    assert decide(Pair(1, True, figures), {"base": 0, "head": 1}, NONE) == Verdict("FAIL", reason)


@pytest.mark.parametrize(
    ("fail_on", "red"),
    [
        ("regression", {"FAIL", ""}),
        ("unproven", {"FAIL", "INCONCLUSIVE", ""}),
        ("nothing", set()),
    ],
)
def test_the_input_decides_on_which_verdicts_the_check_is_red(fail_on: str, red: set[str]) -> None:
    assert {word for word in ("PASS", "FAIL", "INCONCLUSIVE", "") if is_red(word, fail_on)} == red


def test_a_check_that_stays_green_shows_that_it_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EVIDENCE_VERDICT", "INCONCLUSIVE")
    monkeypatch.setenv("EVIDENCE_REASON", "the base did not run to its end")
    assert steps.check() == 0
    assert capsys.readouterr().out == "::warning title=Run evidence::INCONCLUSIVE: the base did not run to its end\n"


def test_another_value_of_fail_on_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIDENCE_FAIL_ON", "always")
    with pytest.raises(InvalidInputError, match="always is none of regression, unproven, nothing"):
        steps.check()
