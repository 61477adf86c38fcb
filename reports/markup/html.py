"""HTML of names, digests, tables and folds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from reports.elements import Align, Cell, CellKind, CitedLine, Column, Links, Rich, Safe, Table
from reports.escape import html, plain

DIGEST_SHOWN = 12
"""Number of characters of a digest that are visible while it is folded."""
NO_LINKS = Links()
SHORT_NAME = 30
"""Characters of a name that fit into a column of a phone, so that it need not break."""
MAX_NUMERIC_COLUMNS = 5
"""Columns of a numeric table that a phone can show; a wider one becomes a card per row."""


MAX_COLUMNS = 11
"""Columns that a desktop's page can show; a table with more has a card per row at any width."""


def html_code(text: str) -> Safe:
    """Return the text as fixed-width HTML, which may break anywhere: a path, a command, a line of a log."""
    return Safe(f"<code>{html(text)}</code>")


def html_name(text: str) -> Safe:
    """Return a name as fixed-width HTML, which may break after its dots only; a path or a command breaks anywhere."""
    if re.search(r"[ /]", text) or max(map(len, text.split("."))) > SHORT_NAME:
        return html_code(text)
    return Safe(f'<code class="name">{html(text).replace(".", ".<wbr>")}</code>')


def html_prose(text: str) -> Safe:
    """Return text as HTML, with words in backquotes as fixed-width text."""
    return Safe(re.sub("`([^`]+)`", r"<code>\1</code>", html(text)))


def html_breakable(text: str) -> Safe:
    """Return a name that may break after its dots, if it is long."""
    return Safe(html(text).replace(".", ".<wbr>")) if len(text) > SHORT_NAME else html(text)


def html_heading(text: str, level: int, name: str = "") -> Safe:
    """Return a heading; `name` is its `id`."""
    attribute = f' id="{html(name)}"' if name else ""
    return Safe(f"<h{level}{attribute}>{html(text)}</h{level}>")


def html_fold_section(title: str, name: str, text: str, long: bool = False) -> Safe:
    """Return the start of a folded section: its heading and `text` stay visible. A link to `name` opens it."""
    attribute = "section long" if long else "section"
    summary = f"<summary><h2>{html(title)}</h2> {html(text)}</summary>"
    return Safe(f'<details class="{attribute}">{summary}<span id="{html(name)}"></span>')


def html_fold(title: str, long: bool = False) -> Safe:
    """Return the start of a folded part. Print opens it, unless it is `long`."""
    attribute = ' class="long"' if long else ""
    return Safe(f"<details{attribute}><summary>{html(title)}</summary>")


def html_table(table: Table, links: Links = NO_LINKS) -> Safe:
    """Return an HTML table. Each row becomes a card on a narrow page, unless the table is small and numeric.

    The attribute `data-figure` of a cell is the full name of the figure shown, `data-l` the title of its column.
    Figures and cited lines link to their place on the page where it has one.
    """
    head = "".join(f"<th{_class_attribute(column)}>{html(column.title)}</th>" for column in table.columns)
    stack = len(table.columns) > MAX_COLUMNS
    cards = stack or _has_cards(table)
    # A card has no label before its first cell.
    labels = ["", *(column.title for column in table.columns[1:])] if cards else [""] * len(table.columns)
    rows = ("".join(_cell(*each, links) for each in zip(row, table.columns, labels, strict=True)) for row in table.rows)
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


def _cell(cell: Cell | Rich, column: Column, label: str, links: Links) -> str:
    attributes = _class_attribute(column) + (f' data-l="{html(label)}"' if label else "")
    if isinstance(cell, Rich):
        return f"<td{attributes}>{html_rich(cell, links)}</td>"
    attributes += f' id="{html(plain(cell.id))}"' if cell.id else ""
    if cell.figure in links.figures and not cell.id:
        return f"<td{attributes}>{_figure_link(cell, links)}</td>"
    return f"<td{attributes}{_figure_attributes(cell)}>{_explained(cell, links)}</td>"


def html_rich(text: Cell | Rich, links: Links = NO_LINKS) -> Safe:
    """Return a cell or a text of several parts as HTML. Each value names its figure in `data-figure`."""
    parts = text.parts if isinstance(text, Rich) else (text,)
    return Safe("".join(_part(part, links) for part in parts))


def _part(part: str | Cell | CitedLine, links: Links) -> str:
    if isinstance(part, str):
        return html(part)
    if isinstance(part, CitedLine):
        place = links.lines.get(part)
        return f'<a class="line" href="#{place}">{part.line}</a>' if place else f'<span class="line">{part.line}</span>'
    if part.figure is None:
        return _explained(part, links)
    if part.figure in links.figures:
        return _figure_link(part, links)
    return f"<span{_figure_attributes(part)}>{_value(part)}</span>"


def _figure_attributes(cell: Cell) -> str:
    if not cell.figure:
        return ""
    side = f' data-side="{html(cell.side)}"' if cell.side else ""
    return f' data-figure="{html(cell.figure)}"{side}'


def _figure_link(cell: Cell, links: Links) -> str:
    target = quote(plain(links.figures[cell.figure or ""]))
    return f'<a href="#{target}"{_figure_attributes(cell)}>{_value(cell)}</a>'


def _explained(cell: Cell, links: Links) -> Safe:
    """Return the content of a cell, which links to the runbook entry that explains it if the page has that entry."""
    if cell.entry is None or cell.entry not in links.entries:
        return _value(cell)
    return Safe(f'<a href="#{cell.entry.anchor}">{_value(cell)}</a>')


def _value(cell: Cell) -> Safe:
    text = _content(cell)
    return Safe(f"<strong>{text}</strong>") if cell.strong else text


def definition_id(figure: str) -> str:
    """Return the `id` of a figure's definition on a page."""
    return f"f.{figure}"


def definition_ids(figures: Iterable[str]) -> dict[str, str]:
    """Return the `id` of the definition of each figure, for a page that has one for each."""
    return {figure: definition_id(figure) for figure in figures}


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
