"""Compare the report of `telemetry_analyzer` v1 with our figures: venue health and ages.

The other dimensions of the report are in `analyzer_dimensions`. The tool skips lines that it cannot read, names venues
by their position in the record from a fixed list, and counts records where our figures weigh by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import CompatRow, RunInfo
from toolkit.upstream import explanation
from toolkit.upstream.analyzer_dimensions import Series, dimension_rows
from toolkit.upstream.explanation import OurFigures
from toolkit.upstream.soak_report import Ages

TOOL = "telemetry_analyzer v1"
NO_REPORT = "no report (exit 1)"
VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
"""Names that the tool gives to venues, by their position in a record."""


@dataclass(frozen=True, slots=True)
class Health:
    """Health of one venue: records by status, changes of status, and stretches of records that are not healthy."""

    records: int
    healthy: int
    stale: int
    disabled: int
    flips: int
    longest_stretch: int
    stretches: int


@dataclass(frozen=True, slots=True)
class AnalyzerReport:
    """Report of the tool. `venues` are those of the run, in the order of its records; ages are in ms."""

    ticks: int
    first_tick: int
    last_tick: int
    not_healthy_together: int
    venues: tuple[str, ...] = ()
    health: Mapping[str, Health] = field(default_factory=dict)
    apply_ages: Mapping[str, Ages] = field(default_factory=dict)
    event_ages: Mapping[str, Ages] = field(default_factory=dict)
    series: tuple[Series, ...] = ()


def analyzer_rows(report: AnalyzerReport | str, run: RunInfo, figures: Iterable[Figure]) -> tuple[CompatRow, ...]:
    """Return the rows that compare the analyzer's report with our figures.

    If the tool prints no report, `report` is a clause that says why.
    """
    ours = OurFigures(run, {figure.figure: figure for figure in figures})
    ticks = ours.value("run.ticks")
    if isinstance(report, str):
        return (
            CompatRow(TOOL, "ticks analyzed", NO_REPORT, ticks, "run.ticks", f"Exit code 1 and no report: {report}."),
        )
    return tuple(_rows(report, ours, ticks))


def _rows(report: AnalyzerReport, ours: OurFigures, ticks: Number | None) -> Iterator[CompatRow]:
    why = (
        "Same count."
        if ticks == report.ticks
        else "The tool skips lines that are not exactly one JSON object; ours recovers their records."
    )
    yield CompatRow(TOOL, "ticks analyzed", report.ticks, ticks, "run.ticks", why)
    why = "A range hides gaps and restarts; ours counts them: run.ticks_missing, run.ticks_duplicate, run.lives."
    yield CompatRow(TOOL, "tick range", f"{report.first_tick} -> {report.last_tick}", None, None, why)
    for tool_name, venue in zip(VENUES, report.venues, strict=False):
        for each in (*_health(tool_name, venue, report, ours), *_ages(tool_name, venue, report, ours)):
            yield each if tool_name == venue else _misnamed(each, tool_name, venue)
    why = "Records with at least two venues not healthy; ours reports stalls of this host as local_stall episodes."
    yield CompatRow(TOOL, "correlated staleness ticks", report.not_healthy_together, None, None, why)
    tool_names = {venue: tool_name for tool_name, venue in zip(VENUES, report.venues, strict=False)}
    reads_all = ticks == report.ticks and ours.run.lives <= 1
    for row_venue, row in dimension_rows(report.series, tool_names, reads_all, ours):
        same_name = row_venue is None or tool_names[row_venue] == row_venue
        yield row if same_name else _misnamed(row, tool_names[row_venue or ""], row_venue or "")


def _misnamed(row: CompatRow, tool_name: str, venue: str) -> CompatRow:
    why = f"The tool calls this position in the record {tool_name}; the record calls it {venue}."
    return CompatRow(row.tool, row.name, row.upstream, row.ours, row.figure, why)


def _health(tool_name: str, venue: str, report: AnalyzerReport, ours: OurFigures) -> Iterator[CompatRow]:
    health = report.health.get(venue)
    if health is None:
        return
    for status, records in (("Healthy", health.healthy), ("Stale", health.stale), ("Disabled", health.disabled)):
        figure = f"{venue}.status.{status.lower()}.share"
        printed, value = round(records / health.records * 100, 2), ours.value(figure)
        percent = None if value is None else value * 100
        same = percent is not None and round(percent, 2) == printed
        why = "Same share." if same else "A share of records; ours is a share of time."
        yield CompatRow(TOOL, f"venue_health {tool_name} {status}%", printed, percent, figure, why)
    figure = f"{venue}.status_flips"
    why = (
        "Same count."
        if ours.value(figure) == health.flips
        else "The tool also counts changes across a restart; ours counts within each process (life)."
    )
    yield CompatRow(TOOL, f"venue_health {tool_name} Flips", health.flips, ours.value(figure), figure, why)
    why = "A number of records; ours reports outages by time, as episodes."
    yield CompatRow(TOOL, f"venue_health {tool_name} MaxStaleRun", health.longest_stretch, None, None, why)
    yield CompatRow(TOOL, f"venue_health {tool_name} StaleRuns", health.stretches, None, None, why)


def _ages(tool_name: str, venue: str, report: AnalyzerReport, ours: OurFigures) -> Iterator[CompatRow]:
    for kind, by_venue in (("apply", report.apply_ages), ("event", report.event_ages)):
        ages = by_venue.get(venue)
        if ages is None:
            continue
        name, metric = "age" if kind == "apply" else "event_age", f"{venue}.age_{kind}_ms"
        for stat, printed in _stats(ages).items():
            figure = f"{metric}.{'p50' if stat == 'n' else stat}"
            value = ours.n(figure) if stat == "n" else ours.value(figure)
            differs = None if value is None or round(value, 6) == printed else value
            yield CompatRow(
                TOOL,
                f"{name} {tool_name} {stat}",
                printed,
                value,
                figure,
                explanation.ages_why(kind, venue, differs, ours, figure),
            )


def _stats(ages: Ages) -> dict[str, Number]:
    mean = sum(value * count for value, count in zip(ages.values_ms, ages.counts, strict=True)) / ages.n
    percentiles = {f"p{p}": ages.percentile(p) or 0.0 for p in (50, 95, 99)}
    stats = {"mean": mean, **percentiles, "max": float(ages.values_ms[-1])}
    return {**{stat: round(value, 6) for stat, value in stats.items()}, "n": ages.n}
