"""The directory in which a command runs its program, and the checkout that is recorded for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.host.provenance import program_directory


@pytest.mark.parametrize(
    ("argv", "directory"),
    [
        (["env", "-C", "head", "cargo", "run"], "/work/head"),
        (["/usr/bin/env", "--chdir", "/other", "cargo", "run"], "/other"),
        (["env", "--chdir=head", "cargo", "run"], "/work/head"),
        (["env", "NAME=value", "cargo", "-C", "head"], "/work"),
        (["env"], "/work"),
        (["cargo", "-C", "head", "run"], "/work"),
    ],
)
def test_a_command_that_changes_its_directory_runs_there(argv: list[str], directory: str) -> None:
    assert program_directory(argv, Path("/work")) == Path(directory)
