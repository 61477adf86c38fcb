"""Fills the templates: pages in, text out. Whatever a template prints is quoted for its format unless it is `Safe`.

Templates come in as text, named `<page>.<format>.j2`; a section of a page is one of them and one line that includes it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from reports.elements import Align, Cell, CellKind, Column, FoldedFigures, Safe, Table
from reports.escape import code, html, markdown, plain, terminal
from reports.format import number, setting
from reports.run_view import set_aside
from toolkit.model.runs import FileLedger, Finding
from toolkit.model.units import thousands

MOST_CITED = 10
"""Lines of a finding that are named; the rest is a number."""


def render(templates: Mapping[str, str], name: str, **data: Any) -> str:
    """The text of template `name`; the second part of its name (`evidence.md.j2`) says how its values are quoted.

    Raises `KeyError` for a format that is none, and jinja2's errors for a template that is wrong.
    """
    environment = _environment(name.split(".")[-2], templates)
    return environment.get_template(name).render(**data)


def _environment(format: str, templates: Mapping[str, str]) -> Environment:
    form = _FORMATS[format]
    environment = Environment(
        loader=DictLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: form.quote(value if isinstance(value, str) else str(value)),
    )
    environment.globals |= {"fold": form.fold, "unfold": form.unfold}
    environment.filters |= {
        "table": form.table,
        "code": form.code,
        "strong": form.strong,
        "heading": form.heading,
        "folded": lambda rows: Safe("; ".join(_folded(row, form) for row in rows)),
        "cited": lambda finding: Safe(_cited(finding, form)),
        "accounted": _accounted,
        "sentence": _sentence,
        "number": number,
        "setting": lambda row, side: setting(row, getattr(row, side)),
        "scope": lambda figure: figure.split(".", 1)[0],
        "shell": _shell,
    }
    return environment


def markdown_table(table: Table) -> Safe:
    """A GitHub-flavoured table; no cell can end its column or its row."""
    lines: list[list[str]] = [
        [markdown(column.title) for column in table.columns],
        ["--:" if column.align is Align.RIGHT else "---" for column in table.columns],
        *([_gfm_cell(cell) for cell in row] for row in table.rows),
    ]
    return Safe("\n".join(f"| {' | '.join(cells)} |" for cells in lines))


def _gfm_cell(cell: Cell) -> str:
    match cell.kind:
        case CellKind.NAME:
            text = code(cell.text)
        case CellKind.DIGEST if cell.text.isalnum():
            text = Safe(f"`{cell.text}`")
        case _:
            text = markdown(cell.text)
    return f"**{text}**" if cell.strong and text else text


def text_table(table: Table) -> Safe:
    """A table in columns for a terminal; its last column may be as long as it likes."""
    rows = [[terminal(column.title) for column in table.columns]]
    rows += [[terminal(cell.text) for cell in row] for row in table.rows]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    sides = [column.align for column in table.columns]
    return Safe("\n".join("  ".join(_padded(row, widths, sides)).rstrip() for row in rows))


def _padded(cells: Iterable[str], widths: Iterable[int], sides: Iterable[Align]) -> Iterable[str]:
    for text, width, side in zip(cells, widths, sides, strict=True):
        yield text.rjust(width) if side is Align.RIGHT else text.ljust(width)


def html_table(table: Table) -> Safe:
    """A table of HTML; a cell names the figure behind it in `data-figure`."""
    head = "".join(f"<th{_side(column)}>{html(column.title)}</th>" for column in table.columns)
    rows = ("".join(map(_html_cell, row, table.columns)) for row in table.rows)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return Safe(
        f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'
    )


def _html_cell(cell: Cell, column: Column) -> str:
    text = html_code(cell.text) if cell.kind is CellKind.NAME else html(cell.text)
    if cell.kind is CellKind.DIGEST and cell.text.isalnum():
        text = Safe(f"<code>{cell.text}</code>")
    figure = f' data-figure="{html(cell.figure)}"' if cell.figure else ""
    return f"<td{_side(column)}{figure}>{f'<strong>{text}</strong>' if cell.strong else text}</td>"


def _side(column: Column) -> str:
    return ' class="number"' if column.align is Align.RIGHT else ""


def html_code(text: str) -> Safe:
    """The text in fixed width, for HTML."""
    return Safe(f"<code>{html(text)}</code>")


def _folded(row: FoldedFigures, form: Markup) -> str:
    names = ", ".join(map(form.code, row.metrics))
    where = f"{_sentence(map(form.quote, row.scopes))}: " if row.scopes else ""
    return where + names + (f" ({form.quote(row.note)})" if row.note else "")


def _cited(finding: Finding, form: Markup) -> str:
    cited = [f"{form.code(file)} line {line}" for file, line in finding.lines[:MOST_CITED]]
    more = len(finding.lines) - len(cited)
    return ", ".join(cited) + (f" and {more} more" if more > 0 else "")


def _accounted(file: FileLedger) -> str:
    """The lines of a file in a few words: `2 399 of 2 399`, and the reasons for the rest."""
    aside = f" ({set_aside(file)})" if file.used != file.lines else ""
    return f"{thousands(file.used)} of {thousands(file.lines)}{aside}"


def _shell(argv: Iterable[str]) -> str:
    return shlex.join(plain(each) for each in argv)


def _sentence(words: Iterable[str]) -> str:
    """Words joined as in a sentence: `a`, `a and b`, `a, b and c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class Markup:
    """A format: how text is quoted in it, and how a table, a name, a heading look."""

    quote: Callable[[str], str]
    code: Callable[[str], str]
    table: Callable[[Table], Safe]
    strong: Callable[[str], str]
    heading: Callable[[str, int], str]
    fold: Callable[[str], str]
    unfold: str


_FORMATS = {
    "md": Markup(
        quote=markdown,
        code=code,
        table=markdown_table,
        strong=lambda text: Safe(f"**{markdown(text)}**"),
        heading=lambda text, level: Safe(f"{'#' * level} {markdown(text)}"),
        fold=lambda title: Safe(f"<details><summary>{markdown(title)}</summary>"),
        unfold=Safe("</details>"),
    ),
    "txt": Markup(
        quote=terminal,
        code=terminal,
        table=text_table,
        strong=terminal,
        heading=lambda text, _: terminal(text),
        fold=terminal,
        unfold=Safe(),
    ),
    "html": Markup(
        quote=html,
        code=html_code,
        table=html_table,
        strong=lambda text: Safe(f"<strong>{html(text)}</strong>"),
        heading=lambda text, level: Safe(f"<h{level}>{html(text)}</h{level}>"),
        fold=lambda title: Safe(f"<details><summary>{html(title)}</summary>"),
        unfold=Safe("</details>"),
    ),
}
