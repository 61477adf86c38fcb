"""Processes of a supervised program, and the guard that kills them when the supervisor dies.

This file is also run as a script by its path, so it imports the standard library only. The guard is a process of its
own session with an empty environment. A parent-death signal would reach the program alone and not what it started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

END = b"end\n"
"""Sent to the guard by a supervisor that has ended the program itself."""
MAX_ROUNDS = 100


def signal_all(group: int | None, mark: bytes, number: int) -> None:
    """Send a signal to each process of the group, and to those that left it but belong to the program.

    A process belongs to the program if it is in the session `group`, or if its environment has the variable `mark`
    (`NAME=value`): `timeout` makes a group of its own, a daemon a session of its own. Without /proc, only the group is
    reached.
    """
    if group is not None:
        # Raised if the group is empty, or on some systems if it holds only zombies; both mean that nothing is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    for pid in processes(group, mark):
        with contextlib.suppress(OSError):
            if os.getpgid(pid) != group:
                os.kill(pid, number)


def kill_all(group: int | None, mark: bytes) -> None:
    """Kill every process of the program; repeated, because one may start another while they are listed."""
    for _ in range(MAX_ROUNDS):
        signal_all(group, mark, signal.SIGKILL)
        if next(processes(group, mark), None) is None:
            return


def processes(group: int | None, mark: bytes) -> Iterator[int]:
    """Yield the ids of the processes that belong to the program (see `signal_all`), zombies excepted."""
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib would slow the start of the script
            if name.isdigit() and int(name) != os.getpid() and _belongs(name, group, mark):
                yield int(name)


def _belongs(pid: str, group: int | None, mark: bytes) -> bool:
    try:
        # The fields after the command's name, which may contain spaces: state, parent, group, session.
        state, _, _, session = _read(pid, "stat").rpartition(b")")[2].split()[:4]
        return state != b"Z" and (int(session) == group or mark in _read(pid, "environ").split(b"\0"))
    except (OSError, ValueError):
        return False


def _read(pid: str, name: str) -> bytes:
    with open(f"/proc/{pid}/{name}", "rb") as stream:  # noqa: PTH123
        return stream.read()


def main() -> None:
    """Wait for the end of the standard input, then kill the program unless the supervisor sent `END`.

    The argument is the mark. The supervisor writes the group as a line once the program has started.
    """
    received = sys.stdin.buffer.read()
    if not received.endswith(END):
        kill_all(int(received) if received else None, os.fsencode(sys.argv[1]))


if __name__ == "__main__":
    main()
