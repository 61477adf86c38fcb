"""Documents of several runs a side: medians, the worst gate, and the design in words."""

from __future__ import annotations

from dataclasses import replace

from tests.reports.made_pair import after, before, figure
from toolkit.comparison.rows import compare, compare_runs
from toolkit.evidence.assemble import assemble, gate_results
from toolkit.evidence.document import comparison_page, evidence_document
from toolkit.evidence.typical_run import typical_run, with_typical_runs
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
    assert "Values are medians of 4 runs before and 4 after" in page
    assert "one run per side" not in page.lower()


def test_the_gate_of_a_side_is_that_of_its_worst_run() -> None:
    good = [with_value(after(), name, "run.cap_hits", 0) for name in "xy"]
    worst = compare_runs([before()], [good[0], replace(good[1], figures=())])
    alone = compare(before(), good[0])
    assert alone.rows
    order = [GateVerdict.PASS, GateVerdict.NOT_APPLICABLE, GateVerdict.INCONCLUSIVE, GateVerdict.FAIL]
    assert order.index(gate_results(worst)[1].verdict) >= order.index(gate_results(alone)[1].verdict)
