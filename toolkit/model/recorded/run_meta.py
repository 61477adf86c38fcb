"""Records of `run_meta.json`: facts about a run that its supervisor knows and its other files do not contain.

Points in time (`started_ms`, `at_ms`) are in epoch milliseconds, durations (`requested_ms`, `build_ms`) in
milliseconds. Fields have defaults, so that files of other versions or written by hand can be read; a supervisor sets
all that it knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FILE_NAME = "run_meta.json"
SCHEMA = "toolkit.run_meta/1"


@dataclass(frozen=True, slots=True)
class Host:
    """Hardware and system of a machine, without its name. `memory_bytes` is None where it is not reported."""

    cpu_count: int
    memory_bytes: int | None = None
    system: str = ""
    kernel: str = ""
    machine: str = ""
    python: str = ""


@dataclass(frozen=True, slots=True)
class HostLoad:
    """Load averages of the host over 1, 5 and 15 minutes, in runnable processes, at `at_ms` (epoch ms)."""

    at_ms: int = 0
    load_1m: float = 0.0
    load_5m: float = 0.0
    load_15m: float = 0.0


@dataclass(frozen=True, slots=True)
class HostClock:
    """The kernel's estimate of the error of its own clock, read without a network.

    `offset_ms` is the correction still to be made (positive: the clock is behind), `error_ms` the estimated error of
    the clock. Both are None where the kernel has no estimate; `why` then gives the reason.
    """

    at_ms: int = 0
    offset_ms: float | None = None
    error_ms: float | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Checkout:
    """The state of a git checkout.

    `diff_sha256` is the SHA-256 of `git diff HEAD --binary`, None where that is empty; `untracked` counts files that
    git neither tracks nor ignores. `dirty` is true if there is a diff or an untracked file.
    """

    commit: str
    dirty: bool = False
    diff_sha256: str | None = None
    untracked: int = 0


@dataclass(frozen=True, slots=True)
class Binary:
    """An executable file at the time it ran: size in bytes and hex SHA-256. The home directory in `path` is `~`."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PairSide:
    """Place of a run in a pair of runs that one command made at the same time.

    Both runs have the same `id` (hex digits). `side` is `a` or `b`, `order` the sides in the random order in which they
    were started. `under_test` names the settings in which the sides differ on purpose. `same_venues` means that both
    runs were sent to the same venues; False where their programs choose the venues themselves. `common_ms` is the time
    in which both ran, from and until (epoch ms); None where it is not known, such as for a side that never ran.
    """

    id: str = ""
    side: str = ""
    order: tuple[str, ...] = ()
    under_test: tuple[str, ...] = ()
    same_venues: bool = False
    common_ms: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMeta:
    """One supervised run. `ended_ms` is None if the supervisor was killed before the run ended.

    `requested_ms` is counted from `first_telemetry_ms`; `build_ms` is the time before that, None without telemetry.
    `stopped_by` is `time` (stopped after the requested time), `itself`, `build_limit` or `interrupt`; it is None while
    the program runs. `stopped_ms` is the time at which the program was asked to stop or ended by itself, `ended_ms` the
    time at which its last process had ended. `killed` means that it had to be ended with SIGKILL.

    `environment` has the program's variables that configure a connector, with secrets masked. `environment_set` names
    those that the supervisor set; `options` are the supervisor's own command-line options. `binaries` are the
    executables of the program's process group at its first telemetry, and the command's own file and script.
    `telemetry_path` is the file outside the run directory into which the program wrote its telemetry, None if there is
    none; its copy is `telemetry.jsonl`.
    `wall_drift_ms` is how much further the wall clock advanced than the monotonic clock; another value than zero means
    that the wall clock was set during the run. `destinations` counts the connections by their other end: `loopback` (an
    address of this machine), `elsewhere`, `proxied` (known to the proxy alone); None where nothing counted them. `pair`
    is None for a run that was not made side by side with another.
    """

    schema: str = SCHEMA
    producer: str | None = None
    label: str | None = None
    profile: str | None = None
    simulated: bool | None = None
    argv: tuple[str, ...] = ()
    cwd: str = ""
    requested_ms: int | None = None
    build_limit_ms: int | None = None
    grace_ms: int | None = None
    started_ms: int = 0
    host: Host | None = None
    clock: HostClock | None = None
    load: tuple[HostLoad, ...] = ()
    environment: dict[str, str] | None = None
    environment_set: tuple[str, ...] = ()
    source: Checkout | None = None
    binaries: tuple[Binary, ...] = ()
    telemetry_path: str | None = None
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
    clock_after: HostClock | None = None
    wall_drift_ms: int | None = None
    output: dict[str, int | str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    destinations: dict[str, int] | None = None
    pair: PairSide | None = None
