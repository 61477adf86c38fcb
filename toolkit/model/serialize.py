"""Encode records as the published JSON. Fields may be added to it, but are never renamed."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

import msgspec

from toolkit.model.comparisons import RunComparison
from toolkit.model.explanations import Explanation
from toolkit.model.gates import GateResult
from toolkit.model.quotes import json_text
from toolkit.model.recorded.ground_truth import TruthComparison
from toolkit.model.runbooks.references import Runbook, reference, references
from toolkit.model.runs import RunAnalysis, RunInfo


def analysis_json(analysis: RunAnalysis) -> str:
    """Encode an analysis as `toolkit.analysis/1`: run, ledger, figures, episodes, findings, compat, parts, runbooks.

    `runbooks` has the entry of each reconnect reason that occurred; findings and diagnosis name theirs as `runbook`.
    """
    return _encoded({"schema": "toolkit.analysis/1", **_analysis_fields(analysis)})


def analysis_and_truth_json(analysis: RunAnalysis, truth: TruthComparison) -> str:
    """Encode an analysis as `toolkit.analysis/1` with the comparison with the venues' record as `ground_truth`."""
    return _encoded({"schema": "toolkit.analysis/1", **_analysis_fields(analysis), "ground_truth": _fields(truth)})


def gate_json(result: GateResult) -> str:
    """Encode a gate result as `toolkit.gate/1`: the verdict, and every rule with its value."""
    return _encoded({"schema": "toolkit.gate/1", **_fields(result)})


def comparison_json(comparison: RunComparison) -> str:
    """Encode a comparison as `toolkit.comparison/1`: comparability and its reasons, and all rows."""
    fields = {each.name: getattr(comparison, each.name) for each in dataclass_fields(comparison)}
    sides = {side: _run_fields(fields.pop(side).run) for side in ("before", "after")}
    several = {name: [_run_fields(each.run) for each in fields.pop(name)] for name in ("runs_before", "runs_after")}
    analyses = (comparison.before, comparison.after, *comparison.runs_before, *comparison.runs_after)
    entries = _reason_entries(*analyses)
    return _encoded({"schema": "toolkit.comparison/1", **fields, "runs": sides, **several, "runbooks": entries})


def explanation_json(explanation: Explanation) -> str:
    """Encode an explanation as `toolkit.explanation/1`: the figure, its definition, steps and lines."""
    fields: dict[str, Any] = msgspec.to_builtins(explanation)
    return _encoded({"schema": "toolkit.explanation/1", **fields})


_NOT_PUBLISHED = ("age_series", "mid_series", "pictures", "figure_lines")
"""Fields of an analysis that are not published."""


def _analysis_fields(analysis: RunAnalysis) -> dict[str, Any]:
    fields = _fields(replace(analysis, age_series=(), mid_series=(), pictures=None, figure_lines={}))
    for name in _NOT_PUBLISHED:
        fields.pop(name)
    for episode in fields["episodes"]:
        episode["class"] = episode.pop("cls")
    for finding in fields["findings"]:
        finding["runbook"] = _entry(Runbook.FINDINGS, finding["code"])
    fields["run"] = _run_fields(analysis.run)
    return {**fields, "runbooks": _reason_entries(analysis)}


def _run_fields(run: RunInfo) -> dict[str, Any]:
    fields = _fields(run)
    if run.diagnosis is not None:
        fields["diagnosis"]["runbook"] = _entry(Runbook.DIAGNOSES, run.diagnosis.code)
    return fields


def _entry(runbook: Runbook, code: str) -> str | None:
    found = reference(runbook, code)
    return str(found) if found else None


def _reason_entries(*analyses: RunAnalysis) -> dict[str, str]:
    found = {each for analysis in analyses for each in references(analysis) if each.runbook is Runbook.REASONS}
    return {each.code: str(each) for each in sorted(found)}


def _fields(record: RunAnalysis | RunInfo | GateResult | TruthComparison) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(record)
    return fields


def _encoded(value: dict[str, Any]) -> str:
    return json_text(value, indent=1)
