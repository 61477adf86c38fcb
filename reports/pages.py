"""Templates and formats that all pages share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from reports.elements import Cell, SimplePage, Table
from reports.render import render
from toolkit.model.errors import UsageError


def check_format(format: str, name: str = "sheet") -> None:
    """Raise `UsageError` for a format that the page of that name does not have: best before the work, not after it."""
    known = [each for each, ending in _ENDINGS.items() if f"{name}.{ending}.j2" in _templates()]
    if format not in (*known, "json"):
        words = [known[0], "json", *known[1:]]
        raise UsageError(f"--format {format}: this command prints {', '.join(words[:-1])} or {words[-1]}")


def run_name(path: str) -> str:
    """What a reader calls the run at a path: its last part; `-` is standard input."""
    return "standard input" if path == "-" else PurePath(path).name or path


_ENDINGS = {"text": "txt", "markdown": "md", "html": "html"}


def render_page(name: str, format: str, **data: object) -> str:
    """The page of that name: for a terminal (`text`), in `markdown` or `html`. Raises `UsageError` for any other."""
    check_format(format, name)
    return render_template(f"{name}.{_ENDINGS[format]}.j2", **data)


def simple_page(title: str, parts: Iterable[str | Cell | Table], format: str) -> str:
    """A page of few words, as `form` has it."""
    return render_page("sheet", format, sheet=SimplePage(title, tuple(parts)))


def render_template(template: str, **data: object) -> str:
    """A template filled with data, one newline at its end."""
    # A section that has nothing to say leaves its blank lines behind.
    return re.sub(r"\n{3,}", "\n\n", render(_templates(), template, **data)).strip("\n") + "\n"


@cache
def _templates() -> Mapping[str, str]:
    folder = files("reports") / "templates"
    return {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".j2")}
