"""The worked example of a specification: answered from the sample pair, and where both builds were blocked."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from tests.evidence.made_specification import pair
from tests.reports import made_pair
from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare
from toolkit.evidence.commands import command_rows, validation_results
from toolkit.evidence.hypotheses import answer_hypotheses
from toolkit.evidence.specification import check_names, read_specification
from toolkit.model.comparisons import RunComparison
from toolkit.model.evidence import Answer, Specification

PATHS = ("sample:before", "sample:after")


@pytest.fixture(scope="module")
def specification() -> Specification:
    return read_specification(Path(str(files("reports") / "examples" / "pr_b" / "evidence.toml")))


def check(specification: Specification, comparison: RunComparison) -> None:
    commands = [each.id for each in command_rows(PATHS, specification)]
    check_names(specification, [row.figure for row in comparison.rows], commands)


def test_the_sample_pair_answers_the_worked_example(specification: Specification) -> None:
    options = Options(age_series=True, mid_series=True)
    comparison = compare(*(analyze([path], options=options) for path in PATHS))
    check(specification, comparison)
    answers = {each.hypothesis.id: each for each in answer_hypotheses(specification, comparison)}
    assert {id: each.answer for id, each in answers.items()} == {
        "H1": Answer.SUPPORTED, "H2": Answer.UNCHANGED, "H3": Answer.NOT_SUPPORTED, "H4": Answer.SUPPORTED,
    }  # fmt: skip
    reconnects = answers["H1"].observations[0]
    assert (reconnects.before, reconnects.after, reconnects.p_corrected) == (10, 1, 12 / 2**11)
    assert ("run.log", 125) in reconnects.lines and ("run.log", 66) in reconnects.before_lines
    assert answers["H2"].observations[0].why.endswith("before: stated by the author; after: printed (run.log 41))")
    ends = {each.expectation.figure: each.after for each in answers["H3"].observations}
    assert ends == {"run.socket_ends.audited": 3, "run.socket_ends.logged": 9, "run.socket_ends.silent": 2}
    assert answers["H1"].observations[1].lines == (("run.log", 67), ("run.log", 79))
    lines = [[line for _, line in each.lines] for each in answers["H3"].observations]
    assert lines == [[86, 87, 145, 146, 161, 162, 163], [71, 80, 95, 116, 125, 139, 154, 174, 183], [103, 111]]
    assert all("untested under load" in each.why for each in answers["H4"].observations)


def test_two_blocked_builds_block_every_hypothesis_of_it(specification: Specification) -> None:
    comparison = pair(made_pair.blocked(), made_pair.blocked())
    check(specification, comparison)
    assert {each.answer for each in answer_hypotheses(specification, comparison)} == {Answer.BLOCKED}


def test_its_commands_decide_its_validations_and_have_no_invented_numbers(specification: Specification) -> None:
    results = validation_results(specification, specification.commands)
    assert [each.result for each in results] == ["passed", "passed", "blocked"]
    assert [each.id for each in specification.commands] == [f"U{number:02d}" for number in range(1, 16)]
    assert not any(each.started_ms or each.duration_ms or each.sha256 for each in specification.commands)
    assert specification.interpretation is not None and "H4" in specification.interpretation
