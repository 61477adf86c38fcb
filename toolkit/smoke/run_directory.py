"""The run directory: created for one run, its `run_meta.json`, and the watch for the first telemetry."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from toolkit.files.detection import HEAD_BYTES, detect_role
from toolkit.model.errors import InputError
from toolkit.model.recorded import arrivals, run_meta
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.vocabulary import Role
from toolkit.smoke import recorder

_SUPERVISOR_FILES = frozenset({recorder.LOG_NAME, arrivals.FILE_NAME, run_meta.FILE_NAME, "commands.jsonl"})
_RUN_FILES = frozenset(
    {recorder.LOG_NAME, arrivals.FILE_NAME, run_meta.FILE_NAME, "telemetry.jsonl", "market_rx_stats.log"}
)


def default_out(now_ms: int) -> Path:
    """Return `runs/<UTC time stamp>` for a run that begins at `now_ms` (epoch)."""
    return Path("runs") / datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")


def check_free(directory: Path) -> None:
    """Raise `InputError` if the directory exists and holds files of a run."""
    if directory.is_dir() and (found := sorted(_RUN_FILES & {entry.name for entry in directory.iterdir()})):
        raise InputError(
            str(directory), None, f"holds a run already ({', '.join(found)}); name a new directory with --out"
        )


def claim(directory: Path) -> None:
    """Create the directory if it is missing. Raises `InputError` if it holds files of a run."""
    directory.mkdir(parents=True, exist_ok=True)
    check_free(directory)


def save_meta(run: RunMeta, directory: Path) -> None:
    """Write `run_meta.json` into `directory`, replacing an earlier one atomically."""
    temporary = directory / f".{run_meta.FILE_NAME}.new"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    temporary.replace(directory / run_meta.FILE_NAME)


def load_meta(directory: Path) -> RunMeta:
    """Read `run_meta.json` of a run directory.

    Raises `msgspec.DecodeError` for other content and `FileNotFoundError` if there is no such file.
    """
    return msgspec.json.decode((directory / run_meta.FILE_NAME).read_bytes(), type=RunMeta)


class TelemetryWatch:
    """Detects the first telemetry record in a directory, by content and in a file of any name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._checked_bytes: dict[str, int] = {}

    def seen(self) -> bool:
        """Return whether a file that has grown since the last call holds telemetry."""
        with os.scandir(self._directory) as entries:
            return any(self._is_telemetry(entry) for entry in entries)

    def _is_telemetry(self, entry: os.DirEntry[str]) -> bool:
        if entry.name in _SUPERVISOR_FILES or entry.name.startswith(".") or not entry.is_file():
            return False
        size = entry.stat().st_size
        if size == self._checked_bytes.get(entry.name, 0):
            return False
        self._checked_bytes[entry.name] = size
        with Path(entry.path).open("rb") as stream:
            return detect_role(stream.read(HEAD_BYTES), entry.name) is Role.TELEMETRY
