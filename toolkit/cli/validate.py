"""`toolkit validate`: hold telemetry against its contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Format, FormatOption, OutputOption, QuietOption
from toolkit.cli.output import emit, note
from toolkit.cli.progress import byte_progress
from toolkit.model.errors import ExitCode
from toolkit.model.units import thousands

if TYPE_CHECKING:
    from reports.elements import Table
    from toolkit.telemetry.contract import FileReport, RuleTally

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE", help="Telemetry: a .jsonl, plain or .gz or .zst, a run directory, a .zip, or -."),
]


def validate(
    files: Files, format: FormatOption = Format.TEXT, output: OutputOption = None, quiet: QuietOption = False
) -> int:
    """Hold telemetry against contract v1: 0 it keeps it, 1 it breaks it, 3 it cannot be read or has no record."""
    from reports.pages import check_format, simple_page
    from toolkit.ingest.validation import validate

    check_format(format)
    with byte_progress(quiet, "checked {}") as progress:
        checked = validate(files, progress)
    if format is Format.JSON:
        emit(_json(checked), output)
    else:
        emit(
            simple_page("Telemetry held against its contract", chain.from_iterable(map(_parts, checked)), format),
            output,
        )
    return _exit(checked)


def _exit(checked: Sequence[FileReport]) -> ExitCode:
    if any(report.violations for report in checked):
        return ExitCode.FAILED
    incomplete = [report for report in checked if _unread(report)]
    for report in incomplete:
        note(f"{report.file}: {_unread(report)}")
    return ExitCode.BAD_INPUT if incomplete else ExitCode.OK


def _unread(report: FileReport) -> str | None:
    """Why a file that breaks no rule still cannot be called valid."""
    if not report.records:
        return (
            "holds no telemetry record, so there is nothing to call valid; name the telemetry.jsonl of a run that ran"
        )
    damage = next((tally.example for tally in report.notices if tally.rule == "damaged"), None)
    return damage and f"{damage}; only what could be read was checked"


def _json(checked: Sequence[FileReport]) -> str:
    import msgspec

    from toolkit.telemetry.contract.fields import SCHEMA_VERSION

    published = {
        "schema": "toolkit.validation/1",
        "contract": SCHEMA_VERSION,
        "valid": not any(report.violations or _unread(report) for report in checked),
        "records": sum(report.records for report in checked),
        "files": checked,
    }
    return msgspec.json.format(msgspec.json.encode(published), indent=1).decode()


def _parts(report: FileReport) -> Iterator[str | Table]:
    from toolkit.telemetry.contract import RULES

    lives = "1 life" if report.lives == 1 else f"{report.lives} lives"
    broken = f"{len(report.violations) or 'none'} of {len(RULES)} rules broken"
    yield f"{report.file}: {thousands(report.records)} records of {lives} checked, {broken}"
    if report.violations:
        yield _table("broken rule", report.violations)
    if report.notices:
        yield _table("no violation", report.notices)


def _table(title: str, tallies: Sequence[RuleTally]) -> Table:
    from reports.elements import Align, Cell, CellKind, Column, Table

    titles = (title, "count", "lines", "meaning", "first")
    columns = tuple(Column(title, Align.RIGHT if title == "count" else Align.LEFT) for title in titles)
    rows = tuple(
        (
            Cell(each.rule, kind=CellKind.NAME),
            Cell(thousands(each.count)),
            Cell(", ".join(map(str, each.lines)) + (" …" if each.count > len(each.lines) else "")),
            Cell(each.says),
            Cell(each.example),
        )
        for each in tallies
    )
    return Table(columns, rows)
