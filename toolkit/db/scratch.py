"""Private folders in the temporary directory; those of processes that were killed are removed by the next one."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

PREFIX = "toolkit-"
_ATTEMPTS = 3
_LOCK = "in-use.lock"
"""File in each folder that its process has locked as long as it lives; the system unlocks it when the process dies."""


class ScratchFolder:
    """A folder of this process, which only its user can read, with an unpredictable name."""

    def __init__(self) -> None:
        _remove_leftovers_once()
        for _ in range(_ATTEMPTS):
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = (self.path / _LOCK).open("wb")
            if self._is_locked():
                break

    def _is_locked(self) -> bool:
        """Lock the folder; return False where another process took it for a leftover in between."""
        with contextlib.suppress(ImportError, OSError):
            _lock(self._lock.fileno())
        return os.fstat(self._lock.fileno()).st_nlink > 0

    def remove(self) -> None:
        """Delete the folder and all in it; no effect where it is gone."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder, which is deleted at the end of the block."""
    folder = ScratchFolder()
    try:
        yield folder.path
    finally:
        folder.remove()


def spill_path() -> Path:
    """Return the path at which in-memory databases of this process write what does not fit into memory."""
    return _process_folder(os.getpid()).path / "spill"


@cache
def _process_folder(pid: int) -> ScratchFolder:  # noqa: ARG001  a child process has a folder of its own
    folder = ScratchFolder()
    atexit.register(folder.remove)
    return folder


@cache
def _remove_leftovers_once() -> None:
    remove_leftovers(Path(tempfile.gettempdir()))


def remove_leftovers(parent: Path) -> None:
    """Delete the scratch folders of this user in `parent` whose process is gone; nothing else is touched."""
    with contextlib.suppress(OSError, ImportError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(entry)


def _remove_if_abandoned(entry: os.DirEntry[str]) -> None:
    """Delete a scratch folder that no process has locked. Raises `OSError` where it is in use or of somebody else."""
    if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.getuid():
        with (Path(entry.path) / _LOCK).open("r+b") as lock:
            _lock(lock.fileno())
            shutil.rmtree(entry.path, ignore_errors=True)


def _lock(descriptor: int) -> None:
    """Lock an open file. Raises `OSError` where another process has it locked, `ImportError` on Windows."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
