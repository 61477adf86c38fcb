"""`toolkit validate`: check telemetry against its contract."""

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
    typer.Argument(
        metavar="FILE", help="A .jsonl file (plain, .gz or .zst), a run directory, a .zip, or - for standard input."
    ),
]


def validate(
    files: Files, format: FormatOption = Format.TEXT, output: OutputOption = None, quiet: QuietOption = False
) -> int:
    """Check telemetry files against the telemetry contract, version 1.

    The exit code is 0 if no rule is broken, 1 if one is, and 3 if a file cannot be read completely or has no record.
    """
    from reports.pages import check_format, simple_page
    from toolkit.ingest.validation import validate

    check_format(format)
    with byte_progress(quiet, "checked {}") as progress:
        checked = validate(files, progress)
    if format is Format.JSON:
        emit(_json(checked), output)
    else:
        emit(
            simple_page("Telemetry contract check", chain.from_iterable(map(_report_parts, checked)), format),
            output,
        )
    return _exit_code(checked)


def _exit_code(checked: Sequence[FileReport]) -> ExitCode:
    if any(report.violations for report in checked):
        return ExitCode.FAILED
    incomplete = [report for report in checked if _incomplete_reason(report)]
    for report in incomplete:
        note(f"{report.file}: {_incomplete_reason(report)}")
    return ExitCode.BAD_INPUT if incomplete else ExitCode.OK


def _incomplete_reason(report: FileReport) -> str | None:
    """Return why a file without violations is still not valid, or None: it has no record, or is damaged."""
    if not report.records:
        return "holds no telemetry record, so nothing was checked; name the telemetry.jsonl of a run that wrote some"
    damage = next((tally.example for tally in report.notices if tally.rule == "damaged"), None)
    return damage and f"{damage}; only the readable part was checked"


def _json(checked: Sequence[FileReport]) -> str:
    from toolkit.model.quotes import json_text
    from toolkit.telemetry.contract.fields import SCHEMA_VERSION

    document = {
        "schema": "toolkit.validation/1",
        "contract": SCHEMA_VERSION,
        "valid": not any(report.violations or _incomplete_reason(report) for report in checked),
        "records": sum(report.records for report in checked),
        "files": checked,
    }
    return json_text(document, indent=1)


def _report_parts(report: FileReport) -> Iterator[str | Table]:
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
