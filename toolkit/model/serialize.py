"""The published JSON: records as programs read them. Fields are added, never renamed."""

from __future__ import annotations

from typing import Any

import msgspec

from toolkit.model.comparisons import RunComparison
from toolkit.model.gates import GateResult
from toolkit.model.runs import RunAnalysis


def analysis_json(analysis: RunAnalysis) -> str:
    """`toolkit.analysis/1`: run, ledger, figures, episodes, findings, compat."""
    return _encoded({"schema": "toolkit.analysis/1", **_named(analysis)})


def gate_json(result: GateResult) -> str:
    """`toolkit.gate/1`: the verdict and every rule beside its value."""
    return _encoded({"schema": "toolkit.gate/1", **_named(result)})


def comparison_json(comparison: RunComparison) -> str:
    """`toolkit.comparison/1`: whether and why the sides compare, and every row."""
    named = _named(comparison)
    sides = {side: named.pop(side)["run"] for side in ("before", "after")}
    return _encoded({"schema": "toolkit.comparison/1", **named, "runs": sides})


def _named(record: object) -> dict[str, Any]:
    named: dict[str, Any] = msgspec.to_builtins(record)
    for episode in named.get("episodes", ()):
        episode["class"] = episode.pop("cls")
    return named


def _encoded(value: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
