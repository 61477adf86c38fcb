"""`toolkit record -- CMD…`: run a command and record what it was and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, BinaryIO

import typer


class _Output:
    """Standard output that keeps its first error, so that a full disk ends neither the command nor its record."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, data: bytes) -> None:
        """Write bytes, unless it failed before. Raises `BrokenPipeError` where the reader has closed the pipe."""
        try:
            if self.error is None:
                self._stream.write(data)
                self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            self.error = error

    def flush(self) -> None:
        """Do nothing: each piece is written at once."""


Command = Annotated[list[str], typer.Argument(metavar="-- CMD…", help="The command and its arguments.")]


def record(
    command: Command,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", help="Directory of commands.jsonl: a run directory, or the current one."),
    ] = Path(),
    id: Annotated[
        str, typer.Option("--id", metavar="U12", help="Name by which a document cites the command; default: numbered.")
    ] = "",
) -> int:
    """Run a command and record its exit, duration and output digests.

    A row with argv, exit code or signal, duration, and the SHA-256 of its output is appended to DIR/commands.jsonl. The
    output is passed through unchanged, and the exit code is that of the command.
    """
    import os
    import sys

    from toolkit.host.commands import append, check_id
    from toolkit.host.run_command import run
    from toolkit.model.errors import InputError

    check_id(out, id)
    stdout = _Output(sys.stdout.buffer)
    row = run(command, stdout, sys.stderr.buffer, dict(os.environ), id)
    append(out, row)
    if stdout.error is not None:
        raise stdout.error
    if row.problem is not None:
        raise InputError(command[0], None, f"{row.problem}; check the command's path, or build it first")
    return row.shell_code
