"""A program and its child processes, as one process group whose output goes into one pipe."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from toolkit.host import guard, system
from toolkit.host.commands import signal_name
from toolkit.model.errors import InputError

if TYPE_CHECKING:
    import resource

PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ProcessExit:
    """An exit code or the name of a signal, and the resources used by the program and its children."""

    exit_code: int | None
    signal: str | None
    cpu_ms: int
    max_rss_bytes: int


def _large_pipe() -> tuple[int, int]:
    """Return the read and write end of a pipe that buffers `PIPE_BYTES`, where the system allows it.

    The size holds about a second of output, so that a delayed supervisor does not block the program.
    """
    read_end, write_end = os.pipe()
    system.enlarge_pipe(read_end, PIPE_BYTES)
    return read_end, write_end


def _start_guard(mark: str) -> subprocess.Popen[bytes]:
    """Start the guard of the processes that are marked with the variable `mark`."""
    argv = [sys.executable, "-I", "-S", guard.__file__, mark]
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        argv,
        bufsize=0,
        cwd="/",
        env={},
        stdin=subprocess.PIPE,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
    )


class ProcessGroup:
    """The program `argv`, started in its own session so that a signal reaches all of its processes.

    `output` is the read end of the pipe behind its standard output and standard error, `id` the process group. `mark`
    names a variable of `environment` that marks the processes of the program. On leaving the context, every process of
    the program is killed; if this process is killed, the guard does that (see `guard`).

    Raises `InputError` if the program cannot be started.
    """

    def __init__(self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], mark: str) -> None:
        self._mark = f"{mark}={environment[mark]}"
        self._guard = _start_guard(self._mark)
        self.output, write_end = _large_pipe()
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
            self._end_guard()
            raise InputError(argv[0], None, f"cannot be started: {error.strerror}; check the command") from error
        finally:
            os.close(write_end)
        self.id = self._process.pid
        self._tell_guard(b"%d\n" % self.id)
        self.exit: ProcessExit | None = None

    def poll(self) -> ProcessExit | None:
        """Return the program's exit, or None while it runs."""
        if self.exit is None:
            pid, status, usage = os.wait4(self.id, os.WNOHANG)
            if pid:
                self.exit = self._process_exit(os.waitstatus_to_exitcode(status), usage)
        return self.exit

    def _process_exit(self, code: int, usage: resource.struct_rusage) -> ProcessExit:
        self._process.returncode = code
        name = signal_name(-code) if code < 0 else None
        cpu_ms = round((usage.ru_utime + usage.ru_stime) * 1_000)
        return ProcessExit(code if code >= 0 else None, name, cpu_ms, system.rss_bytes(usage.ru_maxrss))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every remaining process of the program."""
        guard.signal_all(self.id, os.fsencode(self._mark), number)

    def processes(self) -> Iterator[int]:
        """Yield the ids of the program's processes."""
        return guard.processes(self.id, os.fsencode(self._mark))

    def _tell_guard(self, line: bytes) -> None:
        # A guard that was killed is missed only if this process is killed as well.
        with contextlib.suppress(BrokenPipeError):
            assert self._guard.stdin is not None
            self._guard.stdin.write(line)

    def _end_guard(self) -> None:
        self._tell_guard(guard.END)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()

    def __enter__(self) -> Self:
        """Return the running group."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill every process that is left, close the pipe, and reap the program."""
        guard.kill_all(self.id, os.fsencode(self._mark))
        os.close(self.output)
        if self.exit is None:
            _, status, usage = os.wait4(self.id, 0)
            self.exit = self._process_exit(os.waitstatus_to_exitcode(status), usage)
        self._end_guard()
