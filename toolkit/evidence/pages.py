"""Templates and formats that all pages share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from reports.render import render
from toolkit.errors import UsageError


def check_format(format: str) -> None:
    """Raise `UsageError` for a format that neither these pages nor JSON have: best before the work, not after it."""
    if format not in (*_ENDINGS, "json"):
        raise UsageError(f"--format {format}: this command prints text, json or markdown")


def name_of(path: str) -> str:
    """What a reader calls the run at a path: its last part; `-` is standard input."""
    return "standard input" if path == "-" else PurePath(path).name or path


_ENDINGS = {"text": "txt", "markdown": "md"}


def form(name: str, format: str, **data: object) -> str:
    """The page of that name, for a terminal (`text`) or in `markdown`. Raises `UsageError` for another format."""
    check_format(format)
    return page(f"{name}.{_ENDINGS[format]}.j2", **data)


def page(template: str, **data: object) -> str:
    """A template filled with data, one newline at its end."""
    # A section that has nothing to say leaves its blank lines behind.
    return re.sub(r"\n{3,}", "\n\n", render(_templates(), template, **data)).strip("\n") + "\n"


@cache
def _templates() -> Mapping[str, str]:
    folder = files("reports") / "templates"
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".j2")}
