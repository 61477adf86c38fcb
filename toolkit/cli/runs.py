"""`toolkit runs`: list, label or remove the runs in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import DEFAULT_DB, DbOption, Format, FormatOption, OutputOption, QuietOption
from toolkit.cli.output import emit, note
from toolkit.model.errors import UsageError

if TYPE_CHECKING:
    from reports.elements import Table


def runs(
    db: DbOption = DEFAULT_DB,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    label: Annotated[
        tuple[str, str] | None,
        typer.Option("--label", metavar="RUN LABEL", help="Set the label of a run; RUN is an id or the start of one."),
    ] = None,
    remove: Annotated[
        str | None,
        typer.Option(
            "--remove", metavar="RUN", help="Remove a run, named by its id, the start of its id, or its label."
        ),
    ] = None,
    quiet: QuietOption = False,
) -> int:
    """List, label or remove the runs in the store."""
    from reports.pages import check_format, simple_page

    check_format(format)
    from toolkit.db import store
    from toolkit.db.store_file import damage_explained
    from toolkit.model.quotes import json_text

    con = store.connect(db, read_only=label is None and remove is None)
    with con, damage_explained(db):
        if remove is not None:
            if not (removed := store.remove(con, remove)):
                raise UsageError(
                    f"{remove}: no run has that label, or an id that starts with it; `toolkit runs` lists them"
                )
            if not quiet:
                note(f"removed {removed} run(s)")
        if label is not None:
            store.relabel(con, *label)
        result = con.execute("select * from runs order by started_ms nulls last, run")
        names = [column[0] for column in result.description]
        rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    if format is Format.JSON:
        emit(json_text({"schema": "toolkit.runs/1", "runs": rows}), output)
        return 0
    emit(simple_page("Runs in the store", [_table(rows)], format), output)
    return 0


def _table(rows: list[dict[str, Any]]) -> Table:
    from reports.elements import Align, Cell, CellKind, Column, Table
    from toolkit.model.units import duration

    numbers = ("ran", "lives")
    titles = ("run", "label", "kind", *numbers, "ended", "feed")
    return Table(
        tuple(Column(title, Align.RIGHT if title in numbers else Align.LEFT) for title in titles),
        tuple(
            (
                Cell(row["run"], kind=CellKind.NAME),
                Cell(row["label"] or ""),
                Cell(row["kind"]),
                Cell(duration(row["observed_ms"]) if row["observed_ms"] is not None else "–"),
                Cell(str(row["lives"])),
                Cell(row["ended"]),
                Cell("SIMULATED" if row["simulated"] else ""),
            )
            for row in rows
        ),
    )
