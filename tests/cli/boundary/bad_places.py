"""Start the command line in bad places: as an unprivileged user, with few open files, with closed streams."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.environments import unmeasured


def run(
    *argv: str, env: Mapping[str, str] | None = None, measured: bool = True, **settings: Any
) -> subprocess.CompletedProcess[bytes]:
    """Run the command; its store is in memory unless `env` or `argv` names another.

    With `measured` a measurement of coverage goes on in it, which writes a file of its own.
    """
    environment = {**(os.environ if measured else unmeasured()), "TOOLKIT_DB": ":memory:", **(env or {})}
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run([sys.executable, "-m", "toolkit", *argv], env=environment, check=False, **settings)


def without_override() -> None:
    """Have permissions of files apply to a new process (`preexec_fn`), also where the administrator runs the tests."""
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(24, capability)  # PR_CAPBSET_DROP


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Have writes beyond `size` bytes of a file fail in the block, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
