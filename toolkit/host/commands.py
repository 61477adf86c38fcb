"""Command index `commands.jsonl`: one line per command of the evidence, with its arguments and result.

Any number of processes may append to it, one complete line at a time.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from toolkit.host import system
from toolkit.model.errors import InputError, UsageError
from toolkit.model.recorded.run_meta import Checkout

FILE_NAME = "commands.jsonl"
SCHEMA = "toolkit.command/1"

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")


@dataclass(frozen=True, slots=True)
class Output:
    """Size in bytes, number of newlines and hex SHA-256 of one output stream. The text itself is not stored."""

    bytes: int
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the command index.

    `argv`, `cwd` and `environment` have secrets and home directories masked. `started_ms` is in epoch milliseconds,
    `duration_ms` in milliseconds. Exactly one of `exit_code` and `signal` (a name such as `SIGKILL`) is set. A command
    that could not be started has exit code 127 or 126, and `problem` says why. `stderr` is None where the command wrote
    both streams to one.
    """

    schema: str
    id: str
    argv: tuple[str, ...]
    cwd: str
    started_ms: int
    duration_ms: int
    exit_code: int | None
    signal: str | None
    stdout: Output
    stderr: Output | None
    environment: dict[str, str]
    source: Checkout | None
    problem: str | None = None

    @property
    def shell_code(self) -> int:
        """Exit code as a shell reports it: 128 + n for a signal n."""
        if self.signal is None:
            return self.exit_code or 0
        return 128 + signal_number(self.signal)


EMPTY_OUTPUT = Output(0, 0, hashlib.sha256().hexdigest())
"""Output of a stream without any bytes."""


def signal_name(number: int) -> str:
    """Return the name of a signal (`SIGKILL`), or for example `SIG40` where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def signal_number(name: str) -> int:
    """Return the number of a signal from a name that `signal_name` returned."""
    known = signal.Signals.__members__.get(name)
    return int(known) if known is not None else int(name.removeprefix("SIG"))


def append(directory: Path, row: Command) -> Command:
    """Append a row to the directory's command index and return it with its id.

    A row with an empty id gets the next free one of `U01`, `U02`, …. A torn last line, as a power failure leaves it, is
    ended first, so that the new row is a line of its own. Raises `UsageError` when the id is invalid or taken, and
    `InputError` when the index cannot be written.
    """
    index = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with index.open("ab+") as stream:
            system.lock_exclusively(stream)
            stream.seek(0)
            existing = stream.read()
            row = replace(row, id=_checked(row.id, existing, index) or _next_id(existing))
            line = msgspec.json.encode(row) + b"\n"
            stream.write(line if not existing or existing.endswith(b"\n") else b"\n" + line)
    except OSError as error:
        raise InputError(str(index), None, f"cannot be written: {error.strerror}; name another directory") from error
    return row


def check_id(directory: Path, id: str) -> None:
    """Raise `UsageError` when a row with that id cannot be appended: the id is invalid or taken.

    Raises `InputError` when the index cannot be read.
    """
    index = directory / FILE_NAME
    try:
        existing = index.read_bytes()
    except FileNotFoundError:
        existing = b""
    except OSError as error:
        raise InputError(str(index), None, f"cannot be read: {error.strerror}; name another directory") from error
    _checked(id, existing, index)


def _checked(id: str, existing: bytes, index: Path) -> str:
    if id and not _ID.fullmatch(id):
        raise UsageError(f"--id {id}: an id is a letter, then at most 31 letters, digits, `_`, `.` or `-`: U12")
    if id and id in _ids(existing):
        raise UsageError(f"--id {id}: {index} has a command with that id; choose another, or leave --id out")
    return id


def _next_id(existing: bytes) -> str:
    numbers = [int(id[1:]) for id in _ids(existing) if re.fullmatch(r"U\d{1,9}", id)]
    return f"U{max(numbers, default=0) + 1:02d}"


def _ids(existing: bytes) -> set[str]:
    return {each.id for each in parse(existing)}


def parse(text: bytes) -> Iterator[Command]:
    """Yield the rows of a command index in order; invalid lines, such as a torn one, are skipped."""
    for line in text.splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=Command)
