"""Elements of a page before a format is chosen: cells, tables, and the layout of a section of figures."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from toolkit.model.runbooks.references import Reference


class Safe(str):
    """Text that is already escaped for the page's format. Every other string is escaped when it is printed."""

    __slots__ = ()


class Align(StrEnum):
    """Horizontal alignment of a column: text left, numbers right."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Column:
    """Title and alignment of a table column."""

    title: str
    align: Align = Align.LEFT


class CellKind(StrEnum):
    """Content of a cell: text, a name (fixed width), or a digest (fixed width, never redacted as a secret)."""

    TEXT = "text"
    NAME = "name"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Cell:
    """One formatted value. `figure` is the full name of the figure shown; `strong` marks what to look at first.

    `side` is `before` or `after` where the value is that of one side of a pair.
    `id` is the name that a link in the page leads to; other formats than HTML leave it out.
    `entry` is the runbook entry that explains the text.
    """

    text: str
    figure: str | None = None
    strong: bool = False
    kind: CellKind = CellKind.TEXT
    side: str = ""
    id: str | None = None
    entry: Reference | None = None


@dataclass(frozen=True, slots=True)
class CitedLine:
    """Line of a run's file that a page cites, shown as its number. `side` is `before`, `after` or empty."""

    file: str
    line: int
    side: str = ""


NO_PLACES: Mapping[str, str] = MappingProxyType({})
"""Places of figures on a page that has none."""


@dataclass(frozen=True, slots=True)
class Links:
    """Targets of links on a page: the `id` of the place of each figure, and of each line that it quotes.

    `entries` are the runbook entries that the page has, `runbooks` is the address of the runbooks, None if unknown.
    """

    figures: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[CitedLine, str] = field(default_factory=dict)
    entries: Container[Reference] = ()
    runbooks: str | None = None


@dataclass(frozen=True, slots=True)
class Rich:
    """Text in several parts, such as a sentence with figures in it. Plain strings are parts without any mark."""

    parts: tuple[str | Cell | CitedLine, ...]

    def __add__(self, other: Rich) -> Rich:
        """Return both texts, one after the other."""
        return Rich(self.parts + other.parts)

    def __str__(self) -> str:
        """Return the text without its marks."""
        return "".join(part if isinstance(part, str) else _plain_part(part) for part in self.parts)


def _plain_part(part: Cell | CitedLine) -> str:
    return part.text if isinstance(part, Cell) else str(part.line)


@dataclass(frozen=True, slots=True)
class Table:
    """Table of cells. Every row has as many cells as there are columns.

    Raises `ValueError` for a row of another length.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell | Rich, ...], ...]

    def __post_init__(self) -> None:
        """Reject rows of the wrong length when the table is made, not when it is printed."""
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells in a table of {len(self.columns)} columns")


@dataclass(frozen=True, slots=True)
class SimplePage:
    """A page of paragraphs and tables, in order. `title` is the heading where the format requires one."""

    title: str
    blocks: tuple[str | Cell | Table, ...]


@dataclass(frozen=True, slots=True)
class FoldedFigures:
    """Figures that share one line because they have the same value and note.

    `metrics` are names without scope, `scopes` the venues that have them (empty: all), `figures` their count.
    """

    metrics: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    note: str | None = None
    figures: int = 0


@dataclass(frozen=True, slots=True)
class FigureGrid:
    """Table of figures with a row per metric and a column per scope.

    `figures` counts the figures shown; `reason` is why they may not be compared, where that is the same for all.
    """

    table: Table
    figures: int
    reason: str = ""

    def __bool__(self) -> bool:
        """Return True if the grid shows any figure."""
        return bool(self.figures)


@dataclass(frozen=True, slots=True)
class Section:
    """Figures of one section of the pair page, each in exactly one of these places.

    - `table`: figures that differ, one row each.
    - `moved`: figures that differ and need no row of their own. `within_error` of them differ by no more than the
      error of their estimates.
    - `not_comparable`: grids of figures that may not be compared, one grid per reason.
    - `unchanged`: figures with the same value on both sides.
    - `zero`: figures that are 0 on both sides.
    - `unknown`: figures without a value on both sides.

    `low_priority` sections are the first to lose rows when a page is too long.
    """

    table: Table
    moved: FigureGrid
    unchanged: FigureGrid
    zero: tuple[FoldedFigures, ...] = ()
    unknown: tuple[FoldedFigures, ...] = ()
    within_error: int = 0
    not_comparable: tuple[FigureGrid, ...] = ()
    low_priority: bool = False

    def __bool__(self) -> bool:
        """Return True if the section shows any figure."""
        return bool(self.table.rows or self.moved or self.not_comparable or self.unchanged or self.zero or self.unknown)
