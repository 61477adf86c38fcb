"""The conformance table as Markdown, and below it what each client read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.conformance.cells import COLUMNS
from tests.conformance.trial import Row


def markdown(rows: Sequence[Row], day: str, seconds: float) -> str:
    """Return the table of these rows; `day` is the date of the run, `seconds` the quiet time of each client."""
    head = ("client", "venue", "Python", *COLUMNS)
    lines = [f"Run on {day}; {seconds:g} s of quiet, then one drop.", "", _line(head), _line(["---"] * len(head))]
    lines += [
        _line([row.version, row.venue, row.python, *(str(cell).rstrip(": ") for cell in row.cells)]) for row in rows
    ]
    lines += ["", "Messages of each row by kind:", ""]
    for row in rows:
        details = "; ".join(cell.details for cell in row.cells if cell.details)
        lines += [f"- {row.version} at {row.venue}: {details}"] if details else []
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
