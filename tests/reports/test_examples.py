from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests import examples

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", examples.RUNS)
def test_the_documents_of_an_example_are_those_that_the_command_writes(name: str, tmp_path: Path) -> None:
    checked_in, made = ROOT / examples.EXAMPLES / name, tmp_path / examples.EXAMPLES / name
    shutil.copytree(checked_in, made, ignore=lambda _, names: [each for each in names if is_written(each)])
    for run in examples.RUNS[name]:
        if run.startswith("tests/"):
            shutil.copytree(ROOT / run, tmp_path / run)
    examples.write(name, tmp_path)
    expected = {path.name: path.read_text(encoding="utf-8") for path in checked_in.iterdir() if is_written(path.name)}
    found = {path.name: path.read_text(encoding="utf-8") for path in made.iterdir() if is_written(path.name)}
    assert found == expected and "evidence.md" in found


def is_written(name: str) -> bool:
    return name != "interpretation.md" and Path(name).suffix in (".md", ".svg", ".html")


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("pr_b", {"H1": "supported", "H2": "unchanged as intended", "H3": "not supported", "H4": "supported"}),
        ("blocked", dict.fromkeys(("H1", "H2", "H3", "H4"), "blocked")),
        ("ab", {"H1": "supported", "H2": "supported"}),
    ],
)
def test_an_example_answers_its_hypotheses(name: str, answers: dict[str, str]) -> None:
    text = (ROOT / examples.EXAMPLES / name / "evidence.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| \*\*(H\d)\*\* .*\| \*\*([a-z ]+)\*\* \|$", text, flags=re.MULTILINE)) == answers
    assert len(text) <= 20_000
