"""Render pages from the templates of this package, in any of the output formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath

from reports.elements import Cell, SimplePage, Table
from reports.render import render
from toolkit.model.errors import UsageError

_EXTENSIONS = {"text": "txt", "markdown": "md", "html": "html"}


def check_format(format: str, name: str = "simple_page") -> None:
    """Raise `UsageError` if page `name` has no template for `format`; `json` is always allowed.

    Commands call this before they start work.
    """
    known = [each for each, extension in _EXTENSIONS.items() if f"{name}.{extension}.j2" in _templates()]
    if format not in (*known, "json"):
        choices = [known[0], "json", *known[1:]]
        raise UsageError(f"--format {format}: this command prints {', '.join(choices[:-1])} or {choices[-1]}")


def run_name(path: str) -> str:
    """Return the name by which reports call the run at `path`: its last part, `standard input` for `-`.

    The pipe of a descriptor, such as `/dev/fd/63` of a process substitution, is `pipe-63`.
    """
    named = PurePath(path)
    if named.parent.name == "fd" and named.name.isdecimal():
        return f"pipe-{named.name}"
    return "standard input" if path == "-" else named.name or path


def render_page(name: str, format: str, **data: object) -> str:
    """Return page `name` in `format`: `text` (for a terminal), `markdown` or `html`.

    Raises `UsageError` if the page has no such format.
    """
    check_format(format, name)
    return render_template(f"{name}.{_EXTENSIONS[format]}.j2", **data)


def simple_page(title: str, blocks: Iterable[str | Cell | Table], format: str) -> str:
    """Return a page of paragraphs and tables in `format`: `text`, `markdown` or `html`.

    Raises `UsageError` for another format.
    """
    return render_page("simple_page", format, page=SimplePage(title, tuple(blocks)))


def render_template(template: str, **data: object) -> str:
    """Return a template filled with data, with one newline at its end."""
    # A section without content leaves blank lines behind.
    return re.sub(r"\n{3,}", "\n\n", render(_templates, template, **data)).strip("\n") + "\n"


@cache
def _templates() -> Mapping[str, str]:
    folder = files("reports") / "templates"
    texts = {
        each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name.endswith((".j2", ".css"))
    }
    return {name: _without_comments(text) if name.endswith(".css") else text for name, text in texts.items()}


def _without_comments(style_sheet: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<=\n)\s+", "", style_sheet, flags=re.DOTALL).strip()
