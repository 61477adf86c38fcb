"""Gather the evidence about two runs: findings, gates, and what people stated, answered and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.analysis.metrics import catalogue
from toolkit.comparison.finding_changes import finding_changes_of_all
from toolkit.evidence.citations import check_citations, repository_problems, uncited_files
from toolkit.evidence.commands import command_rows, validation_results
from toolkit.evidence.hypotheses import answer_hypotheses
from toolkit.evidence.specification import check_names
from toolkit.evidence.typical_run import with_typical_runs
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.comparisons import RunComparison
from toolkit.model.evidence import Evidence, Specification
from toolkit.model.gates import GateResult
from toolkit.model.vocabulary import GateVerdict

GATE = "frontier"
"""Gate that both sides are held against."""
_WORST_FIRST = (GateVerdict.FAIL, GateVerdict.INCONCLUSIVE, GateVerdict.NOT_APPLICABLE, GateVerdict.PASS)


@dataclass(frozen=True, slots=True)
class Sources:
    """Sources of the evidence beside the runs.

    `paths` are the runs as given on the command line, for their command indexes. `repository` is the checkout that
    citations are checked in; `list_uncited` asks for the changed files that no hypothesis cites. `gate` is the gate, or
    the gate file, that both sides are held against.
    """

    paths: tuple[str, ...] = ()
    specification: Specification | None = None
    repository: Path | None = None
    list_uncited: bool = False
    gate: str = GATE


def gate_results(comparison: RunComparison, gate_name: str = GATE) -> tuple[GateResult, GateResult]:
    """Return the results of a gate for both sides: of several runs a side, the first of the worst results."""
    gate = load_gate(gate_name, catalogue())
    sides = comparison.runs_before or (comparison.before,), comparison.runs_after or (comparison.after,)
    before, after = (
        min(
            (evaluate(gate.rules, run, gate=gate.name, never_seen=gate.never_seen) for run in side),
            key=lambda result: _WORST_FIRST.index(result.verdict),
        )
        for side in sides
    )
    return before, after


def assemble(
    comparison: RunComparison, names: tuple[str, str], argv: Sequence[str], sources: Sources | None = None
) -> Evidence:
    """Return the evidence about two runs. `names` are the reader's names of the runs, `argv` makes the document again.

    Raises `UsageError` for a figure or a command in the specification that does not exist, and for a list of uncited
    files without a base.
    """
    sources = sources or Sources()
    commands = command_rows(sources.paths, sources.specification)
    evidence = Evidence(
        with_typical_runs(comparison),
        names,
        gate_results(comparison, sources.gate),
        tuple(argv),
        commands=commands,
        findings=finding_changes_of_all(
            comparison.runs_before or (comparison.before,), comparison.runs_after or (comparison.after,)
        ),
    )
    stated = sources.specification
    if stated is None:
        return evidence
    check_names(stated, {row.figure for row in comparison.rows}, {command.id for command in commands})
    evidence = replace(
        evidence,
        specification=stated,
        answers=answer_hypotheses(stated, comparison),
        validations=validation_results(stated, commands),
    )
    if sources.repository is None:
        return evidence
    return replace(
        evidence,
        repository_problems=repository_problems(stated, sources.repository),
        citations=check_citations(stated, sources.repository),
        uncited=uncited_files(stated, sources.repository) if sources.list_uncited else None,
    )
