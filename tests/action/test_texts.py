"""Limits of comments and summaries, and what text of a run may do in the log of the workflow."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from evidence_action import processes, steps, texts, workflow_commands
from hypothesis import given
from hypothesis import strategies as st


@given(st.text(alphabet="ab\né😀<>/details", max_size=400), st.integers(200, 300))
def test_a_cut_text_fits_in_characters_and_bytes(text: str, limit: int) -> None:
    assert len(texts.cut_to_characters(text, limit)) <= max(limit, len(text) if len(text) <= limit else 0)
    assert len(texts.cut_to_bytes(text, limit).encode()) <= limit


def test_a_text_within_the_limit_stays_as_it_is() -> None:
    assert texts.cut_to_characters("é" * 100, 100) == "é" * 100
    assert texts.cut_to_bytes("é" * 50, 100) == "é" * 50


def test_the_summary_stays_well_below_one_mebibyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "comment.md").write_text("<details>\n" + "é" * 99 * 10_000 + "\nline" * 100_000, encoding="utf-8")
    monkeypatch.setenv("EVIDENCE_OUT", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    assert steps.summary() == 0
    written = (tmp_path / "summary").read_bytes()
    assert len(written) <= 512 * 1024
    assert written.decode().count("</details>") == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("evidence", "<!-- toolkit-evidence:evidence -->"),
        ("Evidence (nightly)", "<!-- toolkit-evidence:Evidence -nightly- -->"),
        ("x -->\n# forged", "<!-- toolkit-evidence:x - forged -->"),
    ],
)
def test_a_name_cannot_end_the_hidden_line(name: str, line: str) -> None:
    assert texts.marker(name) == line


def test_text_of_an_artifact_hides_nothing_and_mentions_nobody() -> None:
    text = texts.harmless("<!-- a -->\u202e@team\x1b[31m\r\nnext\tcell")
    assert text == "&lt;!-- a -->@\u200bteam[31m\nnext\tcell"


def test_a_message_is_one_workflow_command(capsys: pytest.CaptureFixture[str]) -> None:
    workflow_commands.warning("50 % of\r\n::error::forged")
    assert capsys.readouterr().out == "::warning title=Run evidence::50 %25 of%0D%0A::error::forged\n"


def test_an_output_cannot_add_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    workflow_commands.set_output("reason", "line\nverdict=PASS")
    first, *middle, last = (tmp_path / "output").read_text(encoding="utf-8").splitlines()
    assert middle == ["line", "verdict=PASS"]
    assert first == f"reason<<{last}"
    assert len(last) == 32


def test_commands_in_the_output_of_a_program_are_not_interpreted(capfd: pytest.CaptureFixture[str]) -> None:
    code = processes.run([sys.executable, "-c", "print('::set-output name=x::1\\nlast', end=''); raise SystemExit(3)"])
    lines = capfd.readouterr().out.splitlines()
    assert code == 3
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines[1:] == ["::set-output name=x::1", "last", f"::{token}::"]


def test_a_program_gets_neither_the_token_nor_the_files_of_the_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_TOKEN", "EVIDENCE_TOKEN"}
    for name in (*secret, "OWN_SETTING"):
        monkeypatch.setenv(name, "x")
    printed = subprocess.run(["env"], env=processes.child_environment(), capture_output=True, text=True, check=True)
    names = {line.partition("=")[0] for line in printed.stdout.splitlines()}
    assert not names & secret
    assert {"OWN_SETTING", "PATH"} <= names
    assert os.environ["GITHUB_TOKEN"] == "x"
