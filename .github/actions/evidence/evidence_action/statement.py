"""The file of what people state about the change: theirs, or one that names the pull request and its commits."""

from __future__ import annotations

import subprocess
from pathlib import Path

from evidence_action.github.pull_request import NoPullRequestError, own_number, read_event
from evidence_action.inputs import Inputs


def statement(inputs: Inputs) -> Path:
    """Return the pull request's `evidence.toml`; where it has none, write one with a title and both commits."""
    if inputs.spec is not None and inputs.spec.is_file():
        return inputs.spec
    lines = [f'title = "{_title()}"']
    for name, directory in (("base", inputs.base.directory), ("head", inputs.head.directory)):
        if commit := _commit(directory):
            lines.append(f'{name} = "{commit}"')
    path = inputs.out / "evidence.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def _title() -> str:
    try:
        return f"Pull request {own_number(read_event())}"
    except NoPullRequestError:
        return "Base and head"


def _commit(directory: Path) -> str:
    """Return the abbreviated commit of a checkout; empty outside one."""
    argv = ["git", "-C", str(directory), "rev-parse", "--verify", "--short=12", "HEAD"]
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
