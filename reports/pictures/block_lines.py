"""Ages over time as lines of block characters, for Markdown and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.elements import Safe
from reports.escape import plain
from reports.format import shown
from reports.pictures.scales import age_text, round_up, time_text
from reports.pictures.sides import Side, sides_of, venues_of
from toolkit.model.runs import RunAnalysis

BLOCKS = "▁▂▃▄▅▆▇█"
NO_AGE = "·"
"""Character of a column without a known age."""
COLUMNS = 40


@dataclass(frozen=True, slots=True)
class AgeBlocks:
    """Ages of one venue: the longest time that a column covers, the age of the full height, and a line per side."""

    venue: str
    column: str
    top: str
    lines: tuple[tuple[str, str], ...]


def block_lines(
    before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None
) -> tuple[AgeBlocks, ...]:
    """Return the largest ages in `COLUMNS` equal parts of the longer run, for the venues that changed or are named.

    The analyses must have been made with the option `pictures`.
    """
    sides = sides_of(before, after)
    return tuple(_lines(sides, name) for name in (changed_venues(before, after) if venues is None else venues))


def block_text(before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None) -> Safe:
    """Return the lines as a fenced block of Markdown; an empty string where no venue changed."""
    blocks = list(_text(block_lines(before, after, venues)))
    return Safe("\n".join(("```text", *blocks, "```"))) if blocks else Safe()


def changed_venues(before: RunAnalysis | None, after: RunAnalysis) -> tuple[str, ...]:
    """Return the venues whose reconnects, outages or largest age (by more than a tick) differ; of one run, all."""
    sides = sides_of(before, after)
    names = venues_of(sides, None)
    return tuple(name for name in names if len(sides) == 1 or _changed(sides, name))


def _changed(sides: Sequence[Side], venue: str) -> bool:
    reconnects = {shown(side.analysis.figure(f"{venue}.reconnects")) for side in sides}
    outages = {len(side.outages(venue)) for side in sides}
    curves = [side.curve(venue) for side in sides]
    largest = [max(age for age in curve.ages_ms if age is not None) for curve in curves if curve]
    if len(largest) < len(sides):
        return bool(largest)
    tick_ms = max(side.data.tick_ms for side in sides if side.data)
    return len(reconnects) > 1 or len(outages) > 1 or max(largest) - min(largest) > 1.5 * tick_ms


def _lines(sides: Sequence[Side], venue: str) -> AgeBlocks:
    length_ms = max(side.length_ms for side in sides)
    known = [age for side in sides if (curve := side.curve(venue)) for age in curve.ages_ms if age is not None]
    top_ms = round_up(max(1, *known)) if known else 1.0
    lines = tuple(
        ("" if side.is_alone else side.name, "".join(_columns(side, venue, length_ms, top_ms))) for side in sides
    )
    return AgeBlocks(venue, time_text(length_ms / COLUMNS, length_ms < COLUMNS * 10_000), age_text(top_ms), lines)


def _columns(side: Side, venue: str, length_ms: int, top_ms: float) -> Iterator[str]:
    curve = side.curve(venue)
    ages = curve.ages_ms if curve else ()
    column_ms, step_ms = length_ms / COLUMNS, side.data.step_ms if side.data else 1
    for column in range(COLUMNS):
        first, last = (round(edge * column_ms / step_ms) for edge in (column, column + 1))
        # The last column has the last step, which begins at the end of the run.
        part = ages[first : max(last, first + 1) if column + 1 < COLUMNS else None]
        known = [age for age in part if age is not None]
        yield BLOCKS[min(len(BLOCKS) - 1, int(max(known) / top_ms * len(BLOCKS)))] if known else NO_AGE


def _text(blocks: Sequence[AgeBlocks]) -> Iterator[str]:
    for block in blocks:
        yield f"{plain(block.venue)}, oldest book in each {block.column}, full height {block.top}"
        width = max(len(side) for side, _ in block.lines)
        yield from (f"{side.ljust(width)} {line}".lstrip() for side, line in block.lines)
