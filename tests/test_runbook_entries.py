"""Each reconnect reason, finding and diagnosis that the code can give has one entry in a runbook, and no other has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE
from tests.analysis.test_diagnosis import CONNECTED, RECORDS, ended, records
from tests.documents import ROOT, updated_entries
from toolkit.analysis.metrics import catalogue
from toolkit.model.runbooks.entries import RunbookEntry, entries, parts
from toolkit.model.runbooks.references import CODES, Runbook
from toolkit.model.vocabulary import DiagnosisCode, FindingCode

ENTRIES = [(runbook, entry) for runbook in Runbook for part in parts(runbook) for entry in part.entries]
SHOWN_BY_LINES = [
    (part.title, entry) for part in parts(Runbook.DIAGNOSES) for entry in part.entries if entry.log
]  # fmt: skip
WITHOUT_LINES = {"zero_ticks", "build_limit", "interrupted", "died_early"}
"""Diagnoses that no line of a log shows."""


@pytest.mark.parametrize("runbook", Runbook)
def test_the_entries_of_a_runbook_are_those_of_the_codes_that_can_occur(runbook: Runbook) -> None:
    assert sorted(entries(runbook)) == sorted(CODES[runbook])
    assert sum(len(part.entries) for part in parts(runbook)) == len(CODES[runbook])


@pytest.mark.parametrize("runbook", Runbook)
def test_a_runbook_has_one_heading_with_the_code_as_its_anchor_for_each_entry(runbook: Runbook) -> None:
    text = (ROOT / "runbooks" / f"{runbook}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### `(\w+)`$", text, re.MULTILINE)
    assert sorted(headings) == sorted(CODES[runbook])
    assert text == updated_entries(ROOT / "runbooks" / f"{runbook}.md"), "run `python -m tests.documents --entries`"


def test_every_code_of_a_finding_or_diagnosis_is_given_by_the_analysis() -> None:
    folders = ("toolkit/analysis/findings", "toolkit/analysis/diagnosis", "toolkit/runlog")
    sources = [path for folder in folders for path in (ROOT / folder).glob("*") if path.suffix in (".py", ".toml")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    for kind in (FindingCode, DiagnosisCode):
        unused = {
            code for code in kind if f"{kind.__name__}.{code.name}" not in text and f'code = "{code}"' not in text
        }
        assert not unused


@pytest.mark.parametrize(("part", "entry"), SHOWN_BY_LINES, ids=[entry.code for _, entry in SHOWN_BY_LINES])
def test_the_lines_that_an_entry_shows_are_diagnosed_with_its_code(
    tmp_path: Path, part: str, entry: RunbookEntry
) -> None:
    ran = part == "The run ended"
    before = (START_LINE, CONNECTED) if ran else ()
    run = ended(tmp_path, *before, *entry.log.splitlines(), telemetry=records(RECORDS) if ran else "")
    assert run.diagnosis is not None
    assert run.diagnosis.code == entry.code
    expected = {"The build is blocked": ("blocked_build",), "The program never started": ("never_started",)}
    assert not (part in expected and run.ended not in (*expected[part], "never_started"))


def test_only_diagnoses_that_no_line_shows_have_no_lines() -> None:
    assert {entry.code for entry in entries(Runbook.DIAGNOSES).values() if not entry.log} == WITHOUT_LINES


@pytest.mark.parametrize(("runbook", "entry"), ENTRIES, ids=[f"{runbook}-{entry.code}" for runbook, entry in ENTRIES])
def test_an_entry_says_in_short_what_it_means_what_to_look_at_and_what_to_do(
    runbook: Runbook, entry: RunbookEntry
) -> None:
    for text in (entry.meaning, entry.look, entry.do):
        assert 8 <= len(text) <= 260
        assert text[-1] in ".?"
        assert text.count("`") % 2 == 0


@pytest.mark.parametrize(("runbook", "entry"), ENTRIES, ids=[f"{runbook}-{entry.code}" for runbook, entry in ENTRIES])
def test_figures_and_codes_that_an_entry_names_exist(runbook: Runbook, entry: RunbookEntry) -> None:
    named = re.findall(r"`([^`]+)`", " ".join((entry.meaning, entry.look, entry.do)))
    names = {spec.name for spec in catalogue()}
    for name in named:
        if re.fullmatch(r"(?:run|<venue>)\.[\w.<>]+", name) and name != "run.log":
            assert name in names
        if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", name):
            codes = {code for kind in CODES.values() for code in kind}
            assert name in codes | {"log_events"}
