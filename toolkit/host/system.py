"""Everything that depends on the operating system: Linux has all of it, macOS most, Windows cannot supervise programs.

Functions take the name of the system, as `platform.system` returns it, and the directory of `/proc`, so that tests can
pass those of another system. Modules that Windows lacks are imported where they are used.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from toolkit.model.errors import InputError

NAME = platform.system()
_WINDOWS, _MACOS = "Windows", "Darwin"
ADDRESS_SPACE_BYTES, DATA_BYTES = 1_500_000_000, 600_000_000
"""Address space and data with which a command can read a small run, with threads for a few processors."""
PROC = Path("/proc")
"""Directory of the kernel's tables of processes; macOS and Windows have none."""


def check_supervision(system: str | None = None) -> None:
    """Raise `InputError` on a system without process groups and signals, which a supervised program needs."""
    if (system or NAME) == _WINDOWS:
        why = (
            "cannot supervise programs: it has no process groups and signals; run this command on Linux or macOS, "
            "or in the Windows Subsystem for Linux (WSL)"
        )
        raise InputError("Windows", None, why)


def check_memory_limits() -> None:
    """Raise `InputError` where `ulimit -v` or `ulimit -d` allows less memory than a command needs to be loaded.

    Libraries reserve memory when they are loaded, and end the process without an exception where there is none.
    """
    try:
        import resource
    except ImportError:
        return
    for kind, option, what, needed in (
        (resource.RLIMIT_AS, "-v", "address space", ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_DATA, "-d", "data", DATA_BYTES),
    ):
        allowed, _ = resource.getrlimit(kind)
        if allowed != resource.RLIM_INFINITY and allowed < needed:
            why = (
                f"`ulimit {option}` allows {allowed // 1_000_000} MB of {what}, and this command needs "
                f"{needed // 1_000_000}; raise it: `ulimit {option} unlimited`"
            )
            raise InputError("this machine", None, why)


def stop_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that ask this process to stop; Windows has no SIGHUP."""
    members = signal.Signals.__members__
    return tuple(members[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in members)


def rss_bytes(ru_maxrss: int, system: str | None = None) -> int:
    """Return the peak resident memory in bytes from getrusage(2), whose unit is a byte on macOS and 1,024 elsewhere."""
    return ru_maxrss if (system or NAME) == _MACOS else ru_maxrss * 1_024


def own_peak_memory_bytes(proc: Path = PROC, system: str | None = None) -> int | None:
    """Return the peak resident memory of this process in bytes; None on Windows.

    `VmHWM` of /proc is preferred, because `ru_maxrss` is inherited from the process that started this one.
    """
    try:
        status = (proc / "self" / "status").read_text(encoding="ascii", errors="replace")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) * 1_024
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    return rss_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, system)


def memory_bytes() -> int | None:
    """Return the memory of this machine in bytes; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def lock_exclusively(stream: IO[bytes]) -> None:
    """Wait until no other process has the file locked, and lock it until it is closed; no effect on Windows."""
    with contextlib.suppress(ImportError):
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)


def enlarge_pipe(descriptor: int, size: int) -> None:
    """Have a pipe buffer `size` bytes, where the system allows it: Linux does."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, size)


def executables(group: int, proc: Path = PROC) -> Iterator[tuple[Path, str]]:
    """Yield for each process of a group a file with the contents of its executable, and the path of that.

    Nothing on a system without /proc.
    """
    for entry in proc.glob("[0-9]*"):
        try:
            # The process name is in parentheses and may contain any character; the fields after it may not.
            if int((entry / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                yield entry / "exe", str((entry / "exe").readlink())
        except (OSError, ValueError, IndexError):
            continue


def files_open_for_writing(pid: int, proc: Path = PROC) -> Iterator[Path]:
    """Yield the files that a process has open for writing; nothing on a system without /proc."""
    with contextlib.suppress(OSError):
        for link in (proc / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError, ValueError, StopIteration):
                path = link.readlink()
                if path.is_absolute() and _flags(proc / str(pid) / "fdinfo" / link.name) & os.O_ACCMODE != os.O_RDONLY:
                    yield path


def _flags(info: Path) -> int:
    lines = info.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
