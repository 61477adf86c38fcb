"""`toolkit record -- CMD…`: run a command of the evidence and write down what it was and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Command = Annotated[list[str], typer.Argument(metavar="-- CMD…", help="The command and its arguments.")]


def record(
    command: Command,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where commands.jsonl is: a run directory, or this one.")
    ] = Path(),
    id: Annotated[
        str, typer.Option("--id", metavar="U12", help="What a document calls this command; numbered when not given.")
    ] = "",
) -> int:
    """Run a command; append argv, exit code or signal, duration and digests of its output to DIR/commands.jsonl.

    Its output comes through unchanged, and its exit code is ours.
    """
    import os
    import sys

    from toolkit.host.commands import append, check_id
    from toolkit.host.run_command import run
    from toolkit.model.errors import InputError

    check_id(out, id)
    row = run(command, sys.stdout.buffer, sys.stderr.buffer, dict(os.environ), id)
    append(out, row)
    if row.problem is not None:
        raise InputError(command[0], None, f"{row.problem}; check the command's path, or build it first")
    return row.shell_code
