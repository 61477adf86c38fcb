"""The command index `commands.jsonl`: one line for each command of the evidence, what it was and how it ended.

It is appended to, one whole line at a time, by any number of processes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from toolkit.model.errors import InputError, UsageError
from toolkit.model.run_meta import Checkout

FILE_NAME = "commands.jsonl"
SCHEMA = "toolkit.command/1"

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed on one stream: size, count of newlines, digest. The text itself is not kept."""

    bytes: int
    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the command index.

    `argv`, `cwd` and `environment` have secrets and home directories masked. Of `exit_code` and `signal` (a name such
    as `SIGKILL`) exactly one is set; a command that could not be started has 127 or 126 and `problem` says why.
    `stderr` is None where the command wrote both streams into one.
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
        """The exit code as a shell gives it: 128 + n for a signal n."""
        if self.signal is None:
            return self.exit_code or 0
        return 128 + signal_number(self.signal)


EMPTY_OUTPUT = Output(0, 0, hashlib.sha256().hexdigest())
"""What a stream gave that gave nothing."""


def signal_name(number: int) -> str:
    """The name of a signal (`SIGKILL`), or `SIG40` where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def signal_number(name: str) -> int:
    """The number of a signal that `signal_name` named."""
    known = signal.Signals.__members__.get(name)
    return int(known) if known is not None else int(name.removeprefix("SIG"))


def append(directory: Path, row: Command) -> Command:
    """Add a row to the directory's command index, in one piece; a row without an id gets the next free `U01`, `U02`, ….

    A torn last line (a machine that lost power) is closed first, so that it spoils no other.
    Raises `UsageError` when the id is taken, `InputError` when the index cannot be written.
    """
    index = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with index.open("ab+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            held = stream.read()
            row = replace(row, id=_checked(row.id, held, index) or _next_id(held))
            line = msgspec.json.encode(row) + b"\n"
            stream.write(line if not held or held.endswith(b"\n") else b"\n" + line)
    except OSError as error:
        raise InputError(str(index), None, f"cannot be written: {error.strerror}; name another directory") from error
    return row


def check_id(directory: Path, id: str) -> None:
    """Raise `UsageError` when a row of that id cannot be added: it is no id, or it is taken.

    Raises `InputError` where the index cannot be read.
    """
    index = directory / FILE_NAME
    try:
        held = index.read_bytes()
    except FileNotFoundError:
        held = b""
    except OSError as error:
        raise InputError(str(index), None, f"cannot be read: {error.strerror}; name another directory") from error
    _checked(id, held, index)


def _checked(id: str, held: bytes, index: Path) -> str:
    if id and not _ID.fullmatch(id):
        raise UsageError(f"--id {id}: an id is a letter, then at most 31 letters, digits, `_`, `.` or `-`: U12")
    if id and id in _ids(held):
        raise UsageError(f"--id {id}: {index} has a command of that id; choose another, or leave it to be numbered")
    return id


def _next_id(held: bytes) -> str:
    numbers = [int(id[1:]) for id in _ids(held) if re.fullmatch(r"U\d{1,9}", id)]
    return f"U{max(numbers, default=0) + 1:02d}"


def _ids(held: bytes) -> set[str]:
    return {each.id for each in parse(held)}


def parse(text: bytes) -> Iterator[Command]:
    """The rows of a command index, in order; lines that are none (a torn one) are left out."""
    for line in text.splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            yield msgspec.json.decode(line, type=Command)
