"""Compare an analysed run with the record of its venues: read both, and pass them to the pure comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.analysis.truth.ground_truth import compare_with_truth
from toolkit.db.staging import RUN_KEY, staging_database
from toolkit.files.copies import distinct
from toolkit.files.discovery import discover
from toolkit.ingest import ground_truth, telemetry
from toolkit.model.recorded.ground_truth import SeenTick, TruthComparison, VenueSeen
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Role

_MEMORY_MB = 400
_ENDINGS = "disconnects."
_SILENCES = ("age_apply_ms.max", "age_event_ms.max")


def run_truth(paths: Sequence[str], analysis: RunAnalysis, record: Path) -> TruthComparison:
    """Return the comparison of the run at `paths`, already analysed, with the file `record` of its venues.

    Raises `InputError` if a file cannot be read or the record holds no event of a venue.
    """
    truth, run = ground_truth.load(record), analysis.run
    span = None if run.started_ms is None or run.ended_ms is None else (run.started_ms, run.ended_ms)
    ticks = _ticks(paths)
    seen = {venue: _seen(analysis, venue, ticks.get(venue, ())) for venue in run.venues}
    return compare_with_truth(truth.venues, seen, span, record.name, truth.unread_lines)


def _seen(analysis: RunAnalysis, venue: str, ticks: Sequence[SeenTick]) -> VenueSeen:
    values = {each.metric: each.value for each in analysis.figures if each.scope == venue}
    endings = {
        name.removeprefix(_ENDINGS): float(value)
        for name, value in values.items()
        if name.startswith(_ENDINGS) and value is not None
    }
    ages = [values.get(name) for name in _SILENCES]
    age = next((each for each in ages if each is not None), None)
    masked = [
        each.to_ms - each.from_ms
        for each in analysis.episodes
        if each.venue == venue and each.kind == "masked" and each.from_ms is not None and each.to_ms is not None
    ]
    silence = None if age is None else max([age, *masked])
    return VenueSeen(values.get("connects"), values.get("connect_failures"), endings, silence, tuple(ticks))


def _ticks(paths: Sequence[str]) -> dict[str, list[SeenTick]]:
    sources = [file for file in distinct(discover(paths)).files if file.role is Role.TELEMETRY]
    ticks: dict[str, list[SeenTick]] = {}
    with staging_database(_MEMORY_MB) as con:
        telemetry.load(con, RUN_KEY, sources)
        rows = con.execute(
            # The record of the venues has the times of the same clock, with its steps.
            "select venue, at_ms + coalesce(offset_ms, 0), coalesce(age_apply_ms, age_event_ms), mid_usd, spread_usd,"
            " depth_usd from venue_tick v asof left join (select seq, offset_ms from clock_step) c on c.seq <= v.seq"
            " where run_key = ? and at_ms is not null order by v.seq",
            [RUN_KEY],
        )
        while chunk := rows.fetchmany(50_000):
            for venue, *values in chunk:
                ticks.setdefault(venue, []).append(SeenTick(*values))
    return ticks
