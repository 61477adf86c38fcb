"""What a supervisor wrote down of a run (`run_meta.json`): the facts that the run's own files do not say."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

import msgspec

from toolkit.analysis import settings
from toolkit.files.discovery import Source
from toolkit.model.errors import InputError
from toolkit.model.redaction import redact

DIGEST_LENGTH = 12


class Checkout(msgspec.Struct):
    """The git checkout that the command was started in."""

    commit: str
    dirty: bool = False
    diff_sha256: str | None = None
    untracked: int = 0

    def __str__(self) -> str:
        """The commit, and what of the checkout was not in it."""
        changed = f"diff {self.diff_sha256[:DIGEST_LENGTH]}" if self.diff_sha256 else None
        parts = [changed, self.untracked and f"{self.untracked} untracked files"]
        return f"{self.commit[:DIGEST_LENGTH]} ({', '.join(part for part in parts if part) or 'clean'})"


class Executable(msgspec.Struct):
    """One executable of the run, as it was when it ran."""

    path: str
    bytes: int
    sha256: str

    def __str__(self) -> str:
        """Its file's name, size and the start of its digest."""
        return f"{PurePath(self.path).name} ({self.bytes} bytes, {self.sha256[:DIGEST_LENGTH]})"


class Machine(msgspec.Struct):
    """The machine of the run, without its name."""

    cpu_count: int
    system: str
    kernel: str
    machine: str
    memory_bytes: int | None = None

    def __str__(self) -> str:
        """Its processors, memory and system."""
        memory = "" if self.memory_bytes is None else f"{self.memory_bytes / 1e9:.1f} GB, "
        return f"{self.cpu_count} processors, {memory}{self.system} {self.kernel} {self.machine}"


class Load(msgspec.Struct):
    """The load of the machine, in runnable processes."""

    load_1m: float


class Clock(msgspec.Struct):
    """What the kernel knew of its own clock as the run began."""

    offset_ms: float | None = None
    error_ms: float | None = None
    why: str | None = None

    def __str__(self) -> str:
        """The correction that was still to be made, or why it is not known."""
        if self.offset_ms is None:
            return f"offset not known: {self.why or 'the kernel does not tell'}"
        return f"{self.offset_ms:+.3f} ms to be corrected" + (
            f", error {self.error_ms:.3f} ms" if self.error_ms is not None else ""
        )


class RunMeta(msgspec.Struct):
    """The part of `toolkit.run_meta/1` that an analysis uses; all of it may be absent.

    `requested_ms` counts from the first telemetry. `stopped_by` is `time`, `itself`, `build_limit` or `interrupt`.
    """

    producer: str | None = None
    label: str | None = None
    simulated: bool | None = None
    requested_ms: int | None = None
    stopped_by: str | None = None
    killed: bool = False
    exit_code: int | None = None
    signal: str | None = None
    ended_ms: int | None = None
    build_ms: int | None = None
    argv: tuple[str, ...] = ()
    environment: dict[str, str] | None = None
    options: dict[str, str] = {}
    source: Checkout | None = None
    binaries: tuple[Executable, ...] = ()
    host: Machine | None = None
    load: tuple[Load, ...] = ()
    clock: Clock | None = None
    wall_drift_ms: int | None = None

    @property
    def settings(self) -> dict[str, str] | None:
        """The settings that may be shown, None where the file holds none."""
        return None if self.environment is None else settings.shown(self.options | self.environment)

    @property
    def settings_withheld(self) -> tuple[str, ...]:
        """The names of what was set beside them."""
        return settings.withheld(self.options | (self.environment or {}))

    @property
    def origin(self) -> dict[str, str]:
        """What the run was made from and on, in words by name; secrets and home directories masked."""
        told = {
            "command": shlex.join(self.argv) if self.producer != "toolkit" else None,
            "started in the checkout": str(self.source) if self.source else None,
            "executables": ", ".join(map(str, self.binaries)),
            "host": str(self.host) if self.host else None,
            "load of the host": _range([each.load_1m for each in self.load]),
            "clock of the host": str(self.clock) + _set_by(self.wall_drift_ms) if self.clock else None,
        }
        return {name: redact(words) for name, words in told.items() if words}


def _range(loads: Sequence[float]) -> str | None:
    return f"{min(loads):.2f} to {max(loads):.2f} (1-minute averages)" if loads else None


def _set_by(drift_ms: int | None) -> str:
    return "" if not drift_ms else f"; the wall clock moved {drift_ms:+d} ms against the monotonic one during the run"


def load(sources: Sequence[Source]) -> RunMeta | None:
    """The metadata of the run, None where there is none. Raises `InputError` for a file that is damaged."""
    for source in sources:
        with source.open() as stream:
            try:
                return msgspec.json.decode(stream.read(), type=RunMeta)
            except msgspec.MsgspecError as error:
                raise InputError(source.name, None, f"is no run metadata: {error}; leave the file out") from error
    return None
