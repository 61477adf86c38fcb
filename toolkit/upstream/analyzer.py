"""What `telemetry_analyzer` v1 prints beside ours: venue health and ages; the other dimensions have their own module.

The tool skips a line that it cannot read, takes the venues' names from a list of its own by their place in the record,
and counts records where ours weighs time.
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
"""The venues that the tool knows, by their place in a record."""


@dataclass(frozen=True, slots=True)
class Health:
    """Of one venue: its records by status, changes of status, and runs of records that were not healthy."""

    records: int
    healthy: int
    stale: int
    disabled: int
    flips: int
    longest_run: int
    runs: int


@dataclass(frozen=True, slots=True)
class AnalyzerReport:
    """What the tool prints of venue health. `venues` are the run's own, in the order of its records."""

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
    """The compat view of the analyzer; a `report` that is a clause says why there is none."""
    ours = OurFigures(run, {figure.figure: figure for figure in figures})
    ticks = ours.value("run.ticks")
    if isinstance(report, str):
        return (
            CompatRow(TOOL, "ticks analyzed", NO_REPORT, ticks, "run.ticks", f"Exit code 1 and no report: {report}."),
        )
    return tuple(_rows(report, ours, ticks))


def _rows(report: AnalyzerReport, ours: OurFigures, ticks: Number | None) -> Iterator[CompatRow]:
    told = (
        "Same count."
        if ticks == report.ticks
        else "The tool skips lines that are not one JSON object; ours saves them."
    )
    yield CompatRow(TOOL, "ticks analyzed", report.ticks, ticks, "run.ticks", told)
    counted = "A range hides holes and restarts; ours counts them: run.ticks_missing, run.ticks_duplicate, run.lives."
    yield CompatRow(TOOL, "tick range", f"{report.first_tick} -> {report.last_tick}", None, None, counted)
    for named, venue in zip(VENUES, report.venues, strict=False):
        for each in (*_health(named, venue, report, ours), *_ages(named, venue, report, ours)):
            yield each if named == venue else _misnamed(each, named, venue)
    stalls = (
        "Records in which two venues are not healthy; ours tells a stall of this host by its episodes, local_stall."
    )
    yield CompatRow(TOOL, "correlated staleness ticks", report.not_healthy_together, None, None, stalls)
    places = {venue: named for named, venue in zip(VENUES, report.venues, strict=False)}
    reads_all = ticks == report.ticks and ours.run.lives <= 1
    for of_venue, row in dimension_rows(report.series, places, reads_all, ours):
        named_so = of_venue is None or places[of_venue] == of_venue
        yield row if named_so else _misnamed(row, places[of_venue or ""], of_venue or "")


def _misnamed(row: CompatRow, named: str, venue: str) -> CompatRow:
    told = f"The tool calls this place in the record {named}; the record calls it {venue}."
    return CompatRow(row.tool, row.name, row.upstream, row.ours, row.figure, told)


def _health(named: str, venue: str, report: AnalyzerReport, ours: OurFigures) -> Iterator[CompatRow]:
    health = report.health.get(venue)
    if health is None:
        return
    for status, records in (("Healthy", health.healthy), ("Stale", health.stale), ("Disabled", health.disabled)):
        figure = f"{venue}.status.{status.lower()}.share"
        printed, value = round(records / health.records * 100, 2), ours.value(figure)
        percent = None if value is None else value * 100
        same = percent is not None and round(percent, 2) == printed
        told = "Same share." if same else "A share of records; ours is a share of time."
        yield CompatRow(TOOL, f"venue_health {named} {status}%", printed, percent, figure, told)
    figure = f"{venue}.status_flips"
    told = (
        "Same count."
        if ours.value(figure) == health.flips
        else "The tool counts across a restart too; ours within each life."
    )
    yield CompatRow(TOOL, f"venue_health {named} Flips", health.flips, ours.value(figure), figure, told)
    placed = "In records; ours places outages by time, as episodes."
    yield CompatRow(TOOL, f"venue_health {named} MaxStaleRun", health.longest_run, None, None, placed)
    yield CompatRow(TOOL, f"venue_health {named} StaleRuns", health.runs, None, None, placed)


def _ages(named: str, venue: str, report: AnalyzerReport, ours: OurFigures) -> Iterator[CompatRow]:
    for kind, of_venue in (("apply", report.apply_ages), ("event", report.event_ages)):
        ages = of_venue.get(venue)
        if ages is None:
            continue
        name, metric = "age" if kind == "apply" else "event_age", f"{venue}.age_{kind}_ms"
        for stat, counted in _stats(ages).items():
            figure = f"{metric}.{'p50' if stat == 'n' else stat}"
            value = ours.n(figure) if stat == "n" else ours.value(figure)
            differs = None if value is None or round(value, 6) == counted else value
            yield CompatRow(
                TOOL,
                f"{name} {named} {stat}",
                counted,
                value,
                figure,
                explanation.ages(kind, venue, differs, ours, figure),
            )


def _stats(ages: Ages) -> dict[str, Number]:
    mean = sum(value * count for value, count in zip(ages.values_ms, ages.counts, strict=True)) / ages.n
    percentiles = {f"p{p}": ages.percentile(p) or 0.0 for p in (50, 95, 99)}
    stats = {"mean": mean, **percentiles, "max": float(ages.values_ms[-1])}
    return {**{stat: round(value, 6) for stat, value in stats.items()}, "n": ages.n}
