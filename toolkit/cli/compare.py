"""`toolkit compare`: two runs side by side, figure by figure."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import (
    DEFAULT_DB,
    DbOption,
    Format,
    FormatOption,
    LastOption,
    OutputOption,
    RequestedOption,
    SegmentOption,
    SinceTickOption,
    UntilTickOption,
    duration_ms,
    window,
)
from toolkit.cli.output import emit
from toolkit.errors import Exit

Before = Annotated[str, typer.Argument(metavar="BEFORE", help="The run before the change: a directory, file or .zip.")]
After = Annotated[str, typer.Argument(metavar="AFTER", help="The run after the change.")]


def compare(
    before: Before,
    after: After,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    db: DbOption = DEFAULT_DB,
    requested: RequestedOption = None,
    segment: SegmentOption = None,
    last: LastOption = None,
    since_tick: SinceTickOption = None,
    until_tick: UntilTickOption = None,
) -> int:
    """Put two runs side by side, figure by figure; ends with 4 if no row can be compared."""
    from toolkit.analysis import Options, analyze
    from toolkit.comparison import compare
    from toolkit.evidence.report import check_format, name_of, side_by_side
    from toolkit.published import comparison_json

    check_format(format)
    part = window(segment, last, since_tick, until_tick)
    options = Options(requested_ms=duration_ms(requested), window=part)
    comparison = compare(analyze([before], db, options), analyze([after], db, options))
    if format is Format.JSON:
        emit(comparison_json(comparison), output)
    else:
        emit(side_by_side(comparison, (name_of(before), name_of(after)), format), output)
    return Exit.OK if comparison.comparable else Exit.INCONCLUSIVE
