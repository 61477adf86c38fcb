"""Benchmark of the connectors: `python -m tests.benchmarks.connectors [--venues NAME …] [--frames N]`.

Frames come from the simulated venues, the same in every run.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.benchmarks.connectors.frames import SOURCES, Recording, record
from tests.benchmarks.connectors.stages import measure_stages

GOAL = 50_000
"""Frames per second of about 1 KB on one core, for the stages after the socket."""


def _record_elsewhere(names: Sequence[str], frames: int) -> list[Recording]:
    """Record in another process, because numbers that this one has read once would be known to it."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(record, names, [frames] * len(names)))


def _print_stages(recording: Recording, passes: int) -> None:
    frames = recording.frames(recording.measured)
    mean_bytes = sum(len(each.data) for each in frames) / len(frames)
    seconds = measure_stages(recording, passes)
    us = {name: value * 1e6 for name, value in seconds.items()}
    row = [f"{us[name]:.1f}" if name in us else "–" for name in ("json.loads", "msgspec", "decode")]
    row += [f"{us['session'] - us['decode']:.1f}", f"{us['all'] - us['session']:.1f}", f"{us['all']:.1f}"]
    rate = 1 / seconds["all"]
    print(
        f"| {recording.venue} | {mean_bytes:.0f} | {' | '.join(row)} | {rate:,.0f} | {rate / GOAL:.0%} |",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venues", nargs="*", default=list(SOURCES), choices=list(SOURCES))
    parser.add_argument("--frames", type=int, default=2_000, help="frames of each venue")
    parser.add_argument("--passes", type=int, default=5, help="the fastest counts")
    options = parser.parse_args()
    recordings = _record_elsewhere(options.venues, options.frames)
    print("CPU µs a frame")
    print(
        "| venue | bytes | json.loads | msgspec | decode | book | queue | after the socket | frames/s | of the goal |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for recording in recordings:
        _print_stages(recording, options.passes)


if __name__ == "__main__":
    main()
