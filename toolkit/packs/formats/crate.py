"""RO-Crate metadata of a pack (https://w3id.org/ro/crate/1.1), with the profile Process Run Crate 0.5.

Each recorded command, each run and the analysis is an action with its program, its objects and its results.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from toolkit.host.commands import Command
from toolkit.model.recorded.run_meta import Checkout, RunMeta
from toolkit.model.redaction import redact_all
from toolkit.model.runs import RunAnalysis
from toolkit.packs.documents import Documents
from toolkit.packs.formats.attestations import command_path
from toolkit.packs.index import PATH, PackedRun, PackIndex
from toolkit.packs.inputs.records import RecordedCommand, Records

METADATA = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_TOOLKIT = "#toolkit"
_LICENCE = "#licence"
_FORMATS = {
    ".json": "application/json", ".jsonl": "application/jsonl", ".md": "text/markdown", ".html": "text/html",
    ".toml": "application/toml", ".gz": "application/gzip", ".zst": "application/zstd",
}  # fmt: skip
_LAST_MS = 4_102_444_800_000
"""Year 2100: a later time is a mistake."""

Entity = dict[str, Any]

_COMPLETED: Entity = {"actionStatus": {"@id": "http://schema.org/CompletedActionStatus"}}


def metadata(index: PackIndex, sizes: Mapping[str, int], records: Records, made: Documents) -> Any:
    """Return the metadata as JSON-LD. `sizes` are the sizes in bytes of all files below `data/` by path."""
    runs = [_run_action(run, records.metas.get(run.name), made.analyses[run.name]) for run in index.runs]
    commands = [_command_action(each) for each in records.commands]
    actions = [*runs, *commands, _analysis_action(index, made)]
    entities = [entity for group in actions for entity in group]
    times = [each["endTime"] for each in entities if "endTime" in each]
    root = _root(index, sizes, [group[0] for group in actions], max(times, default=None))
    described = [_descriptor(), root, _profile(), _licence(), _toolkit(index), *entities]
    files = [_file(path, size) for path, size in sorted(sizes.items())]
    unique = {each["@id"]: each for each in (*described, *files)}
    return {"@context": CONTEXT, "@graph": redact_all(list(unique.values()))}


def _descriptor() -> Entity:
    about, standard = {"@id": "./"}, {"@id": SPECIFICATION}
    return {"@id": METADATA, "@type": "CreativeWork", "about": about, "conformsTo": standard}


def _root(index: PackIndex, sizes: Mapping[str, int], actions: Sequence[Entity], published: str | None) -> Entity:
    names = ", ".join(run.name for run in index.runs)
    dated = {"datePublished": published} if published else {}
    return {
        "@id": "./", "@type": "Dataset", "name": f"Evidence of {names}", **dated,
        "description": "Recorded runs, secrets masked, and what is computed from them: figures, gates, documents.",
        "conformsTo": {"@id": PROFILE}, "license": {"@id": _LICENCE},
        "hasPart": [{"@id": _id(path)} for path in sorted(sizes)],
        "mentions": [{"@id": each["@id"]} for each in actions],
    }  # fmt: skip


def _profile() -> Entity:
    return {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}


def _licence() -> Entity:
    text = "No licence is stated. The evidence has the terms of the project that it was made for."
    return {"@id": _LICENCE, "@type": "CreativeWork", "name": "not stated", "description": text}


def _toolkit(index: PackIndex) -> Entity:
    return {
        "@id": _TOOLKIT, "@type": "SoftwareApplication", "name": "run-evidence-toolkit",
        "softwareVersion": index.toolkit, "version": index.toolkit,
    }  # fmt: skip


def _file(path: str, size: int) -> Entity:
    pure = PurePosixPath(path)
    return {
        "@id": _id(path), "@type": "File", "name": pure.name, "contentSize": str(size),
        "encodingFormat": _FORMATS.get(pure.suffix, "text/plain"),
    }  # fmt: skip


def _id(path: str) -> str:
    return quote(path)


def _references(paths: Iterable[str]) -> list[Entity] | Entity:
    """Return references to files; a single one is no list, as the specification recommends."""
    found = [{"@id": _id(path)} for path in paths]
    return found[0] if len(found) == 1 else found


def _run_action(run: PackedRun, meta: RunMeta | None, analysis: RunAnalysis) -> list[Entity]:
    """Return the action of a run, then its program and its checkout."""
    known, diagnosis = meta or RunMeta(), analysis.run.diagnosis
    program = known.producer or next(iter(known.argv), analysis.run.kind)
    action, *others = _action(f"#run-{run.name}", f"run {run.name}", program, known.source)
    action |= _times(known.started_ms or analysis.run.started_ms, known.ended_ms or analysis.run.ended_ms)
    action |= {"result": _references(file.path for file in run.files)}
    if diagnosis is not None:
        action |= {"description": diagnosis.text}
    if known.exit_code is not None or known.signal is not None:
        is_failed = known.signal is not None or known.exit_code != 0
        action |= _failed(diagnosis.code if diagnosis else _ended(known)) if is_failed else _COMPLETED
    return [action, *others]


def _ended(meta: RunMeta) -> str:
    return f"ended by {meta.signal}" if meta.signal else f"exit code {meta.exit_code}"


def _command_action(each: RecordedCommand) -> list[Entity]:
    """Return the action of a recorded command, then its program and its checkout."""
    command = each.command
    program = command.argv[0] if command.argv else command.id
    action, *others = _action(
        f"#command-{each.key}", f"{command.id}: {shlex.join(command.argv)}", program, command.source
    )
    action |= _times(command.started_ms, command.started_ms + command.duration_ms)
    action |= {"result": _references([each.path, command_path(each)]), "description": _end(command)}
    action |= _COMPLETED if not command.shell_code else _failed(_end(command))
    return [action, *others]


def _end(command: Command) -> str:
    ended = f"ended by {command.signal}" if command.signal else f"exit code {command.exit_code}"
    return f"{ended}: {command.problem}" if command.problem else ended


def _analysis_action(index: PackIndex, made: Documents) -> list[Entity]:
    inputs = [index.gate, *([index.specification] if index.specification else [])]
    runs = [file.path for run in index.runs for file in run.files]
    action = {
        "@id": "#analysis", "@type": "CreateAction", "name": "analysis of the runs",
        "instrument": {"@id": _TOOLKIT}, "object": _references([PATH, *inputs, *runs]),
        "result": _references(made.files), **_COMPLETED,
    }  # fmt: skip
    return [action]


def _action(id: str, name: str, program: str, source: Checkout | None) -> list[Entity]:
    software = f"#program-{quote(program, safe='')}"
    action: Entity = {
        "@id": quote(id, safe="#"),
        "@type": "CreateAction",
        "name": name,
        "instrument": {"@id": software},
    }
    others: list[Entity] = [{"@id": software, "@type": "SoftwareApplication", "name": program}]
    if source is not None:
        commit = f"#commit-{source.commit}"
        action["object"] = {"@id": commit}
        others.append(
            {"@id": commit, "@type": "SoftwareSourceCode", "name": f"commit {source.commit}", "version": source.commit}
        )
    return [action, *others]


def _failed(why: str) -> Entity:
    return {"actionStatus": {"@id": "http://schema.org/FailedActionStatus"}, "error": why}


def _times(started_ms: int | None, ended_ms: int | None) -> Entity:
    """Return start and end as ISO 8601; a time that is not known or not possible is left out."""
    times = {"startTime": started_ms, "endTime": ended_ms}
    return {name: _iso(ms) for name, ms in times.items() if ms is not None and 0 < ms < _LAST_MS}


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds")
