from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.reports.rendered import Page
from toolkit.cli import main
from toolkit.model.vocabulary import Verdict

SAMPLES = ("sample:before", "sample:after")
EXAMPLE = Path(__file__).parents[2] / "reports" / "examples" / "pr_b" / "evidence.toml"
BUILD_LOG = """   Compiling feedcore v0.1.0 ($SRC/feedcore)
error: failed to write $SRC/target/release/deps/libfeedcore.rmeta: Invalid cross-device link (os error 18)

error: could not compile `feedcore` (lib) due to 1 previous error; 1 warning emitted
"""


def run(*argv: str) -> int:
    with pytest.raises(SystemExit) as exit_info:
        main([*argv, "--db", ":memory:"])
    return int(exit_info.value.code or 0)


@pytest.fixture
def work_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def blocked(work_dir: Path) -> str:
    (work_dir / "exdev_build").mkdir()
    (work_dir / "exdev_build" / "run.log").write_text(BUILD_LOG, encoding="utf-8")
    return "exdev_build"


def test_the_json_of_a_comparison_has_the_documented_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", *SAMPLES, "--format", "json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["schema"], result["comparable"], result["why_not"]) == ("toolkit.comparison/1", True, [])
    documented = {"figure", "before", "after", "delta", "ratio", "low", "high", "p", "verdict", "why", "mde"}
    assert all(documented <= row.keys() for row in result["rows"])
    assert {row["verdict"] for row in result["rows"]} <= set(Verdict)
    assert result["runs"]["after"]["simulated"] is True


