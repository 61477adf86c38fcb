"""`toolkit sql`, `toolkit runs` and `toolkit figures`: errors, safe output and formats."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.db.store import connect


def exit_code(*argv: str) -> int:
    with pytest.raises(SystemExit) as exited:
        main(list(argv))
    assert isinstance(exited.value.code, int)
    return exited.value.code


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("sql", ""), "the query is empty"),
        (("sql", " ; -- nothing"), "the query is empty"),
        (("sql", "selec 1"), "syntax error"),
        (("sql", "select \x1b[31m"), "\\x1b[31m"),
        (("sql", "select * from nothing"), "nothing does not exist"),
        (("sql", "drop table run"), "read-only"),
        (("runs", "--remove", "nobody"), "no run has that label"),
        (("runs", "--label", "nobody", "x"), "0 runs"),
    ],
)
def test_an_impossible_request_is_a_usage_error_with_a_reason(
    tmp_path: Path, argv: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(str(tmp_path / "store.duckdb")).close()
    assert exit_code(*argv, "--db", str(tmp_path / "store.duckdb")) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_query_results_are_printed_without_control_sequences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(str(tmp_path / "store.duckdb")).close()
    assert exit_code("sql", "select chr(27) || '[31m' as a", "--db", str(tmp_path / "store.duckdb")) == 0
    assert capsys.readouterr().out == "a\n\\x1b[31m\n"


def test_a_pattern_that_matches_no_figure_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("figures", "nosuch") == 2
    assert "no figure name contains it" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_query_results_are_escaped_in_documents(
    tmp_path: Path, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(str(tmp_path / "store.duckdb")).close()
    query = "select '<img src=x> | @someone' as a, 7 as b, null as c"
    assert exit_code("sql", query, "--format", format, "--db", str(tmp_path / "store.duckdb")) == 0
    out = capsys.readouterr().out
    assert "<img" not in out and "&lt;img" in out
    rows = [line for line in out.splitlines() if "| 7 |" in line or re.search(r'<td class="n"[^>]*>7</td>', line)]
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("argv", "message"), [(("runs",), "SIMULATED"), (("figures", "cap_hits"), "run.<wbr>cap_hits.<wbr>ticks")]
)
def test_runs_and_figures_can_be_html_pages(
    tmp_path: Path, argv: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    db = str(tmp_path / "store.duckdb")
    exit_code("analyze", "sample:after", "--db", db, "-q")
    capsys.readouterr()
    assert exit_code(*argv, "--format", "html", *(["--db", db] if argv == ("runs",) else [])) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>") and message in page


def test_runs_can_be_a_markdown_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = str(tmp_path / "store.duckdb")
    exit_code("analyze", "sample:after", "--db", db, "--label", "a|b", "-q")
    capsys.readouterr()
    assert exit_code("runs", "--db", db, "--format", "markdown") == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.startswith("| run | label | kind | ran | lives | ended |")
    assert "| a&#124;b |" in row
