"""Output files that are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from toolkit.cli.boundary.system_errors import translated
from toolkit.model.errors import InputError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, and create its folder if missing; a failure leaves the earlier file as it was.

    The content is written to a file beside it, which is then renamed. What is no regular file, such as a terminal, a
    pipe or a symbolic link, is written to as it is. Raises `InputError` if the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existing = path.lstat() if os.path.lexists(path) else None
        if existing is None or stat.S_ISREG(existing.st_mode):
            _replace(path, content, existing)
        else:
            path.write_bytes(content)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise translated(error, str(path)) or InputError(str(path), None, "cannot be written") from error


def _replace(path: Path, content: bytes, existing: os.stat_result | None) -> None:
    if existing is not None and not os.access(path, os.W_OK):
        # Renaming would replace it, because that needs permission for the folder only.
        path.open("ab").close()
    beside = path.with_name(f".{path.name[:50]}.{os.urandom(4).hex()}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if existing is not None:
            beside.chmod(stat.S_IMODE(existing.st_mode))
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
