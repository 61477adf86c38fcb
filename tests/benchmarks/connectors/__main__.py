"""Benchmark of the connectors: `python -m tests.benchmarks.connectors [--venues NAME …] [--frames N]`.

Frames come from the simulated venues, the same in every run.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.benchmarks.connectors.frames import FRAMES_PER_S, SOURCES, Recording, record
from tests.benchmarks.connectors.official_clients import client_result
from tests.benchmarks.connectors.sockets import end_to_end, socket_seconds, stalled_mib
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
        f"| {recording.venue} | {mean_bytes:.0f} | {' | '.join(row)} | {rate:,.0f} | {rate / GOAL:.0%} | {client_result(recording)} |",
        flush=True,
    )


def _print_sockets(recording: Recording, passes: int) -> None:
    socket_us = min(asyncio.run(socket_seconds(recording)) for _ in range(passes)) * 1e6
    whole_us = min(asyncio.run(end_to_end(recording))[0] for _ in range(passes)) * 1e6
    _, latencies = asyncio.run(end_to_end(recording, FRAMES_PER_S))
    p50, p99 = (statistics.quantiles(latencies, n=100)[at] for at in (49, 98))
    print(
        f"| {recording.venue} | {socket_us:.1f} | {whole_us:.1f} | {1e6 / whole_us:,.0f} | {p50:.2f} | {p99:.2f} |",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venues", nargs="*", default=list(SOURCES), choices=list(SOURCES))
    parser.add_argument("--frames", type=int, default=2_000, help="frames of each venue")
    parser.add_argument("--passes", type=int, default=5, help="the fastest counts")
    parser.add_argument("--stall-s", type=float, default=0, help="seconds of a stalled runner; without it no stall")
    options = parser.parse_args()
    recordings = _record_elsewhere(options.venues, options.frames)
    print("CPU µs a frame")
    print(
        "| venue | bytes | json.loads | msgspec | decode | book | queue | after the socket | frames/s | of the goal | official client, frames/s |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")
    for recording in recordings:
        _print_stages(recording, options.passes)
    print("\nThrough a socket on loopback; latency from the server to the runner's queue at 10 000 frames/s")
    print("| venue | socket, CPU µs a frame | end to end, CPU µs a frame | frames/s | p50, ms | p99, ms |")
    print("|---|--:|--:|--:|--:|--:|")
    for recording in recordings:
        _print_sockets(recording, options.passes)
    if options.stall_s:
        for recording in recordings:
            early, late = asyncio.run(stalled_mib(recording, options.stall_s))
            print(
                f"{recording.venue}: runner stalled {options.stall_s:g} s, memory {early:.1f} MiB, then {late:.1f} MiB"
            )


if __name__ == "__main__":
    main()
