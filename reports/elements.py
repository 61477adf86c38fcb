"""The parts of a page: what a reader sees, before any format is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Safe(str):
    """Text that is fit for the page's format as it stands; every other string is quoted when it is printed."""

    __slots__ = ()


class Align(StrEnum):
    """On which side of its column a cell stands: words left, numbers right."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and side."""

    title: str
    align: Align = Align.LEFT


class CellKind(StrEnum):
    """What a cell holds: words, a name (fixed width), or a digest (fixed width, and never taken for a secret)."""

    TEXT = "text"
    NAME = "name"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as a reader sees it; `figure` is the full name behind it, `strong` marks what to look at first."""

    text: str
    figure: str | None = None
    strong: bool = False
    kind: CellKind = CellKind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """A table of cells; every row has as many cells as there are columns.

    Raises `ValueError` when a row has not.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        """Refuse a ragged table where it is made, not where it is printed."""
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells in a table of {len(self.columns)} columns")


@dataclass(frozen=True, slots=True)
class SimplePage:
    """A page of few words: paragraphs and tables in order. Where a page must have a title, it is this one."""

    title: str
    parts: tuple[str | Cell | Table, ...]


@dataclass(frozen=True, slots=True)
class FoldedFigures:
    """Figures that say the same and share a line: their metrics, the scopes that have them (empty: all), and why.

    `figures` counts them.
    """

    metrics: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    note: str | None = None
    figures: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Figures side by side: a row per metric, a column per scope. `figures` counts them, `why` is said of all."""

    table: Table
    figures: int
    why: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.figures)


@dataclass(frozen=True, slots=True)
class Section:
    """The figures of one section, each in one place.

    `table` has those worth a row each, `moved` those that only moved (`erring` of them by less than the error of their
    estimates), `withheld` those that may not be compared, by the reason, `same` those that did not move, `zero` those
    that are 0 throughout, `unknown` those that nobody knows. `minor` tells that a reader misses it least.
    """

    table: Table
    moved: Grid
    same: Grid
    zero: tuple[FoldedFigures, ...] = ()
    unknown: tuple[FoldedFigures, ...] = ()
    erring: int = 0
    withheld: tuple[Grid, ...] = ()
    minor: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.table.rows or self.moved or self.withheld or self.same or self.zero or self.unknown)
