"""Commands shown in the documents, and their output: `python -m tests.documents` updates the output.

A fenced `console` block holds commands after `$ ` and, below each, its output. A block of bare commands, such as the
set-up of a new machine, shows no output and is not run. Review the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "runbooks").glob("*.md")))
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def shown_commands(document: Path) -> Iterator[tuple[str, str]]:
    """Yield each command that a document shows, and the output below it."""
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        yield from _COMMAND.findall(block)


def command_output(command: str) -> str:
    """Run the command in an empty directory, and return its standard output; `| head -N` keeps the first N lines."""
    command, _, line_count = command.partition(" | head -")
    argv = shlex.split(command)
    argv = [sys.executable, "-m", "toolkit", *argv[1:]] if argv[0] == "toolkit" else argv
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
        done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    return "".join(done.stdout.splitlines(keepends=True)[: int(line_count) if line_count else None])


def updated_document(document: Path) -> str:
    """Return the document with the current output of every command."""
    text = document.read_text(encoding="utf-8")

    def update(block: re.Match[str]) -> str:
        return _COMMAND.sub(lambda found: f"$ {found[1]}\n{command_output(found[1])}", block[0])

    return _BLOCK.sub(update, text)


if __name__ == "__main__":
    for each in DOCUMENTS:
        each.write_text(updated_document(each), encoding="utf-8")
