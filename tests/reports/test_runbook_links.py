"""Findings, reasons and diagnoses of every output link to their runbook entry, on the page or at a stated address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reports.run_pages import summary
from tests.reports.made_pair import after, before, blocked
from tests.reports.test_evidence import evidence
from toolkit.cli import main
from toolkit.evidence.document import comparison_page, evidence_comment, evidence_document
from toolkit.evidence.page import evidence_page
from toolkit.model.errors import UsageError
from toolkit.model.runbooks.address import URL_VARIABLE, runbooks_url
from toolkit.model.runbooks.references import Reference, Runbook, reference, references
from toolkit.model.runs import Finding, RunAnalysis
from toolkit.model.serialize import analysis_json, comparison_json
from toolkit.model.vocabulary import DiagnosisCode, FindingCode

URL = "https://github.com/owner/toolkit/blob/v1/runbooks"
FINDING = Finding(FindingCode.NEVER_SPOKE, "high", "aster", "no book was applied")


def found(run: RunAnalysis) -> RunAnalysis:
    return replace(run, findings=(FINDING,))


def pages() -> dict[str, str]:
    pair = evidence(before(), found(after()))
    return {
        "summary": summary(found(after()), "after", "markdown"),
        "compare": comparison_page(pair.comparison, pair.names, "markdown"),
        "document": evidence_document(pair),
        "comment": evidence_comment(pair, "x"),
    }


@pytest.mark.parametrize(
    "url", ["http://localhost:8000/runbooks/", "https://example.org", URL], ids=["local", "host alone", "GitHub"]
)
def test_an_address_loses_only_its_last_slash(url: str) -> None:
    assert runbooks_url({URL_VARIABLE: url}) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x", "javascript:alert(1)", "//example.org", "https://user:word@example.org/x", "https://u@example.org",
        "https://example.org/x?y", "https://example.org/x#y", "https://example.org/a)b", "https://example.org/a b",
        'https://example.org/"x', "https://example.org/<x>", "https://example.org/x\n", "https://", "x",
    ],
)  # fmt: skip
def test_an_address_with_a_user_name_or_another_scheme_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match=URL_VARIABLE):
        runbooks_url({URL_VARIABLE: url})


def test_a_wrong_address_ends_a_command_before_it_reads_a_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(URL_VARIABLE, "https://user:hunter2@example.org")
    with pytest.raises(SystemExit) as end:
        main(["analyze", "no-such-run"])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert URL_VARIABLE in error
    assert "hunter2" not in error


def test_a_run_refers_to_its_diagnosis_its_findings_and_the_reasons_that_occurred() -> None:
    assert references(blocked()) == (Reference(Runbook.DIAGNOSES, "exdev"),)
    shown = references(found(after()))
    assert shown[0] == Reference(Runbook.FINDINGS, "never_spoke")
    reasons = {
        each.metric.removeprefix("reconnects.")
        for each in after().figures
        if each.value and each.metric.startswith("reconnects.")
    }
    assert {each.code for each in shown[1:]} == reasons
    assert {each.runbook for each in shown[1:]} == {Runbook.REASONS}


def test_a_reason_in_a_program_s_own_words_has_no_reference() -> None:
    assert reference(Runbook.REASONS, "bootstrap_no_first_frame") is None
    assert str(reference(Runbook.REASONS, "read_timeout")) == "reconnect-reasons.md#read_timeout"


def test_json_names_the_entry_of_each_finding_reason_and_diagnosis() -> None:
    analysis = json.loads(analysis_json(found(after())))
    assert [each["runbook"] for each in analysis["findings"]] == ["findings.md#never_spoke"]
    assert analysis["runbooks"]["stream_ended"] == "reconnect-reasons.md#stream_ended"
    assert json.loads(analysis_json(blocked()))["run"]["diagnosis"]["runbook"] == "blocked-build.md#exdev"
    pair = json.loads(comparison_json(evidence(blocked(), after()).comparison))
    assert pair["runs"]["before"]["diagnosis"]["runbook"] == "blocked-build.md#exdev"
    assert pair["runbooks"] == analysis["runbooks"]


@pytest.mark.parametrize("name", ["summary", "compare", "document", "comment"])
def test_markdown_links_to_the_stated_address_and_else_names_the_file(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    assert "`never_spoke`; `runbooks/reconnect-reasons.md` " in pages()[name]
    assert "](http" not in pages()[name]
    monkeypatch.setenv(URL_VARIABLE, URL)
    text = pages()[name]
    assert f"[`never_spoke`]({URL}/findings.md#never_spoke)" in text
    assert f"[`stream_ended`]({URL}/reconnect-reasons.md#stream_ended)" in text


def test_the_sentence_of_a_finding_links_to_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, URL)
    assert f"[**New, aster:**]({URL}/findings.md#never_spoke) no book was applied" in pages()["document"]


@pytest.mark.parametrize(
    "page",
    [lambda: summary(found(after()), "after", "html"), lambda: evidence_page(evidence(before(), found(after()))),
     lambda: evidence_page(evidence(blocked(), after()))],
    ids=["summary", "evidence", "blocked"],
)  # fmt: skip
def test_a_page_has_the_entries_that_it_links_to_and_leads_nowhere_else(
    page: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    text = page()
    links = set(re.findall(r'href="#((?:finding|reason|diagnosis)\.\w+)"', text))
    assert links
    assert links == set(re.findall(r'<dt id="((?:finding|reason|diagnosis)\.\w+)"', text))
    assert "http" not in text.partition("</style>")[2]
    assert "<b>Do:</b>" in text


def test_a_page_with_an_address_links_its_entries_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, URL)
    assert f'<dt id="finding.never_spoke"><a href="{URL}/findings.md#never_spoke">' in summary(
        found(after()), "a", "html"
    )


def test_the_terminal_names_the_entries_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    last = summary(found(after()), "after", "text").rpartition("what to do  ")[2]
    assert last.startswith("runbooks/findings.md: never_spoke; runbooks/reconnect-reasons.md: ")
    monkeypatch.setenv(URL_VARIABLE, URL)
    assert f"what to do  {URL}/findings.md: never_spoke" in summary(found(after()), "after", "text")


def test_a_blocked_side_is_told_what_its_runbook_says() -> None:
    text = evidence_document(evidence(blocked(), after()))
    assert "To unblock it: put both on one file system: `export CARGO_TARGET_DIR=" in text
    assert DiagnosisCode.EXDEV in text
