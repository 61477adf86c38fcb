"""`toolkit figures`: the catalogue of every figure."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Format, FormatOption, OutputOption
from toolkit.cli.output import emit


def figures(
    pattern: Annotated[str, typer.Argument(metavar="[WORD]", help="Only figures whose name holds this word.")] = "",
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """List every figure: name, unit, direction, definition, source."""
    from toolkit.evidence.pages import check_format

    check_format(format)
    import msgspec

    from toolkit.metrics import catalogue

    specs = [spec for spec in catalogue() if pattern in spec.name]
    if format is Format.JSON:
        emit(
            msgspec.json.format(msgspec.json.encode({"schema": "toolkit.figures/1", "figures": specs})).decode(), output
        )
    elif format is Format.MARKDOWN:
        head = ["| figure | unit | better | definition | source |", "|---|---|---|---|---|"]
        rows = [f"| `{s.name}` | {s.unit} | {s.better} | {s.definition} | {s.source} |" for s in specs]
        emit("\n".join(head + rows), output)
    else:
        emit(
            "\n".join(
                f"{s.name}\n    {s.unit}, better: {s.better}. {s.definition}\n    source: {s.source}" for s in specs
            ),
            output,
        )
    return 0
