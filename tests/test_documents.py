"""Tests of the documents: commands, outputs and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, outputs, shown_commands
from toolkit.cli import COMMANDS, main

SHOWING = [document for document in DOCUMENTS if any(shown_commands(document))]


@pytest.mark.untraced
@pytest.mark.parametrize("document", SHOWING, ids=[document.name for document in SHOWING])
def test_the_commands_of_a_document_print_what_it_shows(document: Path) -> None:
    for command, shown, output in outputs(document):
        assert output == shown, command


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
