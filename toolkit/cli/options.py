"""Option and argument declarations of the commands, and the parsing of their values."""

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
    """Output format of a result."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


DEFAULT_DB = "toolkit.duckdb"

# --- common to several commands ---------------------------------------------------------------------------------------

RunPaths = Annotated[
    list[str],
    typer.Argument(metavar="PATH", help="A run directory, any of its files, a .zip of them, or - for standard input."),
]
FormatOption = Annotated[Format, typer.Option("--format", help="Output format.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result to FILE instead of stdout.")
]
DbOption = Annotated[
    str,
    typer.Option(
        "--db",
        envvar="TOOLKIT_DB",
        metavar="FILE",
        help="DuckDB file that stores analysed runs (the store); :memory: keeps nothing.",
    ),
]
LabelOption = Annotated[str | None, typer.Option("--label", metavar="NAME", help="A name for the run in the store.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notes on stderr.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="Print no colours; the same as setting NO_COLOR.")]

# --- the part of a run that is analysed -------------------------------------------------------------------------------

RequestedOption = Annotated[
    str | None,
    typer.Option(
        "--requested",
        metavar="DURATION",
        help="Time for which the run was started, its build included, if its files do not state it: 10m, 1h30m.",
    ),
]
SegmentOption = Annotated[
    Segment | None,
    typer.Option(
        "--segment",
        help=(
            "Analyse one segment: startup (until every venue has sent data, at most 60 s), tail (the last tenth of the "
            "run), or steady (between them)."
        ),
    ),
]
LastOption = Annotated[
    str | None, typer.Option("--last", metavar="DURATION", help="Analyse only the last part of the run: 30m, 90s.")
]
SinceTickOption = Annotated[
    int | None, typer.Option("--since-tick", min=0, metavar="N", help="Analyse from tick N on (N included).")
]
UntilTickOption = Annotated[
    int | None, typer.Option("--until-tick", min=0, metavar="N", help="Analyse up to tick N (N included).")
]
EveryOption = Annotated[
    int | None, typer.Option("--every", min=1, metavar="N", help="Also print figures for each window of N ticks.")
]
PlateauOption = Annotated[
    list[str] | None,
    typer.Option(
        "--plateau",
        metavar="DURATION",
        help=(
            "Also report plateaus above this limit, which are times in which a venue's age exceeds it; the limits 10s "
            "and 30s are always reported. May be repeated."
        ),
    ),
]
OffMarketOption = Annotated[
    float,
    typer.Option(
        "--off-market",
        metavar="BPS",
        help=(
            "Distance of a venue's mid from the median of the other fresh venues, in basis points, above which the "
            "venue is off the market."
        ),
    ),
]
OnlyOption = Annotated[
    str | None,
    typer.Option("--only", metavar="ages", help="Compute only the ages and plateaus of each venue; faster."),
]
FiguresOption = Annotated[
    list[str] | None,
    typer.Option("--figures", metavar="WORD", help="Print only figures whose name contains WORD; may be repeated."),
]
ForeignOption = Annotated[
    int | None,
    typer.Option(
        "--foreign", min=1, metavar="N", help="Print only the N most frequent templates of unknown log lines."
    ),
]
VenueRecordOption = Annotated[
    Path | None,
    typer.Option(
        "--truth",
        metavar="FILE",
        help="Print only how the run differs from FILE, the record that its simulated venues wrote.",
    ),
]
FollowOption = Annotated[
    bool, typer.Option("--follow", help="Repeat the analysis while the run grows, until it ends or Ctrl-C.")
]

# --- the gate ---------------------------------------------------------------------------------------------------------

GatesOption = Annotated[
    str, typer.Option("--gates", metavar="GATE", help="A gate file, or a built-in gate: frontier or strict.")
]
BaselineOption = Annotated[
    str | None, typer.Option("--baseline", metavar="RUN", help="The run that relative limits refer to.")
]

# --- the simulated venues ---------------------------------------------------------------------------------------------

ScenarioOption = Annotated[
    Path | None,
    typer.Option(
        "--scenario", metavar="FILE", help="TOML file of faults (see `toolkit venues faults`); without it, no faults."
    ),
]
SeedOption = Annotated[
    int, typer.Option("--seed", metavar="N", help="Seed of the simulated order books: equal seeds give equal books.")
]
BaseOption = Annotated[str, typer.Option("--base", metavar="ASSET", help="Base asset of the market.")]
TruthOption = Annotated[
    Path | None,
    typer.Option(
        "--truth", metavar="FILE", help="Write the ground truth of the simulated venues to FILE (JSON Lines)."
    ),
]

ReplayOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--replay",
        metavar="TAPE|RUN",
        help=(
            "Serve recorded frames: a tape, or the directory of a run that was made with --record-frames; "
            "may be repeated."
        ),
    ),
]
SpeedOption = Annotated[
    float,
    typer.Option(
        "--speed",
        metavar="N",
        help=(
            "With --replay: N times as fast as recorded. It is for load only: watchdogs and pings of a client run on "
            "real time."
        ),
    ),
]

# --- smoke runs -------------------------------------------------------------------------------------------------------

ProducerCommand = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- CMD…]", help="Run this producer instead of the connectors; {out} in it becomes the run directory."
    ),
]
MinutesOption = Annotated[
    float, typer.Option("--minutes", metavar="N", help="Run time in minutes, counted from the first telemetry.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Run directory to create; default: runs/<UTC time>.")
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="paraphina",
        help="With CMD: set the environment variables that make this producer write into the run directory.",
    ),
]
ClientProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="paraphina",
        help="Serve the venues as this producer knows them: Paradex sends JSON to a URL without a binary schema.",
    ),
]
BuildMinutesOption = Annotated[
    float,
    typer.Option("--build-minutes", metavar="N", help="With CMD: time limit for the first telemetry, in minutes."),
]
GraceOption = Annotated[
    float,
    typer.Option("--grace", metavar="SECONDS", help="With CMD: time from SIGTERM to SIGKILL when it is stopped."),
]
FeedOption = Annotated[
    str,
    typer.Option(
        "--feed",
        metavar="loopback|live",
        help="Market data: loopback (venues SIMULATED on this machine) or live (public endpoints).",
    ),
]
VenuesOption = Annotated[str, typer.Option("--venues", metavar="A,B", help="Run only these venues; default: all five.")]
RecordFramesOption = Annotated[
    bool, typer.Option("--record-frames", help="Record every frame as a tape in the run directory.")
]
RepeatOption = Annotated[
    int,
    typer.Option("--repeat", min=1, metavar="N", help="Make N runs, one after another, in DIR/1, DIR/2, …"),
]

# --- values -----------------------------------------------------------------------------------------------------------


def window(
    segment: Segment | None, last: str | None, since_tick: int | None, until_tick: int | None, every: int | None = None
) -> Window:
    """Return the window that the options describe.

    Raises `UsageError` if `since_tick` is above `until_tick`, or `last` is zero or not a duration.
    """
    if since_tick is not None and until_tick is not None and since_tick > until_tick:
        raise UsageError(
            f"--since-tick {since_tick} --until-tick {until_tick}: the range is empty; "
            "write a first tick that is not above the last"
        )
    if (last_ms := duration_ms(last)) == 0:
        raise UsageError(f"--last {last}: the window is empty; write a duration above 0, such as 90s")
    return Window(segment, last_ms, since_tick, until_tick, every)


def plateau_limits_ms(durations: list[str] | None) -> tuple[int, ...]:
    """Return the limits of `--plateau` in ms. Raises `UsageError` for zero and for text that is not a duration."""
    limits = tuple(duration_ms(text) or 0 for text in durations or ())
    if 0 in limits:
        raise UsageError("--plateau 0s: the limit must be above 0; write a duration such as 5s")
    return limits


_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def duration_ms(text: str | None) -> int | None:
    """Return a duration such as `90s`, `10m` or `1h30m` in ms, None for None. Raises `UsageError` for other text."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        raise UsageError(f"{text}: not a duration; write 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return round(((hours * 60 + minutes) * 60 + seconds) * 1_000)
