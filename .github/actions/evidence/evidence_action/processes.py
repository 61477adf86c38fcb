"""Start commands without the runner's tokens and files, and print their output without interpretation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from evidence_action.workflow_commands import uninterpreted

_WITHHELD = (
    "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY", "GITHUB_TOKEN", "GH_TOKEN",
    "EVIDENCE_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL",
)  # fmt: skip
"""Variables that code of the pull request does not get: with them it could change later steps or use the token."""


def child_environment(added: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a child process: this one without the runner's files and tokens."""
    kept = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
    return {**kept, **(added or {})}


def run(
    argv: Sequence[str],
    directory: Path | None = None,
    added: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> int:
    """Run a command and return its exit code; 128 + n after signal n.

    Its output is passed through; standard output goes into the file `output` instead where one is named. Raises
    `OSError` if the command cannot be started.
    """
    with uninterpreted(), output.open("wb") if output else nullcontext() as stream:
        environment = child_environment(added)
        code = subprocess.run(list(argv), cwd=directory, env=environment, stdout=stream, check=False).returncode
    return code if code >= 0 else 128 - code
