"""`toolkit sql`: a query over the store's public views."""

from __future__ import annotations

import csv
import io
from typing import Annotated

import typer

from toolkit.cli.options import DEFAULT_DB, DbOption, Format, FormatOption, OutputOption
from toolkit.cli.output import emit
from toolkit.errors import UsageError


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="For example: select * from figures")],
    db: DbOption = DEFAULT_DB,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> int:
    """Run one query over the store, which is opened read-only."""
    from toolkit.evidence.pages import check_format

    check_format(format)
    import duckdb
    import msgspec

    from toolkit.store import connect

    with connect(db, read_only=True) as con:
        try:
            result = con.execute(query) if con.extract_statements(query) else None
            if result is None:
                raise UsageError("the query is empty; for example: select * from figures")
            names, rows = [column[0] for column in result.description or []], result.fetchall()
        except duckdb.Error as error:
            raise UsageError(f"the query cannot be run: {error}") from error
    if format is Format.JSON:
        records = [dict(zip(names, row, strict=True)) for row in rows]
        emit(msgspec.json.encode(records, enc_hook=str).decode(), output)
    elif format is Format.MARKDOWN:
        emit("\n".join([_row(names), _row(["---"] * len(names)), *(_row(row) for row in rows)]), output)
    else:
        text = io.StringIO()
        csv.writer(text, delimiter="\t", lineterminator="\n").writerows([names, *rows])
        emit(text.getvalue(), output)
    return 0


def _row(cells: object) -> str:
    assert isinstance(cells, list | tuple)
    return (
        "| "
        + " | ".join("" if cell is None else str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
        + " |"
    )
