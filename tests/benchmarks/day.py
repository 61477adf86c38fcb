"""Generator of a day of the program: telemetry, a run log and rx statistics of the same ticks, seeded.

`python -m tests.benchmarks.day FOLDER --mb 1000`

A day has 350 000 ticks, each with a telemetry record and a line of rx statistics, and about 100 000 lines of log. Its size
is that of the telemetry; from 1 000 MB on, the records grow and not their number. Less than that is the beginning of a day.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from tests.benchmarks import telemetry
from tests.benchmarks.runlog import END_LINES, REASONS, rx_line
from tests.benchmarks.telemetry import STARTED_MS, TICK_MS, VENUES, Body

TICKS = 350_000
_TICKS_PER_MB = 350
_SLOW_TICK, _RECONNECT = 0.08, 0.02
"""Probabilities of a tick that is slow, and of one in which a socket ends."""
_LONGEST_OUTAGE = 40
_SPREAD_USD = 0.05
_MONITOR_TICKS, _CHECK_TICKS = 100, 20
_PING_TICKS = {"lighter": 60, "paradex": 120}
_START_LINE = "paraphina_live | trade_mode=shadow connectors=extended,hyperliquid,aster,lighter,paradex"


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Ticks between two restarts of the program, and between two steps of the clock.

    A step sets the clock back by about the time since the step before it, so that it shows the same times again and again.
    """

    restart_ticks: int
    step_ticks: int

    def step_ms(self, rng: random.Random) -> int:
        """Return how far the clock is set back (ms)."""
        return TICK_MS * rng.randrange(self.step_ticks // 2, self.step_ticks * 3 // 2)


_STEPS_AND_RESTARTS = _Trouble(restart_ticks=2_000, step_ticks=480)
_NO_TROUBLE = _Trouble(restart_ticks=TICKS, step_ticks=TICKS)
_STAMP = "%Y-%m-%dT%H:%M:%S.%fZ "


def write(folder: Path, megabytes: float, seed: int = 5) -> list[Path]:
    """Write a day whose telemetry has about that many megabytes (10⁶ bytes) to `folder`; return its files."""
    return _write(folder, megabytes, seed, _NO_TROUBLE, "")


def write_stamped(folder: Path, megabytes: float, seed: int = 5) -> list[Path]:
    """Write a day with a stamped log whose program restarts and whose clock is set back many times; return its files."""
    return _write(folder, megabytes, seed, _STEPS_AND_RESTARTS, _STAMP)


def _write(folder: Path, megabytes: float, seed: int, trouble: _Trouble, stamp: str) -> list[Path]:
    """Write a day; `stamp` is the format of the time before each line of the log."""
    rng = random.Random(seed)
    ticks = min(TICKS, int(megabytes * _TICKS_PER_MB))
    bodies = _bodies(rng, megabytes * 1e6 / ticks)
    paths = [folder / name for name in ("telemetry.jsonl", "run.log", "market_rx_stats.log")]
    late_ms, venues = 0, list[_Venue]()
    with paths[0].open("wb") as records, paths[1].open("w") as log, paths[2].open("w") as rx_stats:
        for number in range(ticks):
            life, tick = divmod(number, trouble.restart_ticks)
            if tick == 0:
                venues = [_Venue(index) for index in range(len(VENUES))]
            if number and number % trouble.step_ticks == 0:
                late_ms += trouble.step_ms(rng)
            at_ms = STARTED_MS + TICK_MS * number - late_ms
            prefix = datetime.fromtimestamp(at_ms / 1_000, UTC).strftime(stamp)
            start = [_START_LINE] if life and tick == 0 else []
            log.writelines(f"{prefix}{line}\n" for line in (*start, *_lines(rng, tick, venues, at_ms)))
            rx_stats.write(rx_line(rng, tick) + "\n")
            body, ages = rng.choice(bodies), [each.age_ms(rng, tick) for each in venues]
            records.write(telemetry.record(body, tick, ages, at_ms))
    return paths


def _bodies(rng: random.Random, size: float) -> list[Body]:
    """Return bodies with as many quote levels as make records of about that size (bytes)."""

    def mean_size(levels: int) -> float:
        return fmean(len(telemetry.record(body(levels), TICKS, [100] * len(VENUES))) for _ in range(100))

    def body(levels: int) -> Body:
        return telemetry.body(rng, levels, _SPREAD_USD)

    least = mean_size(0)
    levels = max(0.0, 10 * (size - least) / (mean_size(10) - least))
    return [body(int(levels + rng.random())) for _ in range(telemetry.TEMPLATES)]


@dataclass
class _Venue:
    """A venue's socket: the tick at which it was last connected, which is in the future while it is out."""

    index: int
    connected: int = 0
    ended: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        return VENUES[self.index]

    def age_ms(self, rng: random.Random, tick: int) -> int:
        """Return the age of the venue's book in ms; it grows while the socket is out."""
        typical = telemetry.typical_age_ms(rng, self.index)
        return typical if tick > self.connected else typical + TICK_MS * (tick - self.ended)


def _lines(rng: random.Random, tick: int, venues: Sequence[_Venue], at_ms: int) -> Iterator[str]:
    """Yield the log lines of a tick."""
    if rng.random() < _SLOW_TICK:
        yield f"[runner] tick={tick} WARN: {200_000 + rng.randrange(40_000)}us > 80% of 250000us budget"
    ending = rng.choice(venues) if rng.random() < _RECONNECT else None
    for each in venues:
        if tick == each.connected:
            yield from _connected(rng, each, tick, at_ms)
        elif tick > each.connected and each is ending:
            yield from _ended(rng, each)
            each.ended, each.connected = tick, tick + rng.randrange(2, _LONGEST_OUTAGE)
        elif (interval := _PING_TICKS.get(each.name)) and tick > each.connected:
            pings, since = divmod(tick - each.connected, interval)
            if since == 0:
                yield f"WS_AUDIT venue={each.name} {each.name}_ping_sent_count={pings} interval_ms={interval * TICK_MS}"
        if tick and tick % _MONITOR_TICKS == 0:
            yield (
                f"WS_AUDIT subsystem=rest_monitor venue={each.name} rest_check_count={tick // _CHECK_TICKS} "
                f"rest_attempt_count=0 rest_success_count=0 rest_fail_count=0 rest_inject_count=0 "
                f"age_ms={rng.randrange(3_000)} threshold_ms=20000"
            )


def _connected(rng: random.Random, venue: _Venue, tick: int, at_ms: int) -> Iterator[str]:
    title = venue.name.capitalize()
    if tick == 0:
        yield f"INFO: {title} public WS connecting url=wss://api.{venue.name}.example/ws"
    yield f"INFO: {title} public WS connected url=wss://api.{venue.name}.example/ws"
    yield f"INFO: {title} public WS first message received"
    yield (
        f"FIRST_DECODED_TOP venue={venue.name} bid_px={1_900 + rng.random() * 20:.2f} bid_sz={rng.random():.4f} "
        f"ask_px={1_900 + rng.random() * 20:.2f} ask_sz={rng.random():.4f}"
    )
    yield f"INFO: {title} public WS first book update seq={tick} ts={at_ms} depth={rng.randrange(1, 400)}"


def _ended(rng: random.Random, venue: _Venue) -> Iterator[str]:
    title, reason = venue.name.capitalize(), rng.choice(REASONS)
    venue.ends[reason] += 1
    yield f"WS_AUDIT venue={venue.name} reconnect_reason={reason} count={venue.ends[reason]}"
    yield rng.choice(END_LINES).format(Venue=title, venue=venue.name)
    yield f"INFO: {title} public WS connecting url=wss://api.{venue.name}.example/ws"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mb", type=float, required=True)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for file in write(options.folder, options.mb, options.seed):
        print(f"{file}: {file.stat().st_size} bytes")
