"""`toolkit figures`: the catalogue of every figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Format, FormatOption, OutputOption
from toolkit.cli.output import emit
from toolkit.model.errors import UsageError

if TYPE_CHECKING:
    from reports.elements import Table
    from toolkit.model.figures import FigureSpec


def figures(
    pattern: Annotated[str, typer.Argument(metavar="[WORD]", help="List only figures whose name contains WORD.")] = "",
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """List all figures with unit, direction, definition and source.

    The direction says which values are better: lower, higher, or none.
    """
    from reports.pages import check_format, simple_page

    check_format(format)
    import msgspec

    from toolkit.analysis.metrics import catalogue

    specs = [spec for spec in catalogue() if pattern in spec.name]
    if not specs:
        raise UsageError(f"{pattern}: no figure name contains it; `toolkit figures` lists all names")
    if format is Format.JSON:
        emit(
            msgspec.json.format(msgspec.json.encode({"schema": "toolkit.figures/1", "figures": specs})).decode(), output
        )
    elif format is Format.TEXT:
        emit(
            "\n".join(
                f"{s.name}\n    {s.unit}, better: {s.better}. {s.definition}\n    source: {s.source}" for s in specs
            ),
            output,
        )
    else:
        emit(simple_page("Figures", [_table(specs)], format), output)
    return 0


def _table(specs: Sequence[FigureSpec]) -> Table:
    from reports.elements import Cell, CellKind, Column, Table

    return Table(
        tuple(map(Column, ("figure", "unit", "better", "definition", "source"))),
        tuple(
            (Cell(s.name, kind=CellKind.NAME), *map(Cell, (s.unit, s.better, s.definition, s.source))) for s in specs
        ),
    )
