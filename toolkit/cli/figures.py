"""`toolkit figures`: the catalogue of every figure."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Format, FormatOption, OutputOption
from toolkit.cli.output import emit
from toolkit.model.errors import UsageError


def figures(
    pattern: Annotated[str, typer.Argument(metavar="[WORD]", help="List only figures whose name contains WORD.")] = "",
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """List all figures with unit, direction, definition and source.

    The direction says which values are better: lower, higher, or none.
    """
    from reports.pages import check_format
    from reports.views.catalogue import catalogue_page

    check_format(format, "catalogue")
    from toolkit.analysis.metrics import catalogue
    from toolkit.model.quotes import json_text

    specs = [spec for spec in catalogue() if pattern in spec.name]
    if not specs:
        raise UsageError(f"{pattern}: no figure name contains it; `toolkit figures` lists all names")
    if format is Format.JSON:
        emit(json_text({"schema": "toolkit.figures/1", "figures": specs}), output)
    else:
        emit(catalogue_page(specs, format), output)
    return 0
