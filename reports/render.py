"""Render Jinja templates to Markdown, HTML or terminal text; values are escaped for the format unless they are `Safe`.

Templates are passed in as text. A page is named `<page>.<format>.j2`; a section is a template of its own that the page
includes.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from reports.elements import Align, Cell, CellKind, CitedLine, Column, FoldedFigures, Rich, Safe, Table
from reports.escape import code, html, markdown, markdown_inside, plain, terminal
from reports.format import number, setting
from reports.views.run import set_aside_text
from toolkit.model.runs import FileLedger, Finding
from toolkit.model.units import thousands
from toolkit.model.vocabulary import Role

MAX_CITED_LINES = 10
"""Number of lines of a finding that are listed; the rest is counted."""


def render(templates: Mapping[str, str], name: str, **data: Any) -> str:
    """Return the text of template `name`; the format in its name (`evidence.md.j2`) decides how values are escaped.

    Raises `KeyError` for an unknown format, and jinja2's errors for a faulty template.
    """
    environment = _environment(name.split(".")[-2], templates)
    return environment.get_template(name).render(**data)


def _environment(format: str, templates: Mapping[str, str]) -> Environment:
    markup = _MARKUP_BY_FORMAT[format]
    environment = Environment(
        loader=DictLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: markup.escape(value if isinstance(value, str) else str(value)),
    )
    environment.globals |= {"fold": markup.fold, "unfold": markup.unfold}
    environment.filters |= {
        "table": markup.table,
        "rich": markup.rich,
        "code": markup.code,
        "strong": markup.strong,
        "heading": markup.heading,
        "folded": lambda lines: Safe("; ".join(_folded_text(line, markup) for line in lines)),
        "citation": lambda finding: Safe(_citation_text(finding, markup)),
        "line_counts": _line_counts_text,
        "conjunction": _conjunction,
        "number": number,
        "setting": lambda row, side: setting(row, getattr(row, side)),
        "scope": lambda figure: figure.split(".", 1)[0],
        "shell": _shell_command,
    }
    return environment


def markdown_table(table: Table) -> Safe:
    """Return a GitHub-flavoured Markdown table. No cell text can end its column or its row."""
    lines: list[list[str]] = [
        [markdown(column.title) for column in table.columns],
        ["--:" if column.align is Align.RIGHT else "---" for column in table.columns],
        *([markdown_rich(cell) for cell in row] for row in table.rows),
    ]
    return Safe("\n".join(f"| {' | '.join(cells)} |" for cells in lines))


def markdown_rich(text: Cell | Rich) -> str:
    """Return a cell or a text of several parts as Markdown."""
    parts = text.parts if isinstance(text, Rich) else (text,)
    escapes = (markdown, *(markdown_inside for _ in parts[1:]))
    return Safe("".join(_markdown_part(part, escape) for part, escape in zip(parts, escapes, strict=True)))


def _markdown_part(cell: str | Cell | CitedLine, escape: Callable[[str], Safe]) -> str:
    if isinstance(cell, str):
        return escape(cell)
    if isinstance(cell, CitedLine):
        return str(cell.line)
    match cell.kind:
        case CellKind.NAME:
            text = code(cell.text)
        case CellKind.DIGEST if cell.text.isalnum():
            text = Safe(f"`{cell.text}`")
        case _:
            text = escape(cell.text)
    return f"**{text}**" if cell.strong and text else text


def text_table(table: Table) -> Safe:
    """Return a table in aligned columns for a terminal. The width of the last column is not limited."""
    rows = [[terminal(column.title) for column in table.columns]]
    rows += [[text_rich(cell) for cell in row] for row in table.rows]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    alignments = [column.align for column in table.columns]
    return Safe("\n".join("  ".join(_padded(row, widths, alignments)).rstrip() for row in rows))


def text_rich(text: Cell | Rich) -> Safe:
    """Return a cell or a text of several parts for a terminal."""
    return Safe(terminal(text.text if isinstance(text, Cell) else str(text)))


def _padded(cells: Iterable[str], widths: Iterable[int], alignments: Iterable[Align]) -> Iterable[str]:
    for text, width, align in zip(cells, widths, alignments, strict=True):
        yield text.rjust(width) if align is Align.RIGHT else text.ljust(width)


def html_table(table: Table) -> Safe:
    """Return an HTML table. The attribute `data-figure` of a cell is the full name of the figure shown."""
    head = "".join(f"<th{_class_attribute(column)}>{html(column.title)}</th>" for column in table.columns)
    rows = ("".join(map(_html_cell, row, table.columns)) for row in table.rows)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return Safe(
        f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'
    )


def _html_cell(cell: Cell | Rich, column: Column) -> str:
    if isinstance(cell, Rich):
        return f"<td{_class_attribute(column)}>{html_rich(cell)}</td>"
    figure = f' data-figure="{html(cell.figure)}"' if cell.figure else ""
    name = f' id="{html(cell.id)}"' if cell.id else ""
    return f"<td{name}{_class_attribute(column)}{figure}>{_html_value(cell)}</td>"


def _html_value(cell: Cell) -> str:
    text = html_code(cell.text) if cell.kind is CellKind.NAME else html(cell.text)
    if cell.kind is CellKind.DIGEST and cell.text.isalnum():
        text = Safe(f"<code>{cell.text}</code>")
    return f"<strong>{text}</strong>" if cell.strong else text


def html_rich(text: Cell | Rich) -> Safe:
    """Return a cell or a text of several parts as HTML. Each value names its figure in `data-figure`."""
    parts = text.parts if isinstance(text, Rich) else (text,)
    return Safe("".join(_html_part(part) for part in parts))


def _html_part(part: str | Cell | CitedLine) -> str:
    if isinstance(part, str):
        return html(part)
    if isinstance(part, CitedLine):
        return str(part.line)
    if part.figure is None:
        return _html_value(part)
    side = f' data-side="{html(part.side)}"' if part.side else ""
    return f'<span data-figure="{html(part.figure)}"{side}>{_html_value(part)}</span>'


def _class_attribute(column: Column) -> str:
    return ' class="number"' if column.align is Align.RIGHT else ""


def html_code(text: str) -> Safe:
    """Return the text as fixed-width HTML."""
    return Safe(f"<code>{html(text)}</code>")


def _folded_text(line: FoldedFigures, markup: Markup) -> str:
    names = ", ".join(map(markup.code, line.metrics))
    scopes = f"{_conjunction(map(markup.escape, line.scopes))}: " if line.scopes else ""
    return scopes + names + (f" ({markup.escape(line.note)})" if line.note else "")


def _citation_text(finding: Finding, markup: Markup) -> str:
    cited = [f"{markup.code(file)} line {line}" for file, line in finding.lines[:MAX_CITED_LINES]]
    more = len(finding.lines) - len(cited)
    return ", ".join(cited) + (f" and {more} more" if more > 0 else "")


def _line_counts_text(file: FileLedger) -> str:
    """Return the lines used of all lines, `2 399 of 2 400 (torn_tail 1)`, with the reasons for those set aside.

    Those of a log: `292 lines: 280 understood, 12 not`.
    """
    if file.copy_of is not None:
        return f"copy of {file.copy_of} ({thousands(file.lines)} lines)"
    not_used = f" ({set_aside_text(file)})" if any(file.set_aside.values()) else ""
    if file.role is Role.LOG:
        counts = f"{thousands(file.used)} understood, {thousands(file.other)} not"
        return f"{thousands(file.lines)} {'line' if file.lines == 1 else 'lines'}: {counts}{not_used}"
    return f"{thousands(file.used)} of {thousands(file.lines)}{not_used}"


def _shell_command(argv: Iterable[str]) -> str:
    return shlex.join(plain(each) for each in argv)


def _conjunction(words: Iterable[str]) -> str:
    """Return the words joined with commas and a final `and`: `a`, `a and b`, `a, b and c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class Markup:
    """Markup of one format: how text is escaped, and how names, tables, emphasis, headings and folds are written."""

    escape: Callable[[str], str]
    code: Callable[[str], str]
    table: Callable[[Table], Safe]
    rich: Callable[[Cell | Rich], str]
    strong: Callable[[str], str]
    heading: Callable[[str, int], str]
    fold: Callable[[str], str]
    unfold: str


_MARKUP_BY_FORMAT = {
    "md": Markup(
        escape=markdown,
        code=code,
        table=markdown_table,
        rich=markdown_rich,
        strong=lambda text: Safe(f"**{markdown(text)}**"),
        heading=lambda text, level: Safe(f"{'#' * level} {markdown(text)}"),
        fold=lambda title: Safe(f"<details><summary>{markdown(title)}</summary>"),
        unfold=Safe("</details>"),
    ),
    "txt": Markup(
        escape=terminal,
        code=terminal,
        table=text_table,
        rich=text_rich,
        strong=terminal,
        heading=lambda text, _: terminal(text),
        fold=terminal,
        unfold=Safe(),
    ),
    "html": Markup(
        escape=html,
        code=html_code,
        table=html_table,
        rich=html_rich,
        strong=lambda text: Safe(f"<strong>{html(text)}</strong>"),
        heading=lambda text, level: Safe(f"<h{level}>{html(text)}</h{level}>"),
        fold=lambda title: Safe(f"<details><summary>{html(title)}</summary>"),
        unfold=Safe("</details>"),
    ),
}
