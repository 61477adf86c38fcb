"""The options that every command spells the same way."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from toolkit.model.errors import UsageError
from toolkit.model.runs import Window
from toolkit.model.vocabulary import Segment


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
    typer.Option(
        "--requested", metavar="DURATION", help="How long the run was asked to last, with its build: 10m, 1h30m."
    ),
]
SegmentOption = Annotated[
    Segment | None,
    typer.Option(
        "--segment",
        help="Only the start-up (until each venue has spoken, at most 60 s), the tail (the last tenth), or between.",
    ),
]
LastOption = Annotated[str | None, typer.Option("--last", metavar="DURATION", help="Only the last 30m, 90s, … of it.")]
SinceTickOption = Annotated[int | None, typer.Option("--since-tick", min=0, metavar="N", help="Only from tick N on.")]
UntilTickOption = Annotated[int | None, typer.Option("--until-tick", min=0, metavar="N", help="Only up to tick N.")]
PlateauOption = Annotated[
    list[str] | None,
    typer.Option("--plateau", metavar="DURATION", help="Also plateaus of ages above 5s, 2m, …, beside 10s and 30s."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes on standard error.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colours, as with NO_COLOR set.")]

DEFAULT_DB = "toolkit.duckdb"


def window(
    segment: Segment | None, last: str | None, since_tick: int | None, until_tick: int | None, every: int | None = None
) -> Window:
    """The part of the run that the options ask for. Raises `UsageError` where they leave no tick."""
    if since_tick is not None and until_tick is not None and since_tick > until_tick:
        raise UsageError(f"--since-tick {since_tick} --until-tick {until_tick}: there is no tick between them")
    if (last_ms := duration_ms(last)) == 0:
        raise UsageError(f"--last {last}: there is nothing in no time")
    return Window(segment, last_ms, since_tick, until_tick, every)


def plateau_limits_ms(given: list[str] | None) -> tuple[int, ...]:
    """The limits asked for beside those that there always are. Raises `UsageError` for what is no length of time."""
    limits = tuple(duration_ms(text) or 0 for text in given or ())
    if 0 in limits:
        raise UsageError("--plateau 0s: write a time that an age should not reach, such as 5s")
    return limits


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
