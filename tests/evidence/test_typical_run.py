"""Documents of several runs a side: medians, the worst gate, and the design in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.reports.made_pair import after, before, figure
from tests.reports.pictures.made_pictures import curve
from tests.reports.pictures.made_pictures import run as pictured
from toolkit.comparison.rows import compare, compare_runs
from toolkit.evidence.assemble import assemble, gate_results
from toolkit.evidence.document import comparison_page, evidence_document
from toolkit.evidence.page import evidence_page, paths_by_run
from toolkit.evidence.typical_run import typical_run, with_typical_runs
from toolkit.model.comparisons import RunComparison
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Bound, GateVerdict

NAMES = ("one and 1 more", "other and 1 more")


def with_value(
    run: RunAnalysis, identity: str, name: str, value: int | None, bound: Bound = Bound.EXACT
) -> RunAnalysis:
    changed = figure(name, value, bound=bound if value is not None else Bound.UNKNOWN)
    figures = tuple(changed if each.figure == name else each for each in run.figures)
    return replace(run, run=replace(run.run, id=identity), figures=figures)


def test_a_typical_run_has_the_median_of_each_figure_with_its_bound() -> None:
    name = "lighter.reconnects"
    runs = [
        with_value(before(), "x", name, 4),
        with_value(before(), "y", name, 8, Bound.LOWER),
        with_value(before(), "z", name, 5),
    ]
    found = typical_run(runs).figure(name)
    assert found is not None
    assert (found.value, found.bound, found.n) == (5, Bound.LOWER, 3 * 2399)


def test_a_figure_that_one_run_does_not_know_has_no_median() -> None:
    name = "lighter.reconnects"
    found = typical_run([with_value(before(), "x", name, 4), with_value(before(), "y", name, None)]).figure(name)
    assert found is not None
    assert (found.value, found.bound, found.note) == (None, Bound.UNKNOWN, "known in 1 of 2 runs")


def test_one_run_a_side_is_shown_as_it_is() -> None:
    comparison = compare(before(), after())
    assert with_typical_runs(comparison).before is comparison.before


def test_the_document_of_several_runs_shows_medians_and_says_so() -> None:
    name = "lighter.reconnects"
    befores = [with_value(before(), f"b{value}", name, value) for value in (9, 11, 10, 12)]
    afters = [with_value(after(), f"a{value}", name, value) for value in (1, 2, 3, 0)]
    comparison = compare_runs(befores, afters)
    document = evidence_document(assemble(comparison, NAMES, ["toolkit", "report"]))
    assert "**10.5**\u00a0→ **1.5**" in document
    assert "Several runs a side." in document
    assert "Values are medians of 4 runs before and 4 after" in document
    page = comparison_page(comparison, NAMES, "text")
    assert "Values are medians of 4 runs before and 4 after" in " ".join(page.split())
    assert "one run per side" not in page.lower()


def several() -> RunComparison:
    """Return a comparison of two runs before and two after, which start one after the other and differ in files."""
    runs = []
    for number, run in enumerate((before(), before(), after(), after())):
        start = 1_700_000_000_000 + 600_000 * number
        info = replace(
            run.run, id=str(number), started_ms=start, ended_ms=start + 599_000, origin={"host": f"h{number}"}
        )
        ledger = tuple(replace(file, sha256=str(number) * 64) for file in run.ledger)
        runs.append(replace(run, run=info, ledger=ledger))
    runs[0] = replace(runs[0], findings=())
    return compare_runs(runs[:2], runs[2:])


def test_the_document_of_several_runs_has_the_findings_files_and_conditions_of_all() -> None:
    text = evidence_document(assemble(several(), NAMES, ["toolkit", "report"])).replace("\u00a0", " ")
    assert "**Gone, lighter, in 1 of 2 runs before, 0 of 2 after:**" in text
    assert "Starts, UTC: before 1 2023-11-14 22:13:20, before 2 2023-11-14 22:23:20, after 1 2023-11-14" in text
    assert "No two ran at once." in text
    assert all(f"| {run} | `run.log` |" in text for run in ("before 1", "before 2", "after 1", "after 2"))
    assert "| host | 1: h0; 2: h1 | 1: h2; 2: h3 |" in text
    assert "- Before 1 and before 2 are not alike: host differ" in text
    assert "after 1: 1 of 2 400 lines of telemetry.jsonl (torn_tail); after 2: " in text


def test_the_page_of_several_runs_quotes_and_draws_each_of_them(tmp_path: Path) -> None:
    comparison = several()
    befores, afters = (
        tuple(replace(run, pictures=pictured(curve("lighter", [300, 900] * 50)).pictures) for run in side)
        for side in (comparison.runs_before, comparison.runs_after)
    )
    drawn = replace(comparison, before=befores[0], after=afters[0], runs_before=befores, runs_after=afters)
    paths = paths_by_run([str(tmp_path / "x"), str(tmp_path)], [str(tmp_path)] * 2)
    assert list(paths) == ["before", "before 2", "after", "after 2"]
    (tmp_path / "run.log").write_text("line\n" * 100, encoding="utf-8")
    page = evidence_page(assemble(drawn, NAMES, ["toolkit", "report"]), paths)
    assert page.count('id="age-over-time"') == page.count('id="age-over-time-2"') == 1
    assert "<summary>Run 2 of each side: age of the book over time</summary>" in page
    assert 'href="#l.before-2.run.log.70"' in page and 'id="l.before-2.run.log.70"' in page


def test_the_gate_of_a_side_is_that_of_its_worst_run() -> None:
    good = [with_value(after(), name, "run.cap_hits", 0) for name in "xy"]
    worst = compare_runs([before()], [good[0], replace(good[1], figures=())])
    alone = compare(before(), good[0])
    assert alone.rows
    order = [GateVerdict.PASS, GateVerdict.NOT_APPLICABLE, GateVerdict.INCONCLUSIVE, GateVerdict.FAIL]
    assert order.index(gate_results(worst)[1].verdict) >= order.index(gate_results(alone)[1].verdict)
