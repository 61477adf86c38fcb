"""A program and all it starts, as one process group with one pipe for everything it prints."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from toolkit.host.commands import signal_name
from toolkit.model.errors import InputError

PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """How the program ended: an exit code or a signal's name, and what it and its children used."""

    exit_code: int | None
    signal: str | None
    cpu_ms: int
    max_rss_bytes: int


def _wide_pipe() -> tuple[int, int]:
    """A pipe with room for a second of output: a supervisor that is late must not make the program wait."""
    read_end, write_end = os.pipe()
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(read_end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return read_end, write_end


class ProcessGroup:
    """The program `argv`, started in a session of its own so that a signal reaches all it started.

    `output` is the read end of the pipe behind its standard output and standard error.
    Raises `InputError` when the program cannot be started.
    """

    def __init__(self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> None:
        self.output, write_end = _wide_pipe()
        try:
            self._process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                start_new_session=True,
            )
        except OSError as error:
            os.close(self.output)
            raise InputError(argv[0], None, f"cannot be started: {error.strerror}; check the command") from error
        finally:
            os.close(write_end)
        self.id = self._process.pid
        self.ending: ProcessExit | None = None

    def poll(self) -> ProcessExit | None:
        """How the program ended, or None while it runs."""
        if self.ending is None:
            pid, status, usage = os.wait4(self.id, os.WNOHANG)
            if pid:
                self.ending = self._ended(os.waitstatus_to_exitcode(status), usage)
        return self.ending

    def _ended(self, code: int, usage: resource.struct_rusage) -> ProcessExit:
        self._process.returncode = code
        name = signal_name(-code) if code < 0 else None
        cpu_ms = round((usage.ru_utime + usage.ru_stime) * 1_000)
        return ProcessExit(code if code >= 0 else None, name, cpu_ms, usage.ru_maxrss * 1_024)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the group that is left."""
        # A group of which nobody is left, or (on some systems) only the dead, is no error.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.id, number)

    def __enter__(self) -> Self:
        """Give the running group."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave nothing running, however the supervision ended."""
        self.signal(signal.SIGKILL)
        os.close(self.output)
        if self.ending is None:
            _, status, usage = os.wait4(self.id, 0)
            self.ending = self._ended(os.waitstatus_to_exitcode(status), usage)
