"""Tests of the documents: commands, outputs and links."""

from __future__ import annotations

import re

import pytest

from tests.documents import DOCUMENTS, ROOT, command_output, shown_commands
from toolkit.cli import COMMANDS, main

SHOWN = [(document.name, *each) for document in DOCUMENTS for each in shown_commands(document)]


@pytest.mark.parametrize(("document", "command", "output"), SHOWN)
def test_a_command_prints_what_its_document_shows(document: str, command: str, output: str) -> None:
    assert command_output(command) == output


def test_the_readme_starts_with_make_demo_and_make_test() -> None:
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert [block.strip() for block in blocks[:2]] == ["make demo", "make test"]


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").strip().splitlines()[-1] == "make test"


def test_every_relative_link_has_a_target() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#][^)]*)\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target.split("#")[0]).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert command in capsys.readouterr().out
