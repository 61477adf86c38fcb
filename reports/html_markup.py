"""HTML of names, digests, tables and folds."""

from __future__ import annotations

import re
from collections.abc import Container
from urllib.parse import quote

from reports.elements import Align, Cell, CellKind, CitedLine, Column, Rich, Safe, Table
from reports.escape import html, plain

DIGEST_SHOWN = 12
"""Number of characters of a digest that are visible while it is folded."""
MAX_NUMERIC_COLUMNS = 5
"""Columns of a numeric table that a phone can show; a wider one becomes a card per row."""


MAX_COLUMNS = 10
"""Columns that a desktop's page can show; a table with more has a card per row at any width."""


def html_code(text: str) -> Safe:
    """Return the text as fixed-width HTML, which may break anywhere: a path, a command, a line of a log."""
    return Safe(f"<code>{html(text)}</code>")


def html_name(text: str) -> Safe:
    """Return a name as fixed-width HTML, which may break after its dots only."""
    return Safe(f'<code class="name">{html(text).replace(".", ".<wbr>")}</code>')


def html_prose(text: str) -> Safe:
    """Return text as HTML, with words in backquotes as fixed-width text."""
    return Safe(re.sub("`([^`]+)`", r"<code>\1</code>", html(text)))


def html_fold(title: str, long: bool = False) -> Safe:
    """Return the start of a folded part. Print opens it, unless it is `long`."""
    attribute = ' class="long"' if long else ""
    return Safe(f"<details{attribute}><summary>{html(title)}</summary>")


def html_table(table: Table, defined: Container[str] = ()) -> Safe:
    """Return an HTML table. Each row becomes a card on a narrow page, unless the table is small and numeric.

    The attribute `data-figure` of a cell is the full name of the figure shown, `data-l` the title of its column. The
    cell of a figure in `defined` links to the definition on the page.
    """
    head = "".join(f"<th{_class_attribute(column)}>{html(column.title)}</th>" for column in table.columns)
    stack = len(table.columns) > MAX_COLUMNS
    cards = stack or _has_cards(table)
    rows = (
        "".join(_cell(*each, cards, defined) for each in zip(row, table.columns, strict=True)) for row in table.rows
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    classes = " ".join(
        [*(["numeric"] if _is_numeric(table) else []), *(["stack" if stack else "cards"] if cards else [])]
    )
    return Safe(f'<table class="{classes}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>')


def _is_numeric(table: Table) -> bool:
    return all(column.align is Align.RIGHT for column in table.columns[1:]) and len(table.columns) > 1


def _has_cards(table: Table) -> bool:
    named = any(isinstance(row[0], Cell) and row[0].kind is CellKind.NAME for row in table.rows)
    small = _is_numeric(table) and len(table.columns) <= MAX_NUMERIC_COLUMNS and not named
    return len(table.columns) > 1 and not small


def _cell(cell: Cell | Rich, column: Column, cards: bool, defined: Container[str]) -> str:
    attributes = _class_attribute(column) + (f' data-l="{html(column.title)}"' if cards else "")
    if isinstance(cell, Rich):
        return f"<td{attributes}>{html_rich(cell, defined)}</td>"
    attributes += f' id="{html(plain(cell.id))}"' if cell.id else ""
    return f"<td{attributes}{_figure_attributes(cell)}>{_value(cell, defined)}</td>"


def html_rich(text: Cell | Rich, defined: Container[str] = ()) -> Safe:
    """Return a cell or a text of several parts as HTML. Each value names its figure in `data-figure`."""
    parts = text.parts if isinstance(text, Rich) else (text,)
    return Safe("".join(_part(part, defined) for part in parts))


def _part(part: str | Cell | CitedLine, defined: Container[str]) -> str:
    if isinstance(part, str):
        return html(part)
    if isinstance(part, CitedLine):
        return str(part.line)
    value = _value(part, defined)
    return value if part.figure is None else f"<span{_figure_attributes(part)}>{value}</span>"


def _figure_attributes(cell: Cell) -> str:
    if not cell.figure:
        return ""
    side = f' data-side="{html(cell.side)}"' if cell.side else ""
    return f' data-figure="{html(cell.figure)}"{side}'


def _value(cell: Cell, defined: Container[str]) -> Safe:
    text = _content(cell)
    if cell.strong:
        text = Safe(f"<strong>{text}</strong>")
    if not cell.figure or cell.id or cell.figure not in defined:
        return text
    return Safe(f'<a href="#{quote(plain(definition_id(cell.figure)))}">{text}</a>')


def definition_id(figure: str) -> str:
    """Return the `id` of a figure's definition on a page."""
    return f"f.{figure}"


def _content(cell: Cell) -> Safe:
    if cell.kind is CellKind.DIGEST and cell.text.isalnum():
        return _digest(cell.text)
    return html_name(cell.text) if cell.kind is CellKind.NAME else html(cell.text)


def _digest(text: str) -> Safe:
    if len(text) <= DIGEST_SHOWN:
        return Safe(f"<code>{text}</code>")
    start = f"<summary><code>{text[:DIGEST_SHOWN]}…</code></summary>"
    return Safe(f'<details class="long">{start}<code>{text}</code></details>')


def _class_attribute(column: Column) -> str:
    return ' class="n"' if column.align is Align.RIGHT else ""
