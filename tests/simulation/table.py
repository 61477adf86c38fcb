"""Markdown table of the simulated faults: recognition of each fault at each venue, and recovery of the book."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.venues import venues
from connectors.venues.spec import Recovery
from tests.simulation.fault_rows import SQUARE_ROWS, FaultRow
from tests.simulation.latin_square import VENUES, FaultCell, SquareRun
from tests.simulation.whole_run import START_UNIX_MS

HEAD = ("#", "fault", "lasts", "told as", *VENUES)


def markdown_table(runs: Iterable[SquareRun]) -> str:
    """Return the table in Markdown: one row per fault, one column per venue."""
    cells = {(cell.row.name, cell.venue): describe_cell(run, cell) for run in runs for cell in run.cells}
    rows = [HEAD, ("---",) * len(HEAD)]
    for row in SQUARE_ROWS:
        texts = (cells[row.name, venue] for venue in VENUES)
        rows.append((str(row.number or "–"), f"`{row.name}`", *_expected(row), *texts))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def resyncs(cell: FaultCell) -> bool:
    """Return whether the venue's connector resynchronizes the book without a reconnect after this fault."""
    return cell.fault.expects.resyncs and venues()[cell.venue].recovery is not Recovery.RECONNECT


def recognition_times_ms(run: SquareRun, cell: FaultCell) -> list[int]:
    """Return when the connector reported the expected reason, in ms since the start of the fault."""
    kind = "resync" if resyncs(cell) else "reconnect"
    return [
        row["at_us"] // 1_000 - START_UNIX_MS - cell.starts_ms
        for row in run.events
        if (row["venue"], row["kind"]) == (cell.venue, kind) and row["fields"]["reason"] == cell.fault.expects.reason
    ]


def describe_cell(run: SquareRun, cell: FaultCell) -> str:
    """Return the text of a cell: recognition time, its limit, and the time until the book was complete and fresh again."""
    if cell.missing_need is not None:
        return "n/a"
    limit_ms = cell.fault.expects.within_ms(run.simulations[cell.venue].machine.limits)
    recognised = [f"{_seconds(at_ms)} of {_seconds(limit_ms)} s" for at_ms in recognition_times_ms(run, cell)[:1]]
    episodes = run.episodes(cell.venue, "reconnect", "outage")
    back = (
        [f"back {_seconds(max(each.to_ms or 0 for each in episodes) - START_UNIX_MS - cell.starts_ms)} s"]
        if episodes
        else []
    )
    return ", ".join([*recognised, *(["same socket"] if recognised and resyncs(cell) else []), *back]) or "–"


def _expected(row: FaultRow) -> tuple[str, str]:
    expects, lasts_s = row.fault.expects, row.lasts_s
    lasts = "–" if lasts_s is None else f"{lasts_s:g} s"
    if expects.reason is None:
        return lasts, "no end"
    also = "".join(f"`{reason}`, then " for reason in expects.also)
    silences = [each for each in (expects.silence, expects.silence_without_ack) if each]
    return lasts, f"{also}`{expects.reason}`" + (f", {' or '.join(silences)}" if silences else "")


def _seconds(ms: int) -> str:
    return f"{ms / 1_000:.1f}"
