"""The commands that documents show, with what they print: `python -m tests.documents` rewrites what has changed.

A fenced `console` block holds commands behind `$ ` and, below each, its output; a block of bare commands (the set-up of
a fresh machine) shows none and is not run here. Read the difference before you commit it.
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


def shown(document: Path) -> Iterator[tuple[str, str]]:
    """Each command a document shows, and the output below it."""
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        yield from _COMMAND.findall(block)


def printed(command: str) -> str:
    """What the command prints on standard output, run in an empty directory with a store of its own.

    Of one that goes through `| head -N` it is the first lines.
    """
    command, _, most = command.partition(" | head -")
    argv = shlex.split(command)
    argv = [sys.executable, "-m", "toolkit", *argv[1:]] if argv[0] == "toolkit" else argv
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
        done = subprocess.run(argv, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    return "".join(done.stdout.splitlines(keepends=True)[: int(most) if most else None])


def rewritten(document: Path) -> str:
    """The document with the output of every command as it is now."""
    text = document.read_text(encoding="utf-8")

    def fresh(block: re.Match[str]) -> str:
        return _COMMAND.sub(lambda found: f"$ {found[1]}\n{printed(found[1])}", block[0])

    return _BLOCK.sub(fresh, text)


if __name__ == "__main__":
    for each in DOCUMENTS:
        each.write_text(rewritten(each), encoding="utf-8")
