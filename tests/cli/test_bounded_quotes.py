"""An error of any length makes pages of bounded length, and the document always has its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reports.made_pair import after, before
from tests.reports.test_evidence import evidence
from toolkit.analysis.pipeline import analyze
from toolkit.cli import main
from toolkit.evidence.document import evidence_document

LONGEST_PAGE = {"text": 3_000, "markdown": 20_000, "html": 350_000}


@pytest.fixture(params=["x" * 70_000, "word " * 1_000_000], ids=["one word", "many words"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    sample = Path(__file__).parents[2] / "toolkit" / "samples" / "after" / "run.log"
    head = "".join(sample.read_text().splitlines(keepends=True)[:40])
    (tmp_path / "run.log").write_text(f"{head}Error: {request.param}\n")
    return str(tmp_path)


def test_a_page_of_a_run_with_an_endless_error_is_short(run: str, tmp_path: Path) -> None:
    page = tmp_path / "page"
    for format, most in LONGEST_PAGE.items():
        with pytest.raises(SystemExit) as ended:
            main(["analyze", run, "--db", ":memory:", "--format", format, "-o", str(page)])
        assert ended.value.code == 0
        assert "characters left out" in " ".join(page.read_text().split())
        assert page.stat().st_size < most
    diagnosis = analyze([run]).run.diagnosis
    assert diagnosis is not None and len(diagnosis.text) < 400


def test_a_document_about_an_endless_error_has_its_answer_and_its_sections(run: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    with pytest.raises(SystemExit) as ended:
        main(["report", run, "sample:after", "--db", ":memory:", "-o", str(page), "-q"])
    assert ended.value.code == 0
    text = page.read_text()
    assert "> **Blocked: the before run never ran:** the program refused to start" in text
    assert "Cut here" not in text
    assert len(text) <= 20_000


@pytest.mark.parametrize("limit", [0, 200, 1_000])
def test_whatever_is_cut_the_answer_stands(limit: int) -> None:
    shown = evidence(before(), after())
    answer = next(line for line in evidence_document(shown).splitlines() if line.startswith("> "))
    assert answer in evidence_document(shown, limit=limit).splitlines()
