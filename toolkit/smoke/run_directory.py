"""The run directory of a supervised program: made for one run, and watched for the program's first telemetry."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from toolkit.files.detection import HEAD_BYTES, detect_role
from toolkit.model import arrivals, run_meta
from toolkit.model.errors import InputError
from toolkit.model.run_meta import RunMeta
from toolkit.model.vocabulary import Role
from toolkit.smoke import recorder

_OURS = frozenset({recorder.LOG_NAME, arrivals.FILE_NAME, run_meta.FILE_NAME, "commands.jsonl"})
_OF_A_RUN = frozenset(
    {recorder.LOG_NAME, arrivals.FILE_NAME, run_meta.FILE_NAME, "telemetry.jsonl", "market_rx_stats.log"}
)


def default_out(now_ms: int) -> Path:
    """`runs/<UTC time stamp>` for a run that begins at the epoch time `now_ms`."""
    return Path("runs") / datetime.fromtimestamp(now_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")


def check_free(directory: Path) -> None:
    """Raise `InputError` when the directory is there and holds files of a run already."""
    if directory.is_dir() and (held := sorted(_OF_A_RUN & {entry.name for entry in directory.iterdir()})):
        raise InputError(
            str(directory), None, f"holds a run already ({', '.join(held)}); name a new directory with --out"
        )


def claim(directory: Path) -> None:
    """Make the directory where it is missing. Raises `InputError` when it holds files of a run already."""
    directory.mkdir(parents=True, exist_ok=True)
    check_free(directory)


def save_meta(run: RunMeta, directory: Path) -> None:
    """Write `run_meta.json` into `directory`, replacing an earlier one in one step."""
    fresh = directory / f".{run_meta.FILE_NAME}.new"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")
    fresh.replace(directory / run_meta.FILE_NAME)


def load_meta(directory: Path) -> RunMeta:
    """Read `run_meta.json` of a run directory.

    Raises `msgspec.DecodeError` for other content, `FileNotFoundError` where there is no such file.
    """
    return msgspec.json.decode((directory / run_meta.FILE_NAME).read_bytes(), type=RunMeta)


class TelemetryWatch:
    """Looks for the first telemetry record in a directory, in a file of whatever name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._looked_at: dict[str, int] = {}

    def seen(self) -> bool:
        """Whether a file of the directory holds telemetry by now; each file is read anew only when it has grown."""
        with os.scandir(self._directory) as entries:
            return any(self._is_telemetry(entry) for entry in entries)

    def _is_telemetry(self, entry: os.DirEntry[str]) -> bool:
        if entry.name in _OURS or entry.name.startswith(".") or not entry.is_file():
            return False
        octets = entry.stat().st_size
        if octets == self._looked_at.get(entry.name, 0):
            return False
        self._looked_at[entry.name] = octets
        with Path(entry.path).open("rb") as stream:
            return detect_role(stream.read(HEAD_BYTES), entry.name) is Role.TELEMETRY
