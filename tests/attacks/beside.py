"""Two runs of five venues, one with a hostile venue and one without: the other four must not notice."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.attacks.catalogue import VENUES
from tests.attacks.hostile_process import hostile_process
from tests.attacks.measured_run import measured_run
from tests.attacks.trial import hostile_venues

HOSTILE = "lighter"
MADE = (
    "pings",
    "empty texts",
    "1 000 trades",
    "95 000 trades",
    "8 000 levels",
    "wide JSON",
    "refusals",
    "64 MB message",
)
START_S = 5.0


async def compare_beside(seconds: float) -> str:
    """Return the table of the ages and ticks of the other four venues in both runs."""
    with tempfile.TemporaryDirectory() as directory:
        runs = [await _run(Path(directory) / name, seconds, hostile=name == "hostile") for name in ("quiet", "hostile")]
    lines = [
        f"{HOSTILE} made {', '.join(MADE)}, each for {seconds:g} s.",
        "",
        "| venue | ticks with a new book, without and with | apply age p50, p99, max ms without | with |",
        "|---|---|---|---|",
    ]
    for name in VENUES:
        if name != HOSTILE:
            quiet, hostile = (_figures(run, name) for run in runs)
            lines.append(f"| {name} | {quiet[0]}, {hostile[0]} | {quiet[1]} | {hostile[1]} |")
    lines.append(f"\nTicks: {len(runs[0])} without, {len(runs[1])} with.")
    return "\n".join(lines)


async def _run(out: Path, seconds: float, *, hostile: bool) -> list[dict[str, Any]]:
    """Return the records of a run of all venues, without its first seconds."""
    minutes = (START_S + seconds * len(MADE)) / 60 + 1
    others = [venue for venue in VENUES if venue != HOSTILE]
    async with (
        hostile_process(HOSTILE) as attacked,
        hostile_venues(others) as (_, environ),
        measured_run(out, VENUES, attacked.environ | environ, minutes) as run,
    ):
        for venue in VENUES:
            await run.well(venue, 30)
        await asyncio.sleep(START_S)
        first = (run.last_record() or {"t": 0})["t"]
        for name in MADE:
            if hostile:
                attacked.begin(name)
            await asyncio.sleep(seconds)
            attacked.end()
        last = (run.last_record() or {"t": 0})["t"]
    records = [json.loads(line) for line in (out / "telemetry.jsonl").read_text().splitlines()]
    return [each for each in records if first <= each["t"] <= last]


def _figures(records: list[dict[str, Any]], venue: str) -> tuple[int, str]:
    at = [each["venue_id"] for each in records[-1]["toolkit"]["venues"]].index(venue)
    ages = sorted(each["venue_age_ms"][at] for each in records)
    fresh = sum(age == 0 for age in ages)
    return fresh, ", ".join(str(ages[min(len(ages) - 1, int(len(ages) * share))]) for share in (0.5, 0.99, 1.0))
