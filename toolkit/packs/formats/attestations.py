"""Unsigned in-toto Statements (https://github.com/in-toto/attestation, v1): recorded commands and gate results.

A command or a run is a link (v0.3), the result of a gate is a test result (v0.1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from toolkit.host.commands import Command, signal_number
from toolkit.model.gates import GateResult
from toolkit.model.recorded.run_meta import Checkout, RunMeta
from toolkit.model.redaction import redact_all
from toolkit.model.vocabulary import GateVerdict
from toolkit.packs.index import PackedRun, PackIndex
from toolkit.packs.inputs.records import RecordedCommand, Records

STATEMENT = "https://in-toto.io/Statement/v1"
LINK = "https://in-toto.io/attestation/link/v0.3"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
FOLDER, SUFFIX = "data/attestations", ".intoto.json"
_RESULTS = {GateVerdict.PASS: "PASSED", GateVerdict.FAIL: "FAILED", GateVerdict.INCONCLUSIVE: "WARNED"}
"""Words of the predicate for a verdict. It has none for too little evidence, which is a warning."""


def statements(index: PackIndex, records: Records, gates: Mapping[str, GateResult]) -> dict[str, Any]:
    """Return the statements of a pack by path: one for each recorded command, supervised run and gate result."""
    found = {command_path(each): _command_link(each.command) for each in records.commands}
    for run in index.runs:
        if meta := records.metas.get(run.name):
            found[f"{FOLDER}/run-{run.name}{SUFFIX}"] = _run_link(run, meta)
        found[f"{FOLDER}/gate-{run.name}{SUFFIX}"] = _test_result(index, run, gates[run.name])
    masked: dict[str, Any] = redact_all(found)
    return masked


def command_path(each: RecordedCommand) -> str:
    """Return the path of the statement about a recorded command."""
    return f"{FOLDER}/command-{each.key}{SUFFIX}"


def _statement(subjects: Sequence[Mapping[str, Any]], predicate_type: str, predicate: Mapping[str, Any]) -> Any:
    return {"_type": STATEMENT, "subject": subjects, "predicateType": predicate_type, "predicate": predicate}


def _command_link(command: Command) -> Any:
    """Return the link of a command. Its subjects are its output streams, whose texts are not stored."""
    streams = {"stdout": command.stdout, "stderr": command.stderr}
    subjects = [
        {"name": f"{command.id}.{name}", "digest": {"sha256": each.sha256}}
        for name, each in streams.items()
        if each is not None
    ]
    byproducts = {
        "return-value": command.shell_code,
        "signal": command.signal,
        "problem": command.problem,
        "started_ms": command.started_ms,
        "duration_ms": command.duration_ms,
        **{f"{name}.bytes": each.bytes for name, each in streams.items() if each is not None},
    }
    return _statement(subjects, LINK, {
        "name": command.id, "command": list(command.argv), "materials": _checkout(command.source),
        "byproducts": _known(byproducts), "environment": {"cwd": command.cwd, "variables": command.environment},
    })  # fmt: skip


def _run_link(run: PackedRun, meta: RunMeta) -> Any:
    """Return the link of a supervised run. Its subjects are the packed files of the run."""
    code = meta.exit_code if meta.signal is None else 128 + signal_number(meta.signal)
    byproducts = {
        "return-value": code, "signal": meta.signal, "stopped-by": meta.stopped_by, "started_ms": meta.started_ms,
        "ended_ms": meta.ended_ms, "requested_ms": meta.requested_ms, "producer": meta.producer,
    }  # fmt: skip
    binaries = [{"name": each.path, "digest": {"sha256": each.sha256}} for each in meta.binaries]
    environment = {
        "cwd": meta.cwd, "variables": meta.environment or {}, "host": None if meta.host is None else asdict(meta.host),
    }  # fmt: skip
    return _statement(_subjects(run), LINK, {
        "name": run.name, "command": list(meta.argv), "materials": [*_checkout(meta.source), *binaries],
        "byproducts": _known(byproducts), "environment": _known(environment),
    })  # fmt: skip


def _test_result(index: PackIndex, run: PackedRun, gate: GateResult) -> Any:
    """Return the result of a gate. A rule without enough evidence is a warning; one that does not apply is absent."""
    names = {verdict: _rules(gate, verdict) for verdict in _RESULTS}
    gate_file = next(file for file in index.files if file.path == index.gate)
    return _statement(_subjects(run), TEST_RESULT, {
        "result": _RESULTS[gate.verdict],
        "configuration": [{"name": gate_file.path, "digest": {"sha256": gate_file.sha256}}],
        "passedTests": names[GateVerdict.PASS],
        "warnedTests": names[GateVerdict.INCONCLUSIVE],
        "failedTests": names[GateVerdict.FAIL],
    })  # fmt: skip


def _rules(gate: GateResult, verdict: GateVerdict) -> list[str]:
    return [f"{row.figure} ({row.rule})" for row in gate.rules if row.verdict is verdict]


def _subjects(run: PackedRun) -> list[dict[str, Any]]:
    return [{"name": file.path, "digest": {"sha256": file.sha256}} for file in run.files]


def _checkout(source: Checkout | None) -> list[dict[str, Any]]:
    if source is None:
        return []
    changes = {"dirty": source.dirty, "diff_sha256": source.diff_sha256, "untracked": source.untracked}
    return [{"name": "checkout", "digest": {"gitCommit": source.commit}, "annotations": _known(changes)}]


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
