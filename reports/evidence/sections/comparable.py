"""Conditions of a comparison: host, load, clock, duration, feed, market, settings, builds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from reports.elements import Cell, CellKind, Column, Rich, Table
from reports.evidence.context import Context
from reports.format import GAP, number
from reports.views.run import RunView
from toolkit.model.comparisons import BuildRow, MarketMatch, RunComparison, RunOverlap
from toolkit.model.runs import FileLedger
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import BuildState

SAME_TIME = 0.95
"""Least share of the shorter run in which both ran, from which they count as run at the same time."""
SAME_MARKET = 0.99
"""Least correlation of matched prices from which both runs saw the same market."""
_COLUMNS = (Column(""), Column("before"), Column("after"))


def conditions(context: Context) -> Table:
    """Return a table of the conditions of both runs."""
    names = dict.fromkeys(name for run in context.all_runs for name in run.analysis.run.origin)
    aspects = {**_ASPECTS, **{name: _origin_entry(name) for name in names}}
    rows = ((title, *(_of_runs(runs, each) for runs in context.runs)) for title, each in aspects.items())
    return Table(_COLUMNS, tuple((Cell(title), Cell(before), Cell(after)) for title, before, after in rows))


def _origin_entry(name: str) -> Callable[[RunView], str]:
    return lambda run: run.analysis.run.origin.get(name) or "not recorded"


def _of_runs(runs: Sequence[RunView], aspect: Callable[[RunView], str]) -> str:
    """Return an aspect of the runs of a side: one text where all read alike, else that of each by its number."""
    texts = [aspect(run) for run in runs]
    if len(set(texts)) == 1:
        return texts[0]
    return "; ".join(f"{number}: {text}" for number, text in enumerate(texts, 1))


_ASPECTS: dict[str, Callable[[RunView], str]] = {
    "run": lambda run: f"{run.name}, id {run.analysis.run.id}".removeprefix(", "),
    "program": lambda run: run.analysis.run.kind.replace("unknown", "not recognised"),
    "feed": lambda run: run.feed,
    "asked, ran": lambda run: f"{run.requested}, {run.observed}",
    "records": lambda run: run.cadence,
    "ended": lambda run: _end(run),
    "settings": lambda run: _settings_source(run),
    "log format": lambda run: run.analysis.run.vintage or "not known",
}


def _end(run: RunView) -> str:
    lives = run.analysis.run.lives
    return run.ended + (f", {lives} lives (processes)" if lives > 1 else "")


def _settings_source(run: RunView) -> str:
    info = run.analysis.run
    if info.settings is not None:
        return "environment recorded"
    return "only those that its files print" if info.setting_sources else "not recorded"


def remarks(context: Context) -> Iterator[Rich]:
    """Yield the sentences on time, market, settings and builds, then the warnings of the comparison."""
    comparison: RunComparison = context.comparison
    if not context.blocked:
        yield from (Rich((f"Nothing can be compared: {reason}.",)) for reason in comparison.why_not)
    if context.several_runs:
        yield _starts_sentence(context)
    elif comparison.overlap is not None and not context.same_run:
        yield _overlap_sentence(comparison.overlap)
    if comparison.market:
        of_first = Rich(("First run of each side. " if context.several_runs else "",))
        yield of_first + _market_sentence(comparison.market)
    if comparison.builds:
        yield _build_sentence(context)
    yield from (Rich((f"{warning[:1].upper()}{warning[1:]}.",)) for warning in comparison.warnings)


def _overlap_sentence(overlap: RunOverlap) -> Rich:
    before, after = (_utc(ms) for ms in (overlap.before_started_ms, overlap.after_started_ms))
    apart = duration(overlap.distance_ms)
    if overlap.share >= SAME_TIME:
        return Rich((f"Same time: both from {before} UTC, {apart} apart. Two runs at once share the processor.",))
    if overlap.overlap_ms > 0:
        both = duration(overlap.overlap_ms)
        return Rich((f"The runs overlap for {both}: before from {before}, after from {after} UTC.",))
    return Rich((f"One after the other: before from {before}, after from {after} UTC, {apart} apart.",))


def _starts_sentence(context: Context) -> Rich:
    """Return the starts of all runs in their order, and which of them were under way at the same time."""
    known = [(run.analysis.run.started_ms, run.analysis.run.ended_ms or 0, run) for run in context.all_runs]
    timed = sorted(((start, end, run) for start, end, run in known if start is not None), key=lambda each: each[:2])
    starts = ", ".join(f"{context.label(run)} {_utc(start)}" for start, _, run in timed)
    pairs = [end > start for position, (_, end, _) in enumerate(timed) for start, *_ in timed[position + 1 :]]
    at_once = "No two ran at once"
    if any(pairs):
        at_once = f"{sum(pairs)} of {len(pairs)} pairs of runs ran at the same time and shared the processor"
    unknown = f" {len(known) - len(timed)} starts are not known." if len(timed) < len(known) else ""
    return Rich((f"Starts, UTC: {starts or 'not known'}. {at_once}.{unknown}",))


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _market_sentence(market: Sequence[MarketMatch]) -> Rich:
    known = [each for each in market if each.correlation is not None and each.matched]
    if not known:
        return Rich(("Prices could not be matched: no venue has a price that moves in both runs.",))
    least = min(known, key=lambda each: each.correlation or 0)
    gaps = [each.mean_gap_usd for each in known if each.mean_gap_usd is not None]
    gap = f", mean gap at most {number(max(gaps))}{GAP}USD" if gaps else ""
    least_r = least.correlation or 0
    if least_r < SAME_MARKET:
        return Rich(
            (f"The prices of {least.venue}, matched tick by tick, correlate with r = {least_r:.4f} only{gap}.",)
        )
    matched = number(min(each.matched for each in known))
    correlation = f"r{GAP}≥{GAP}{math.floor(least_r * 10_000) / 10_000:.4f}"
    ticks = f"matched tick by tick ({matched} ticks or more)"
    return Rich((f"Same market: the prices of {len(known)} venues, {ticks}, correlate with {correlation}{gap}.",))


def _build_sentence(context: Context) -> Rich:
    """Return what is known about the builds, each fact as equal, different or not known."""
    stated = context.specification
    declared = f"declared {stated.base or 'unknown'} → {stated.head or 'unknown'}; " if stated and stated.head else ""
    rows = context.comparison.builds
    unknown = [row.name for row in rows if row.before is None and row.after is None]
    texts = [_build_text(row) for row in rows if row.name not in unknown]
    texts += [f"{', '.join(unknown)} not known on either side"] if unknown else []
    return Rich((f"Builds: {declared}{'; '.join(texts)}{_within_sides(context)}.",))


def _within_sides(context: Context) -> str:
    """Return whether all runs of each side state the same build; empty for one run a side."""
    if not context.several_runs or not any(run.analysis.run.build for run in context.all_runs):
        return ""
    alike = all(len({tuple((fact.name, fact.value) for fact in run.analysis.run.build) for run in runs}) == 1
                for runs in context.runs)  # fmt: skip
    return "; alike in all runs of a side" if alike else "; that of the first runs, it varies within a side"


def _build_text(row: BuildRow) -> str:
    values = [value[:_DIGITS] if value else "not stated" for value in (row.before, row.after)]
    if row.state is BuildState.EQUAL:
        return f"{row.name} equal ({values[0]})"
    return f"{row.name} {row.state}: {values[0]} → {values[1]}"


_DIGITS = 12
"""Digits of a commit or a digest that a sentence shows."""


_ARTIFACT_COLUMNS = (
    Column("side"),
    Column("file"),
    Column("bytes"),
    Column("lines understood / other / set aside"),
    Column("SHA-256"),
)


def artifacts(context: Context, digits: int = 12) -> Table:
    """Return the files of both runs with their bytes, lines, and the first digits of their digest."""
    rows = (_artifact(context.label(run), file, digits) for run in context.all_runs for file in run.ledger)
    return Table(_ARTIFACT_COLUMNS, tuple(rows))


def _artifact(side: str, file: FileLedger, digits: int) -> tuple[Cell, ...]:
    counts = " / ".join(map(thousands, (file.used, file.other, sum(file.set_aside.values()))))
    return (
        Cell(side),
        Cell(file.file, kind=CellKind.NAME),
        Cell(thousands(file.bytes)),
        Cell(f"copy of {file.copy_of}" if file.copy_of else counts),
        Cell(file.sha256[:digits], kind=CellKind.DIGEST),
    )


_TOOL_COLUMNS = (Column("tool"), Column("what it prints"), Column("theirs"), Column("ours"), Column("why"))
MOST_TOOL_ROWS = 8


def tool_differences(context: Context, most: int = MOST_TOOL_ROWS) -> tuple[Table, int]:
    """Return the numbers of the producer's own tools that differ from ours in meaning, and how many more there are.

    Numbers of which we have none, and those that differ by rounding alone, are left out.
    """
    found: dict[tuple[str, str], tuple[Cell, ...]] = {}
    count = 0
    for run in context.all_runs:
        for row in run.analysis.compat:
            if row.ours is None or row.upstream == "passed" or _close(row.upstream, row.ours):
                continue
            count += 1
            cells = (
                Cell(f"{context.label(run)}, {row.tool}"),
                Cell(row.name),
                Cell(_text(row.upstream)),
                Cell(_text(row.ours), row.figure),
                Cell(row.why),
            )
            found.setdefault((run.side, row.why), cells)
    shown = tuple(found.values())[:most]
    return Table(_TOOL_COLUMNS, shown), count - len(shown)


def _close(theirs: object, ours: object) -> bool:
    if isinstance(theirs, int | float) and isinstance(ours, int | float):
        return abs(theirs - ours) <= max(0.06, abs(ours) * 0.001)
    return theirs == ours or (theirs in (None, "n/a") and ours == 0)


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
