"""Outputs of commands and entries of codes shown in the documents: `python -m tests.documents` updates both.

A fenced `console` block holds commands after `$ ` and, below each, its output. The commands of one document run in one
directory, in their order; a block with a file's name after its language is that file in it. A block of bare commands, such as the
set-up of a new machine, shows no output and is not run. The entries of a runbook stand between two comments; their text
is that of `toolkit.model.runbooks`. Review the difference before you commit it. `python -m tests.documents --entries`
updates the entries alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from toolkit.model.runbooks.address import URL_VARIABLE
from toolkit.model.runbooks.entries import RunbookEntry, parts
from toolkit.model.runbooks.references import Runbook

ROOT = Path(__file__).parent.parent
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "runbooks").glob("*.md")))
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_FILE = re.compile(r"^```\w+ ([\w.-]+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_ENTRIES = re.compile(r"(?<=<!-- entries -->\n).*(?=<!-- end of entries -->)", re.DOTALL)
_COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def shown_commands(document: Path) -> Iterator[tuple[str, str]]:
    """Yield each command that a document shows, and the output below it."""
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        yield from _COMMAND.findall(block)


def outputs(document: Path) -> Iterator[tuple[str, str, str]]:
    """Run the commands of a document in their order in one new directory; yield each with its shown and its real output."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _FILE.findall(document.read_text(encoding="utf-8")):
            (Path(folder) / name).write_text(content, encoding="utf-8")
        for command, shown in shown_commands(document):
            yield command, shown, command_output(command, Path(folder))


def command_output(command: str, folder: Path) -> str:
    """Run the command in a shell in a directory, and return its standard output. `toolkit` is that of this checkout."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "PYTHON": sys.executable}
    for name in (URL_VARIABLE, "GITHUB_WORKFLOW", "TOOLKIT_DB"):
        environment.pop(name, None)
    script = f'toolkit() {{ "$PYTHON" -m toolkit "$@"; }}\n{command}'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    return done.stdout


def updated_entries(document: Path) -> str:
    """Return the document with the current entries of its codes, if it has any."""
    return _ENTRIES.sub(lambda _: entries_text(Runbook(document.stem)), document.read_text(encoding="utf-8"))


def entries_text(runbook: Runbook) -> str:
    """Return the entries of a runbook in Markdown. The anchor of a code's heading is the code."""
    return "".join(
        f"\n## {part.title}\n\n{''.join(_entry_text(entry) for entry in part.entries)}" for part in parts(runbook)
    )


def _entry_text(entry: RunbookEntry) -> str:
    log = f"```text\n{entry.log}\n```\n\n" if entry.log else ""
    lines = (f"- **{title}**: {text}\n" for title, text in {"Look at": entry.look, "Do": entry.do}.items())
    return f"### `{entry.code}`\n\n{entry.meaning}\n\n{log}{''.join(lines)}\n"


def updated_document(document: Path) -> str:
    """Return the document with the current entries and the current output of every command."""
    text = updated_entries(document)

    real = outputs(document)

    def update(block: re.Match[str]) -> str:
        return _COMMAND.sub(lambda found: f"$ {found[1]}\n{next(real)[2]}", block[0])

    return _BLOCK.sub(update, text)


if __name__ == "__main__":
    for each in DOCUMENTS:
        update = updated_entries if "--entries" in sys.argv else updated_document
        each.write_text(update(each), encoding="utf-8")
