"""Index of a pack, `data/pack.json`: its runs and files with both digests, and the settings of the analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import msgspec

from toolkit.model.errors import InputError
from toolkit.model.evidence import CheckedCitation
from toolkit.model.quotes import harmless_json
from toolkit.model.redaction import redact_all
from toolkit.model.runs import Window
from toolkit.model.vocabulary import OFF_MARKET_BPS, Role

VERSION = 1
SCHEMA = f"toolkit.pack/{VERSION}"
PATH = "data/pack.json"
GATE_FOLDER, SPECIFICATION_FOLDER, RUN_FOLDER = "data/gate", "data/specification", "data/runs"

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=,@ -]{0,199}(?<![ .])")


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One input file: its place in the pack, and size (bytes) and SHA-256 of the original and of the masked copy.

    `content_bytes` is the size of the decompressed copy, `lines` counts its lines, and `masked` those of them in which
    something was masked.
    """

    path: str
    role: Role
    bytes: int
    sha256: str
    original_bytes: int
    original_sha256: str
    content_bytes: int
    lines: int
    masked: int


@dataclass(frozen=True, slots=True)
class LeftOutFile:
    """A file beside a run that is not in the pack, with size (bytes), SHA-256 and the reason."""

    name: str
    bytes: int
    sha256: str
    why: str


@dataclass(frozen=True, slots=True)
class PackedRun:
    """One run of a pack. `side` is `before`, `after`, or `run` in a pack of one run. `folder` is its place.

    `run` is the id of the masked copy, `original_run` that of the run as it was recorded; they are equal where nothing
    was masked.
    """

    name: str
    side: str
    folder: str
    run: str
    original_run: str
    files: tuple[PackedFile, ...]
    left_out: tuple[LeftOutFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the analysis that its figures depend on."""

    requested_ms: int | None = None
    window: Window = field(default_factory=Window)
    plateau_limits_ms: tuple[int, ...] = ()
    off_market_bps: float = OFF_MARKET_BPS
    paired: bool = False


@dataclass(frozen=True, slots=True)
class CheckedRepository:
    """Result of the check of a specification against a repository, which is not in the pack."""

    problems: tuple[str, ...] = ()
    citations: tuple[CheckedCitation, ...] = ()
    uncited: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class PackIndex:
    """Everything that is needed, beside the input files, to compute the rest of a pack. `toolkit` is the version.

    `specification` is the path of the specification in the pack, None without one; `files` are those that belong to no
    run: the gate file, the specification and the files that it names.
    """

    schema: str
    toolkit: str
    settings: Settings
    gate: str
    specification: str | None
    runs: tuple[PackedRun, ...]
    files: tuple[PackedFile, ...]
    repository: CheckedRepository | None = None

    @property
    def inputs(self) -> tuple[PackedFile, ...]:
        """All files that are not computed from others."""
        return (*self.files, *(file for run in self.runs for file in run.files))

    def side(self, name: str) -> tuple[PackedRun, ...]:
        """Return the runs of a side."""
        return tuple(run for run in self.runs if run.side == name)


def encode(index: PackIndex) -> bytes:
    """Return the index as JSON, with secrets masked."""
    masked = msgspec.json.encode(redact_all(msgspec.to_builtins(index)))
    return harmless_json(msgspec.json.format(masked, indent=1).decode()).encode() + b"\n"


def decode(content: bytes) -> PackIndex:
    """Return the index in JSON. Raises `InputError` for another format, a newer one, and damaged content."""
    version = format_version(content)
    if version is None:
        raise InputError(PATH, None, "is not the index of a pack; fetch the pack again")
    if version > VERSION:
        raise InputError(
            PATH, None, f"has format {version}, and this toolkit reads up to {VERSION}; verify it with a newer toolkit"
        )
    try:
        return msgspec.json.decode(content, type=PackIndex)
    except msgspec.MsgspecError as error:
        raise InputError(PATH, None, f"is damaged: {error}; fetch the pack again") from error


def format_version(content: bytes) -> int | None:
    """Return the version of the format that an index states; None for what is no index."""
    try:
        stated: Any = msgspec.json.decode(content)
    except msgspec.MsgspecError:
        return None
    schema = stated.get("schema") if isinstance(stated, dict) else None
    found = re.fullmatch(r"toolkit\.pack/(\d{1,6})", schema) if isinstance(schema, str) else None
    return int(found[1]) if found else None


def is_portable(path: str) -> bool:
    """Return whether a relative path names the same file on each system: letters, digits and few signs, no `..`."""
    return len(path) <= 500 and all(_PART.fullmatch(part) for part in path.split("/"))


def name_of(path: str) -> str:
    """Return the last part of a path in a pack."""
    return PurePosixPath(path).name
