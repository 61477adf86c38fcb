"""What `toolkit sql` and `toolkit runs` say where there is nothing to say or do."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.cli import main
from toolkit.db.store import connect


def typed(*argv: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("argv", "words"),
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
def test_what_cannot_be_done_is_wrong_usage_and_says_why(
    tmp_path: Path, argv: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(str(tmp_path / "store.duckdb")).close()
    assert typed(*argv, "--db", str(tmp_path / "store.duckdb")) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_what_a_query_finds_sends_no_control_sequence_to_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(str(tmp_path / "store.duckdb")).close()
    assert typed("sql", "select chr(27) || '[31m' as a", "--db", str(tmp_path / "store.duckdb")) == 0
    assert capsys.readouterr().out == "a\n\\x1b[31m\n"


def test_a_word_that_no_figure_holds_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("figures", "nosuch") == 2
    assert "no figure name contains it" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_what_a_query_finds_stays_text_in_a_document(
    tmp_path: Path, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(str(tmp_path / "store.duckdb")).close()
    query = "select '<img src=x> | @someone' as a, 7 as b, null as c"
    assert typed("sql", query, "--format", format, "--db", str(tmp_path / "store.duckdb")) == 0
    out = capsys.readouterr().out
    assert "<img" not in out and "&lt;img" in out
    rows = [line for line in out.splitlines() if "| 7 |" in line or '<td class="number">7</td>' in line]
    assert len(rows) == 1


@pytest.mark.parametrize(("argv", "words"), [(("runs",), "SIMULATED"), (("figures", "cap_hits"), "run.cap_hits.ticks")])
def test_runs_and_figures_may_be_pages_of_html(
    tmp_path: Path, argv: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    db = str(tmp_path / "store.duckdb")
    typed("analyze", "sample:after", "--db", db, "-q")
    capsys.readouterr()
    assert typed(*argv, "--format", "html", *(["--db", db] if argv == ("runs",) else [])) == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>") and words in page


def test_runs_are_a_markdown_table_where_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = str(tmp_path / "store.duckdb")
    typed("analyze", "sample:after", "--db", db, "--label", "a|b", "-q")
    capsys.readouterr()
    assert typed("runs", "--db", db, "--format", "markdown") == 0
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.startswith("| run | label | kind | ran | lives | ended |")
    assert "| a&#124;b |" in row
