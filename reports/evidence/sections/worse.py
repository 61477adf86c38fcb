"""Regressions, the findings of both runs held against each other, and the outages."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator, Sequence

from reports.elements import Align, Cell, Column, Rich, Table
from reports.evidence.context import Context
from reports.evidence.wording import (
    bold,
    cited,
    figure_name,
    interval,
    ratio,
    reason_text,
    runs_with,
    values,
    verdict_text,
)
from reports.format import GAP, NOTHING, in_unit
from toolkit.model.comparisons import ComparisonRow, beyond_identical
from toolkit.model.evidence import FindingChange, FindingState
from toolkit.model.runbooks.references import Runbook, reference
from toolkit.model.runs import Episode
from toolkit.model.units import duration
from toolkit.model.vocabulary import Verdict

MOST_MOVES = 5
"""Number of large moves without a test that are named."""
_LARGE_MOVE = math.log(1.5)
"""Least absolute log ratio of a move that is called large."""
LEAST_BEYOND_IDENTICAL = 2
"""Least number of times that a large move lies further apart than two runs of one build."""
MOST_OUTAGES = 10
"""Outages of one venue in one run that are listed; the rest shares a row."""
LEAST_SHARE = 0.5
"""Least difference of the shares of runs with a finding, before and after, from which it is not the same."""
_STEADY = re.compile(r"(?:\.p50|\.p95|\.p99|\.mean|share|_per_s)$")
"""Metrics of many samples; a maximum differs between runs of one build."""
_OF_SOCKETS = re.compile(r"age_|fresh|status|downtime|backoff|time_to_|unhealthy|funding_|toxicity")
"""Metrics that follow from reconnects and ages, which have a test."""

_REGRESSION_COLUMNS = (
    Column("figure"),
    Column("before → after", Align.RIGHT),
    Column("ratio, 95 % interval", Align.RIGHT),
    Column("verdict"),
)


def regressions(context: Context) -> Table:
    """Return the rows that a test found to have regressed."""
    return Table(_REGRESSION_COLUMNS, tuple(_regression(context, row) for row in context.regressed))


def _regression(context: Context, row: ComparisonRow) -> tuple[Cell | Rich, ...]:
    return (
        Cell(figure_name(row.figure), strong=True),
        values(context.sides, row.figure),
        Cell(f"{ratio(row.ratio)}, {interval(row.low, row.high)}" if row.ratio is not None else NOTHING),
        Cell(verdict_text(row)),
    )


def regression_sentences(context: Context) -> Iterator[Rich]:
    """Yield a sentence for each row that regressed, or that none did."""
    if context.blocked:
        yield Rich(("Nothing can be compared.",))
    elif not context.regressed:
        yield Rich(("No tested figure got worse.",))
    for row in context.regressed:
        head = Rich((bold(f"Regressed: {figure_name(row.figure)}"), " "))
        yield head + values(context.sides, row.figure) + Rich((f", {verdict_text(row)}.",))


def large_moves(context: Context) -> tuple[Rich, ...]:
    """Return a sentence for each untested value that moved more than identical builds do, the largest move first.

    Statistics of one value, such as p95 and p99 of the tick time, share a sentence.
    """
    moved = [row for row in context.comparison.rows if _is_large(row)]
    moved.sort(key=lambda row: (-_log_ratio(row), row.figure))
    by_value: dict[str, list[ComparisonRow]] = {}
    for row in moved[:MOST_MOVES]:
        by_value.setdefault(row.figure.rpartition(".")[0], []).append(row)
    return tuple(_moves(context, rows) for rows in by_value.values())


def _is_large(row: ComparisonRow) -> bool:
    metric = row.figure.split(".", 1)[1]
    if row.verdict is not Verdict.DESCRIPTIVE or row.identical is None or _log_ratio(row) < _LARGE_MOVE:
        return False
    if not _STEADY.search(metric) or _OF_SOCKETS.match(metric):
        return False
    if row.before is None or row.after is None:
        return False
    return beyond_identical(row.before, row.after, row.identical) > LEAST_BEYOND_IDENTICAL


def _log_ratio(row: ComparisonRow) -> float:
    return abs(math.log(row.ratio)) if row.ratio is not None and row.ratio > 0 else 0.0


def _moves(context: Context, rows: Sequence[ComparisonRow]) -> Rich:
    first, *others = sorted(rows, key=lambda row: row.figure)
    text = Rich((bold(figure_name(first.figure)), " ")) + _move(context, first)
    for row in others:
        text += Rich((", ", bold(row.figure.rpartition(".")[2]), " ")) + _move(context, row)
    return text + Rich((". Not tested, credited to no hypothesis.",))


def _move(context: Context, row: ComparisonRow) -> Rich:
    assert row.identical is not None
    first, second = (in_unit(value, row.unit, row.figure.split(".", 1)[1]) for value in row.identical)
    return values(context.sides, row.figure) + Rich((f" (two runs of one build: {first} and {second})",))


def findings(context: Context, without: Container[FindingChange] = ()) -> tuple[Rich, ...]:
    """Return the findings that are new, gone, now visible, or severe on both sides, one sentence each.

    Those in `without` are left out.
    """
    changes = context.evidence.findings
    return tuple(_finding(each) for each in changes if _is_open(each) and each not in without)


def shown_above(change: FindingChange) -> Rich:
    """Return the sentence on a finding that the first screen shows as the reason of a verdict."""
    venue = change.finding.venue or ""
    return Rich((bold(f"{change.state.capitalize()}, {venue}:"), f" see “Why {venue}” above."))


def same_findings(context: Context) -> tuple[Rich, ...]:
    """Return the other findings, which are the same on both sides."""
    return tuple(_finding(each) for each in context.evidence.findings if not _is_open(each))


def _is_open(change: FindingChange) -> bool:
    before, after = (found / of for found, of in change.runs or ((1, 1), (1, 1)))
    varies = abs(before - after) >= LEAST_SHARE
    return varies or change.state is not FindingState.SAME or change.finding.severity == "high"


def _finding(change: FindingChange) -> Rich:
    venue = f", {change.finding.venue}" if change.finding.venue else ""
    title = f"{change.state.capitalize()}{venue}{runs_with(change)}:"
    head = Rich((bold(title, Runbook.FINDINGS, change.finding.code), " "))
    if change.before and change.after and change.before.text != change.after.text:
        before = Rich((f"before {change.before.text}",)) + cited(change.before.lines, change.before_side)
        return head + before + Rich((f"; after {change.after.text}",)) + cited(change.after.lines, change.after_side)
    side = change.after_side if change.after else change.before_side
    return head + Rich((change.finding.text,)) + cited(change.finding.lines, side)


_OUTAGE_COLUMNS = (
    Column("venue"),
    Column("side"),
    Column("from", Align.RIGHT),
    Column("lasted", Align.RIGHT),
    Column("what"),
)


def outages(context: Context) -> Table:
    """Return the outages of both runs in the order of venues and time; those of the start-up are left out."""
    rows: list[tuple[Cell | Rich, ...]] = []
    for venue in context.venues:
        for run in context.all_runs:
            found = [each for each in run.analysis.episodes if each.venue == venue and _is_outage(each)]
            started_ms = run.analysis.run.started_ms
            rows += [_outage(run.side, context.label(run), each, started_ms) for each in found[:MOST_OUTAGES]]
            if more := found[MOST_OUTAGES:]:
                length = duration(sum(_length_ms(each) for each in more))
                longest = duration(max(map(_length_ms, more)))
                summary = f"{len(more)} more, the longest of {longest}"
                rows.append((Cell(venue), Cell(context.label(run)), Cell("later"), Cell(length), Cell(summary)))
    return Table(_OUTAGE_COLUMNS, tuple(rows))


def _length_ms(episode: Episode) -> int:
    return 0 if episode.from_ms is None or episode.to_ms is None else episode.to_ms - episode.from_ms


def _is_outage(episode: Episode) -> bool:
    """Return True for an outage after the start-up whose ages did more than touch the stale limit."""
    return episode.kind == "outage" and episode.cls != "startup" and "threshold_edge" not in episode.flags


def _outage(side: str, label: str, episode: Episode, started_ms: int | None) -> tuple[Cell | Rich, ...]:
    known = episode.from_ms is not None and started_ms is not None
    start = duration(episode.from_ms - started_ms) if known and episode.from_ms and started_ms else "unknown"
    complete = episode.from_ms is not None and episode.to_ms is not None
    lasted = duration(episode.to_ms - episode.from_ms) if complete and episode.to_ms and episode.from_ms else "unknown"
    cls = (episode.cls or "").replace("unclassified", "")
    what: tuple[str | Cell, ...] = (cls,)
    if episode.reason:
        reason = Cell(reason_text(episode.reason), entry=reference(Runbook.REASONS, episode.reason))
        what = (f"{cls} " if cls else "", reason)
    return Cell(episode.venue), Cell(label), Cell(start), Cell(lasted), Rich(what) + cited(episode.lines, side)


def outage_counts(context: Context) -> str:
    """Return the number and total length of the outages of each side, without those of the start-up."""
    runs = (run for run in context.all_runs if not run.blocked)
    return "; ".join(f"{context.label(run)} {_counted(run.analysis.episodes)}" for run in runs)


def _counted(episodes: Sequence[Episode]) -> str:
    found = [each for each in episodes if _is_outage(each)]
    return f"{len(found)}, {duration(sum(map(_length_ms, found)))} in all".replace(" ", GAP, 1) if found else "none"
