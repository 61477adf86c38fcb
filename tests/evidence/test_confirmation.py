"""A regression is called only where a second, fresh pair shows it too: on the recorded pair of the examples."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare_runs
from toolkit.evidence.assemble import Sources, assemble
from toolkit.evidence.confirmation import NOT_CHECKED, NOT_SEEN_AGAIN, SEEN_TWICE, confirmed, regressions
from toolkit.evidence.document import evidence_document
from toolkit.model.evidence import Answer, Direction, Evidence, Expectation, Hypothesis, Specification
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Verdict
from toolkit.smoke.known_settings import known_settings

WORSE = "lighter.reconnects"
EXPECTED = Specification(
    "evidence.toml",
    "A change",
    hypotheses=(Hypothesis("H1", "Lighter is dropped", (Expectation(WORSE, Direction.LOWER),)),),
)


@cache
def run(name: str) -> RunAnalysis:
    return analyze([f"sample:{name}"], options=Options(age_series=True, known_settings=known_settings))


@cache
def evidence(before: str, after: str) -> Evidence:
    """The evidence that the change before → after made Lighter's reconnects fewer."""
    comparison = compare_runs([run(before)], [run(after)], known_settings)
    return assemble(comparison, (before, after), ["toolkit"], Sources(specification=EXPECTED))


WORSENED, IMPROVED = ("after", "before"), ("before", "after")


def verdict(found: Evidence, figure: str = WORSE) -> tuple[Verdict, str]:
    row = next(row for row in found.comparison.rows if row.figure == figure)
    return row.verdict, row.why or ""


def test_the_reversed_sample_pair_regresses_and_refutes_its_hypothesis() -> None:
    assert WORSE in regressions(evidence(*WORSENED)) and not regressions(evidence(*IMPROVED))
    assert evidence(*WORSENED).answers[0].answer is Answer.NOT_SUPPORTED


def test_a_regression_that_the_fresh_pair_shows_too_is_called() -> None:
    first = evidence(*WORSENED)
    found = confirmed(first, evidence(*WORSENED))
    assert verdict(found)[0] is Verdict.REGRESSED and verdict(found)[1].startswith(f"{SEEN_TWICE} (fresh pair: ")
    assert found.answers[0].answer is Answer.NOT_SUPPORTED and SEEN_TWICE in found.answers[0].observations[0].why
    assert (
        set(found.comparison.method["confirmation"][SEEN_TWICE]) == set(regressions(first)) == set(regressions(found))
    )


@pytest.mark.parametrize(("share", "why"), [(1, NOT_SEEN_AGAIN), (0.7, NOT_CHECKED), (0, NOT_CHECKED)])
def test_a_regression_that_the_fresh_pair_does_not_show_is_not_called(share: float, why: str) -> None:
    second = evidence(*IMPROVED)
    length_ms = round((second.comparison.after.run.observed_ms or 0) * share) or None
    after = replace(second.comparison.after, run=replace(second.comparison.after.run, observed_ms=length_ms))
    found = confirmed(evidence(*WORSENED), replace(second, comparison=replace(second.comparison, after=after)))
    assert verdict(found)[0] is Verdict.INCONCLUSIVE and verdict(found)[1].startswith(why)
    assert found.answers[0].answer is Answer.INCONCLUSIVE and regressions(found) == ()


def test_a_fresh_pair_without_a_comparison_confirms_nothing() -> None:
    second = evidence(*WORSENED)
    rows = tuple(replace(row, verdict=Verdict.NOT_COMPARABLE) for row in second.comparison.rows)
    second = replace(second, comparison=replace(second.comparison, rows=rows), answers=())
    found = confirmed(evidence(*WORSENED), second)
    assert verdict(found) == (Verdict.INCONCLUSIVE, verdict(found)[1]) and verdict(found)[1].startswith(NOT_CHECKED)


def test_nothing_is_called_without_evidence_about_a_fresh_pair() -> None:
    assert regressions(confirmed(evidence(*WORSENED), None)) == ()


def test_rows_that_did_not_regress_stay_as_they_are() -> None:
    first = evidence(*WORSENED)
    found = confirmed(first, evidence(*IMPROVED))
    kept = [row for row in first.comparison.rows if row.verdict is not Verdict.REGRESSED]
    assert [row for row in found.comparison.rows if row.figure in {each.figure for each in kept}] == kept


@pytest.mark.parametrize(
    ("second", "text", "answer"),
    [
        (
            WORSENED,
            "**A second, fresh pair was run** to check what had got worse. **Seen twice:** Lighter reconnects",
            "**Regressed, seen twice:** Lighter reconnects **1** → **10**",
        ),
        (
            IMPROVED,
            "**Not seen again on a fresh pair: not called:** Lighter reconnects",
            "**Nothing tested got worse.** **Not seen again on a fresh pair: not called:** Lighter reconnects 1 → 10.",
        ),
    ],
)
def test_the_document_says_what_the_fresh_pair_showed(second: tuple[str, str], text: str, answer: str) -> None:
    document = evidence_document(confirmed(evidence(*WORSENED), evidence(*second))).replace("\u00a0", " ")
    assert text in document and answer in document
