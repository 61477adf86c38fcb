"""Runs of five venues, one without a hostile venue and one for each that has one: the other four must not notice.

The hostile venue makes each attack for some time, and the figures of the other four are those of the same length of
time in the run without.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.attacks.catalogue import VENUES
from tests.attacks.hostile_process import hostile_process
from tests.attacks.measured_run import measured_run
from tests.attacks.timed_loop import delays
from tests.attacks.trial import hostile_venues

HOSTILE = {
    "lighter": ("pings and books", "95 000 trades", "1 000 trades", "8 000 levels"),
    "paradex": ("pings and books", "single trades", "8 000 levels", "tiny binary"),
}
"""Hostile venues and their attacks: floods of small messages, of messages above the limits, and of the longest below."""
START_S = 5.0
WELL_S = 30.0
AFTER_S = 3.0
"""Time from an attack to the next, in which the venue comes back."""

Record = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """The records of a run while one attack was made, and the delays of its event loop in ms.

    `attack` is empty in the run without.
    """

    hostile: str
    attack: str
    records: Sequence[Record]
    delays: Sequence[float]

    def row(self, venue: str) -> str:
        """Return the figures of a venue: ticks, those with a new book, and ages (ms) at the ticks."""
        at = [each["venue_id"] for each in self.records[-1]["toolkit"]["venues"]].index(venue)
        fresh = sum(each["venue_age_ms"][at] == 0 for each in self.records)
        ages = [_quantiles(each[name][at] for each in self.records) for name in ("venue_age_ms", "venue_age_event_ms")]
        return f"{venue} | {fresh} | {ages[0]} | {ages[1]}"

    @property
    def ticks(self) -> str:
        """The number of ticks, the longest time between two of them and the delays of the event loop, in ms."""
        times = [each["treasury_guidance"]["as_of_ms"] for each in self.records]
        longest = max(after - before for before, after in pairwise(times))
        return f"{len(times)}, {longest} | {_quantiles(map(round, self.delays))}"


async def compare_beside(seconds: float, names: Sequence[str] = ()) -> str:
    """Return the table of the ages and ticks of the other four venues in the runs; `names` chooses attacks."""
    windows: list[Window] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as directory:
        for hostile, attacks in {"": ("",), **HOSTILE}.items():
            chosen = [each for each in attacks if not (names and each) or each in names]
            windows += await _run(Path(directory) / (hostile or "none"), seconds, hostile, chosen) if chosen else []
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d}, each attack for {seconds:g} s; "
        f"load of the machine {load:.1f} before it, {os.getloadavg()[0]:.1f} after it.",
        "",
        "| hostile | attack | ticks, longest interval ms | delay of the event loop p50, p99, max ms | venue | "
        "ticks with a new book | apply age p50, p99, max ms | event age p50, p99, max ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for window in windows:
        first = f"{window.hostile or 'none'} | {window.attack} | {window.ticks}"
        for venue in (each for each in VENUES if each != window.hostile):
            lines.append(f"| {first} | {window.row(venue)} |")
            first = " |  |  | "
    return "\n".join(lines)


async def _run(out: Path, seconds: float, hostile: str, attacks: Sequence[str]) -> list[Window]:
    """Return what a run of all venues recorded during each attack; without a hostile venue one is served as usual."""
    minutes = (START_S + (seconds + AFTER_S + WELL_S) * len(attacks)) / 60 + 5  # It is stopped before.
    apart = hostile or next(iter(HOSTILE))
    others = [venue for venue in VENUES if venue != apart]
    spans = []
    timed = out.with_suffix(".delays")
    async with (
        hostile_process(apart) as attacked,
        hostile_venues(others) as (_, environ),
        measured_run(out, VENUES, attacked.environ | environ, minutes, ("tests.attacks.timed_loop", str(timed))) as run,
    ):
        for venue in VENUES:
            await run.well(venue, WELL_S)
        await asyncio.sleep(START_S)
        for name in attacks:
            await run.well(apart, WELL_S)
            first, begun_s = (run.last_record() or {"t": 0})["t"], time.time()
            if name:
                attacked.begin(name)
            await asyncio.sleep(seconds)
            spans.append((name, slice(first, (run.last_record() or {"t": 0})["t"]), (begun_s, time.time())))
            attacked.end()
            await asyncio.sleep(AFTER_S)
    records = [json.loads(line) for line in (out / "telemetry.jsonl").read_text().splitlines()]
    return [Window(hostile, name, records[ticks], delays(timed, *times)) for name, ticks, times in spans]


def _quantiles(values: Any) -> str:
    ages = sorted(values)
    return ", ".join(str(ages[min(len(ages) - 1, int(len(ages) * share))]) for share in (0.5, 0.99, 1.0))
