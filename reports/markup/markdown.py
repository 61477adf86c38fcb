"""Write tables, cells and texts of several parts as GitHub-flavoured Markdown."""

from __future__ import annotations

from collections.abc import Callable

from reports.elements import Align, Cell, CellKind, CitedLine, Rich, Safe, Table
from reports.escape import code, markdown, markdown_inside


def markdown_table(table: Table) -> Safe:
    """Return a GitHub-flavoured Markdown table. No cell text can end its column or its row."""
    lines: list[list[Safe]] = [
        [markdown(column.title) for column in table.columns],
        [Safe("--:" if column.align is Align.RIGHT else "---") for column in table.columns],
        *([markdown_rich(cell) for cell in row] for row in table.rows),
    ]
    return Safe("\n".join(f"| {' | '.join(cells)} |" for cells in lines))


def markdown_rich(text: Cell | Rich, runbooks: str | None = None) -> Safe:
    """Return a cell or a text of several parts as Markdown. Words link to the runbooks if their address is given."""
    parts = text.parts if isinstance(text, Rich) else (text,)
    escapes = (markdown, *(markdown_inside for _ in parts[1:]))
    return Safe("".join(_markdown_part(part, escape, runbooks) for part, escape in zip(parts, escapes, strict=True)))


def _markdown_part(cell: str | Cell | CitedLine, escape: Callable[[str], Safe], runbooks: str | None) -> str:
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
    text = Safe(f"**{text}**") if cell.strong and text else text
    return f"[{text}]({runbooks}/{cell.entry})" if runbooks and cell.entry else text
