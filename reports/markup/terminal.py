"""Write tables, cells and texts of several parts as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from reports.elements import Align, Cell, Rich, Safe, Table
from reports.escape import terminal


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
