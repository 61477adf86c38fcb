"""The specification to fill in: valid as it stands, and valid with its comment signs taken off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.evidence.made_specification import pair, with_figures
from tests.reports import made_pair
from tests.reports.made_pair import figure
from toolkit.evidence.hypotheses import answer_hypotheses
from toolkit.evidence.specification import check_names, read_specification
from toolkit.evidence.template import specification_template
from toolkit.model.evidence import Answer, Direction, Specification

NAMES = ("runs/before", "runs/after")


def read(folder: Path, text: str) -> Specification:
    path = folder / "evidence.toml"
    path.write_text(text, "utf-8")
    return read_specification(path)


def filled_in(template: str) -> str:
    """Return the template with the comment signs of all hypotheses, commands, validations and blockers taken off."""
    head, tables = template.split("# [[hypothesis]]", 1)
    return head + re.sub(r"^# ", "", "# [[hypothesis]]" + tables, flags=re.MULTILINE)


def test_the_template_is_accepted_as_it_stands(tmp_path: Path) -> None:
    found = read(tmp_path, specification_template(pair(), NAMES))
    assert (found.title, found.hypotheses) == ("runs/before → runs/after", ())


def test_the_template_is_accepted_filled_in_and_its_figures_exist(tmp_path: Path) -> None:
    comparison = pair()
    found = read(tmp_path, filled_in(specification_template(comparison, NAMES)))
    check_names(found, [row.figure for row in comparison.rows], [each.id for each in found.commands])
    expected = [(each.expects[0].figure, each.expects[0].direction) for each in found.hypotheses]
    assert expected[:2] == [
        ("lighter.reconnects", Direction.LOWER), ("lighter.reconnects.server_close", Direction.LOWER),
    ]  # fmt: skip
    assert ("run.publisher.try_send_full", Direction.INSTRUMENTED) in expected
    assert len(expected) <= 15
    answers = {answer.answer for answer in answer_hypotheses(found, comparison)}
    assert answers == {Answer.SUPPORTED}
    assert (len(found.validations), len(found.blockers), len(found.commands)) == (1, 1, 1)


def test_regressions_stand_first_and_counts_without_a_verdict_after_them(tmp_path: Path) -> None:
    worse = with_figures(made_pair.after(), figure("paradex.reconnects", 40), figure("aster.reconnects", 5))
    found = read(tmp_path, filled_in(specification_template(pair(after=worse), NAMES)))
    figures = [each.expects[0].figure for each in found.hypotheses]
    assert figures[0] == "paradex.reconnects"
    assert figures.index("lighter.reconnects") < figures.index("aster.reconnects")


def test_a_pair_in_which_nothing_moved_says_so(tmp_path: Path) -> None:
    template = specification_template(pair(after=made_pair.before()), NAMES)
    assert "No figure of this pair moved" in template
    assert read(tmp_path, template).hypotheses == ()


@pytest.mark.parametrize("name", ['a"b\n[[hypothesis]]', "\x7f\x1b[31m\u2028", "\\", "{title}"])
def test_names_of_runs_and_figures_cannot_break_out_of_their_strings(tmp_path: Path, name: str) -> None:
    hostile = f"lighter.reconnects.{name}"
    comparison = pair(
        with_figures(made_pair.before(), figure(hostile, 40)), with_figures(made_pair.after(), figure(hostile, 1))
    )
    template = specification_template(comparison, (name, "after"))
    assert read(tmp_path, template).title == f"{name} → after"
    assert hostile in [each.expects[0].figure for each in read(tmp_path, filled_in(template)).hypotheses]
