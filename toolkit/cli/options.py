"""The options that every command spells the same way."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toolkit.errors import UsageError


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


RunPaths = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="A run directory, any of its files, a .zip of them, or - for standard input."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result here, not to standard output.")
]
DbOption = Annotated[
    str,
    typer.Option("--db", envvar="TOOLKIT_DB", metavar="FILE", help="The store of runs; :memory: keeps nothing."),
]
RequestedOption = Annotated[
    str | None,
    typer.Option("--requested", metavar="DURATION", help="How long the run was asked to last: 10m, 1h30m."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes on standard error.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", envvar="NO_COLOR", help="Plain text.")]

DEFAULT_DB = "toolkit.duckdb"

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def duration_ms(text: str | None) -> int | None:
    """A duration such as `90s`, `10m` or `1h30m` in milliseconds. Raises `UsageError` for anything else."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        raise UsageError(f"{text}: no duration; write 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return round(((hours * 60 + minutes) * 60 + seconds) * 1_000)
