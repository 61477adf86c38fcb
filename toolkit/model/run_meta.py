"""`run_meta.json`: what a supervisor knows of a run that the run's own files do not say."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from toolkit.host.machine import Clock, Host, Load
from toolkit.host.provenance import Binary, Source

FILE_NAME = "run_meta.json"
SCHEMA = "toolkit.run_meta/1"


@dataclass(frozen=True, slots=True)
class RunMeta:
    """One supervised run. Times are epoch milliseconds; a null end means that the supervisor did not live to see it.

    `requested_ms` counts from `first_telemetry_ms`, and `build_ms` is what passed before it (None without telemetry).
    `stopped_by` is `time` (we stopped it after the time asked for), `itself`, `build_limit` or `interrupt`, None while
    it runs; `killed` says that it took SIGKILL. `stopped_ms` is when it was told to stop or ended, `ended_ms` when it
    was gone. `environment` holds the variables that steer a connector as the program saw them, secrets masked;
    `environment_set` names those that the supervisor set itself, `options` what its command line decided. `binaries`
    are the executables of the program's process group at its first telemetry, and the command's own file and script.
    `wall_drift_ms` is how much more the wall clock went forward than the monotonic one: not zero means that the wall
    clock was set during the run.
    """

    schema: str
    producer: str
    label: str | None
    profile: str | None
    simulated: bool | None
    argv: tuple[str, ...]
    cwd: str
    requested_ms: int
    build_limit_ms: int
    grace_ms: int
    started_ms: int
    host: Host
    clock: Clock
    load: tuple[Load, ...]
    environment: dict[str, str]
    environment_set: tuple[str, ...]
    source: Source | None
    binaries: tuple[Binary, ...]
    first_telemetry_ms: int | None = None
    build_ms: int | None = None
    stopped_ms: int | None = None
    ended_ms: int | None = None
    stopped_by: str | None = None
    killed: bool = False
    exit_code: int | None = None
    signal: str | None = None
    cpu_ms: int | None = None
    max_rss_bytes: int | None = None
    clock_after: Clock | None = None
    wall_drift_ms: int | None = None
    output: dict[str, int | str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    def save(self, directory: Path) -> None:
        """Write it into `directory`, replacing what is there in one step."""
        fresh = directory / f".{FILE_NAME}.new"
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")
        fresh.replace(directory / FILE_NAME)


def load_meta(directory: Path) -> RunMeta:
    """Read it back. Raises `msgspec.DecodeError` for something else, `FileNotFoundError` when it is not there."""
    return msgspec.json.decode((directory / FILE_NAME).read_bytes(), type=RunMeta)