def test_the_recorded_pair_shows_the_effect_of_the_change(capsys: pytest.CaptureFixture[str]) -> None:
    run("compare", *SAMPLES, "--format", "json")
    rows = {row["figure"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    reconnects = {name: (row["before"], row["after"]) for name, row in rows.items() if name.endswith(".reconnects")}
    assert reconnects == {
        "lighter.reconnects": (10, 1),
        "extended.reconnects": (5, 5),
        "hyperliquid.reconnects": (3, 3),
        "paradex.reconnects": (3, 3),
        "aster.reconnects": (2, 2),
    }
    assert rows["run.publisher.try_send_full"]["verdict"] == "not_comparable"
    assert rows["run.publisher.try_send_full"]["why"] == "before: not instrumented"


@pytest.mark.parametrize(
    ("format", "mark"), [("text", "sample:before → sample:after   SIMULATED"), ("markdown", "# sample:before")]
)
def test_a_comparison_is_printed_as_text_or_markdown(
    format: str, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", *SAMPLES, "--format", format) == 0
    assert capsys.readouterr().out.startswith(mark)


def test_the_document_goes_to_its_file_and_its_answer_to_the_terminal(
    work_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", *SAMPLES, "-o", "out/evidence.md") == 0
    page = (work_dir / "out" / "evidence.md").read_text(encoding="utf-8")
    *answer, empty, path = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert (empty, path) == ("", "out/evidence.md")
    assert answer[0].startswith("Lighter's “idle” closes are gone (9 → 0). Improved: Lighter reconnects 10 → 1 (")
    assert all(len(line) <= 100 for line in answer)
    assert "`toolkit report sample:before sample:after -o out/evidence.md`" in page
    assert "lighter" in Page(page).tables[0][1]


def test_a_document_in_a_file_named_like_a_page_is_said_to_be_markdown(
    work_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", *SAMPLES, "-o", "page.html") == 0
    assert (work_dir / "page.html").read_text(encoding="utf-8").startswith("# ")
    assert capsys.readouterr().err == (
        "toolkit: page.html holds the document in Markdown; --html FILE writes it as a page\n"
    )


def test_the_page_of_the_samples_has_pictures_and_the_cited_lines_in_at_most_400_kilobytes(work_dir: Path) -> None:
    assert (
        run("report", *SAMPLES, "-o", "evidence.md", "--html", "evidence.html", "--spec", str(EXAMPLE), "--quiet") == 0
    )
    page = (work_dir / "evidence.html").read_text(encoding="utf-8")
    assert len(page.encode()) <= 400_000
    assert all(f'id="{name}"' in page for name in ("age-over-time", "reconnects-by-reason", "age-distribution"))
    line = 'id="l.before.run.log.66" value="66"><code>Lighter public WS closed frame=Some(CloseFrame { code: Normal, '
    assert line in page and 'href="#l.before.run.log.66"' in page
    assert "toolkit report sample:before sample:after -o evidence.md --html evidence.html --spec " in page


def test_the_comparison_as_a_page_is_the_evidence_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", *SAMPLES, "--format", "html", "--quiet") == 0
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>") and 'data-figure="lighter.reconnects"' in page


def test_the_document_goes_to_standard_output_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", *SAMPLES) == 0
    result = capsys.readouterr().out
    assert result.startswith("# Evidence: sample:before → sample:after\n")
    page = Page(result)
    assert 0 < page.tags["details"] == page.tags["summary"] == result.count("</details>")
    assert len(page.tables) == result.count("\n\n| ")
    assert all(len(row) == len(table[0]) and len(table) > 1 for table in page.tables for row in table)


@pytest.mark.usefixtures("analyzed_anew")
def test_the_document_does_not_depend_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        run("report", *SAMPLES, "-o", str(tmp_path / name / "evidence.md"))
        pages.append((tmp_path / name / "evidence.md").read_bytes())
    assert pages[0] == pages[1]
    assert str(tmp_path).encode() not in pages[0]


def test_a_blocked_side_gives_a_complete_document_and_exit_code_0(
    blocked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", blocked, "sample:after") == 0
    page = Page(capsys.readouterr().out)
    assert "Blocked: the before run never ran: " in page.text[:400]
    assert "Files" in page.headings


def test_a_comparison_without_a_comparable_row_exits_with_4(blocked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", blocked, "sample:after", "--format", "json") == 4
    result = json.loads(capsys.readouterr().out)
    assert result["comparable"] is False
    assert result["why_not"][0].startswith("before is blocked: ")


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("compare", "no-such-run", "sample:after"), 3, "no-such-run"),
        (("report", "sample:before", "no-such-run"), 3, "no-such-run"),
        (("report", "sample:before"), 2, "AFTER"),
        (("compare", *SAMPLES, "--requested", "soon"), 2, "soon"),
        (("report", *SAMPLES, "-o", "/proc/none/evidence.md"), 3, "/proc/none/evidence.md"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(
    argv: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == code
    result = capsys.readouterr()
    assert words in result.err and "Traceback" not in result.err
    assert result.out == ""


def test_the_pictures_are_written_beside_the_document_that_shows_them(work_dir: Path) -> None:
    assert run("report", *SAMPLES, "-o", "out/evidence.md", "--assets", "out/my pictures", "--quiet") == 0
    page = (work_dir / "out" / "evidence.md").read_text(encoding="utf-8")
    words, shown = zip(*re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", page), strict=True)
    assert words == ("Age over time", "Age distribution", "Reconnects by reason")
    assert all((work_dir / "out" / unquote(path)).is_file() for path in shown)
    assert " " not in "".join(shown)


def test_a_specification_and_a_comment_make_the_documents_of_a_pull_request(work_dir: Path) -> None:
    argv = ("report", *SAMPLES, "--spec", str(EXAMPLE), "-o", "evidence.md", "--comment", "comment.md", "--quiet")
    assert run(*argv) == 0
    for name, limit in (("evidence.md", 20_000), ("comment.md", 65_536)):
        text = (work_dir / name).read_text(encoding="utf-8")
        assert "H1 supported" in text and "H3 not supported" in text and len(text) <= limit


def test_a_template_is_written_once(work_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", *SAMPLES, "--init", "evidence.toml") == 0
    assert "lighter.reconnects" in (work_dir / "evidence.toml").read_text(encoding="utf-8")
    assert run("report", *SAMPLES, "--init", "evidence.toml") == 2
    assert "the file exists; name another one" in capsys.readouterr().err


def test_several_runs_a_side_make_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "--before", "sample:before", "--after", "sample:after") == 0
    assert capsys.readouterr().out.startswith("# Evidence: sample:before → sample:after\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [(("--repo", "."), "--spec"), (("--diff", "--spec", "evidence.toml"), "--repo"), (("--before", "sample:before"), "not both")],
)  # fmt: skip
def test_options_that_need_each_other_are_named(
    options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("report", *SAMPLES, *options) == 2
    assert words in capsys.readouterr().err
