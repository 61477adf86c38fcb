"""`toolkit sql`: run a query over the public views of the store."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import DEFAULT_DB, DbOption, Format, FormatOption, OutputOption
from toolkit.cli.output import emit
from toolkit.model.errors import UsageError

if TYPE_CHECKING:
    from reports.elements import Table


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SQL query, for example: select * from figures")],
    db: DbOption = DEFAULT_DB,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Run one SQL query over the store of analysed runs. The store is read-only, but `copy … to` writes files.

    Its public views include runs, files, ticks, venue_ticks, log_events, sessions, figures and findings. Text output is
    tab-separated, with a header line.
    """
    from reports.escape import visible
    from reports.pages import check_format, simple_page

    check_format(format)
    import duckdb
    import msgspec

    from toolkit.db.store import connect
    from toolkit.db.store_file import damage_explained, is_damage
    from toolkit.model.quotes import harmless_json
    from toolkit.model.redaction import redact, redact_all

    with connect(db, read_only=True) as con, damage_explained(db):
        try:
            result = con.execute(query) if con.extract_statements(query) else None
            if result is None:
                raise UsageError("the query is empty; write for example: select * from figures")
            names, rows = [column[0] for column in result.description or []], result.fetchall()
        except duckdb.Error as error:
            if is_damage(error) or isinstance(error, duckdb.OutOfMemoryException):
                raise
            raise UsageError(f"the query cannot be run: {error}") from error
    if format is Format.JSON:
        records = [redact_all(dict(zip(names, row, strict=True))) for row in rows]
        emit(harmless_json(msgspec.json.encode(records, enc_hook=str).decode()), output)
    elif format is Format.TEXT:
        text = io.StringIO()
        cells = ([visible(redact(each)) if isinstance(each, str) else each for each in row] for row in [names, *rows])
        csv.writer(text, delimiter="\t", lineterminator="\n").writerows(cells)
        emit(text.getvalue(), output)
    else:
        emit(simple_page(query, [_table(names, rows)], format), output)
    return 0


def _table(names: Sequence[str], rows: Sequence[tuple[object, ...]]) -> Table:
    from reports.elements import Align, Cell, Column, Table

    numbers = [all(isinstance(value, int | float | None) for value in values) for values in zip(*rows, strict=True)]
    sides = [Align.RIGHT if number else Align.LEFT for number in numbers or [False] * len(names)]
    cells = (tuple(Cell("" if value is None else str(value)) for value in row) for row in rows)
    return Table(tuple(map(Column, names, sides)), tuple(cells))
