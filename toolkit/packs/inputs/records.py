"""Records beside the packed runs: their metadata and their recorded commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolkit.files.discovery import discover
from toolkit.files.run_file import RunFile
from toolkit.host.commands import Command, parse
from toolkit.ingest.metadata import run_meta
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.vocabulary import Role
from toolkit.packs.index import PackIndex
from toolkit.streams.small_files import read_small_file


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A recorded command. `key` names it within the pack, `path` is the index that holds it."""

    key: str
    path: str
    command: Command


@dataclass(frozen=True, slots=True)
class Records:
    """Metadata of the runs by name, of those that have it, and all recorded commands in order."""

    metas: dict[str, RunMeta]
    commands: tuple[RecordedCommand, ...]


def read_records(root: Path, index: PackIndex) -> Records:
    """Read the records in a pack below `root`. Raises `InputError` for run metadata that cannot be read."""
    found = {run.name: discover([str(root / run.folder)]) for run in index.runs}
    metas = {name: meta for name, files in found.items() if (meta := run_meta.load(_of(files, Role.RUN_META)))}
    return Records(metas, tuple(_commands(root, index, found)))


def _of(files: list[RunFile], role: Role) -> list[RunFile]:
    return [file for file in files if file.role is role]


def _commands(root: Path, index: PackIndex, found: dict[str, list[RunFile]]) -> Iterator[RecordedCommand]:
    for packed in index.files:
        if packed.role is Role.COMMANDS:
            yield from _numbered("stated", packed.path, read_small_file(root / packed.path))
    for run in index.runs:
        for file in _of(found[run.name], Role.COMMANDS):
            yield from _numbered(f"{run.name}-{file.name}", f"{run.folder}/{file.name}", file.content())


def _numbered(source: str, path: str, content: bytes) -> Iterator[RecordedCommand]:
    key = source.removesuffix("-commands.jsonl")
    for number, command in enumerate(parse(content), start=1):
        yield RecordedCommand(f"{key}-{number:03d}", path, command)
