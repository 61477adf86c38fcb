"""Run git commands that only read a repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_TIMEOUT_S = 20
_REDIRECTING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE")
"""Variables that git sets for its hooks; they would lead it to another repository than that of the directory."""


def git_output(directory: Path, *arguments: str) -> bytes | None:
    """Return the output of a git command in a directory.

    None outside a checkout, and where git is missing, fails or takes longer than 20 s. Nothing is fetched.
    """
    command = ["git", "-C", str(directory), *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _REDIRECTING}
    # Without the first, git would refresh and write the index of a checkout that is only read.
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1"}
    try:
        result = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_S, env=environment, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None
