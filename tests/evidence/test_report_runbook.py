"""The runbook about reading a report names every part and every word of a report."""

from __future__ import annotations

import re
from html import unescape
from itertools import chain

from tests.documents import ROOT
from tests.reports.made_pair import after, before, blocked
from tests.reports.test_evidence import evidence, stated
from toolkit.evidence.page import evidence_page
from toolkit.model.evidence import Answer, FindingState
from toolkit.model.vocabulary import Bound, GateVerdict, Verdict

RUNBOOK = (ROOT / "runbooks" / "reading-a-report.md").read_text(encoding="utf-8")
PARTS, WORDS = (RUNBOOK.split(f"## {title}\n")[1].split("\n## ")[0] for title in ("The parts", "The words"))
IN_OTHER_WORDS = {
    Verdict.NO_DIFFERENCE: "~",
    Verdict.INCONCLUSIVE: "~",
    Verdict.DESCRIPTIVE: "~",
    Verdict.NOT_COMPARABLE: "not comparable",
}
"""Verdicts as a document prints them."""


def first_cells(table: str) -> list[str]:
    return re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)


def test_every_heading_of_a_report_is_a_part_of_the_runbook() -> None:
    pairs = (evidence(before(), after(), **stated()), evidence(blocked(), after()))
    headings = {unescape(each) for pair in pairs for each in re.findall(r"<h2[^>]*>([^<]+)<", evidence_page(pair))}
    parts = first_cells(PARTS)
    assert len(headings) > 10
    assert {each for each in headings if not any(each.startswith(part) for part in parts)} == set()


def test_every_word_of_a_verdict_has_its_meaning() -> None:
    words = set(chain.from_iterable(cell.split(", ") for cell in first_cells(WORDS)))
    shown = {str(IN_OTHER_WORDS.get(each, each)) for each in Verdict}
    assert {*shown, *Answer, *GateVerdict, *FindingState, *Bound} <= words
