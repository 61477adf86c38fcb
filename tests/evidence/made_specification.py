"""Specifications made of a few expectations, and the made-up pair of runs with the figures of a recorded one."""

from __future__ import annotations

from dataclasses import replace

from tests.reports import made_pair
from toolkit.comparison.rows import compare, compare_runs
from toolkit.model.comparisons import RunComparison
from toolkit.model.evidence import Citation, CommandRow, Expectation, Hypothesis, Specification, Validation
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis


def with_figures(run: RunAnalysis, *figures: Figure) -> RunAnalysis:
    """Return the run with these figures in place of those of the same name."""
    names = {each.figure for each in figures}
    return replace(run, figures=(*(each for each in run.figures if each.figure not in names), *figures))


def pair(before: RunAnalysis | None = None, after: RunAnalysis | None = None) -> RunComparison:
    return compare(before or made_pair.before(), after or made_pair.after())


def several(befores: list[int], afters: list[int], name: str = "lighter.reconnects") -> RunComparison:
    """Return the comparison of several runs a side that differ in the value of one figure."""
    sides = [
        [
            replace(with_figures(run, made_pair.figure(name, value)), run=replace(run.run, id=f"{side}{number}"))
            for number, value in enumerate(values)
        ]
        for side, run, values in (("b", made_pair.before(), befores), ("a", made_pair.after(), afters))
    ]
    return compare_runs(*sides)


def expecting(*expectations: Expectation) -> Specification:
    """Return a specification with one hypothesis."""
    return Specification("evidence.toml", "made up", hypotheses=(Hypothesis("H1", "a fact", expectations),))


def citing(*citations: Citation, base: str | None = None, head: str | None = None) -> Specification:
    """Return a specification whose one hypothesis has these citations."""
    hypothesis = Hypothesis("H1", "a fact", (Expectation("run.ticks", at_least=1),), citations)
    return Specification("evidence.toml", "made up", base=base, head=head, hypotheses=(hypothesis,))


def stating(*commands: CommandRow, validations: tuple[Validation, ...] = ()) -> Specification:
    """Return a specification that states these commands."""
    return Specification("evidence.toml", "made up", validations=validations, commands=commands)
