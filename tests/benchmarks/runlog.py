"""Generator of run logs of any size: seeded, mostly periodic lines, some ends of sockets.

`python -m tests.benchmarks.runlog OUT --mb 1000`
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
REASONS = ("stale_watchdog", "read_timeout", "ping_send_fail", "session_timeout", "seq_gap", "decode_fail_loop")
END_LINES = (
    "WARN: {Venue} public WS watchdog: no publishable book update for 12000ms — reconnecting",
    "WARN: {Venue} public WS ping send failed: Connection reset — reconnecting",
    "WARN: {Venue} public WS read timeout (30s) — no frame received, reconnecting",
    "{Venue} WS closed; reconnecting url=wss://api.{venue}.example/ws",
    "{Venue} public WS stream ended",
)


def write(out: Path, megabytes: float, seed: int = 3) -> int:
    """Write about that many megabytes (10⁶ bytes) of lines to `out`; return their number."""
    rng = random.Random(seed)
    counts: dict[tuple[str, str], int] = {}
    tick = written = lines = 0
    with out.open("w", encoding="utf-8", buffering=1 << 20) as file:
        while written < megabytes * 1e6:
            tick += 1
            for line in _tick(rng, tick, counts):
                written += file.write(line + "\n")
                lines += 1
    return lines


def rx_line(rng: random.Random, tick: int) -> str:
    """Return a tick's line of rx statistics."""
    drained = rng.randrange(40, 100)
    return (
        f"market_rx_stats tick={tick} raw_drained={drained} raw_l2_delta={drained - 9} raw_l2_snapshot=9 raw_trade=0 "
        f"raw_funding_update=0 out_market={drained // 3} out_l2_delta={drained // 6} out_l2_snapshot={drained // 6} "
        f"out_trade=0 out_funding_update=0 other=0 cap_hits={int(rng.random() < 0.001)}"
    )


def _tick(rng: random.Random, tick: int, counts: dict[tuple[str, str], int]) -> list[str]:
    venue = rng.choice(VENUES)
    name = venue.capitalize()
    lines = [
        rx_line(rng, tick),
        f"INFO: {name} public WS first book update seq={tick} ts={1_770_324_595_600 + tick} depth={rng.randrange(1, 400)}",
        f"FIRST_DECODED_TOP venue={venue} bid_px={1_900 + rng.random() * 20:.2f} bid_sz={rng.random():.4f} "
        f"ask_px={1_900 + rng.random() * 20:.2f} ask_sz={rng.random():.4f}",
    ]
    if tick % 3 == 0:
        lines.append(f"WS_AUDIT venue={venue} {venue}_ping_sent_count={tick} interval_ms=15000")
        lines.append(
            f"WS_AUDIT subsystem=rest_monitor venue={venue} rest_check_count={tick} rest_attempt_count={tick // 3} "
            f"rest_success_count={tick // 3} rest_fail_count=0 rest_inject_count={tick // 9} "
            f"age_ms={rng.randrange(3_000)} threshold_ms=20000"
        )
        lines.append(f"[runner] tick={tick} WARN: {200_000 + rng.randrange(40_000)}us > 80% of 250000us budget")
    if rng.random() < 0.005:
        key = venue, rng.choice(REASONS)
        counts[key] = counts.get(key, 0) + 1
        lines.append(f"WS_AUDIT venue={venue} reconnect_reason={key[1]} count={counts[key]}")
        lines.append(rng.choice(END_LINES).format(Venue=name, venue=venue))
        lines.append(f"INFO: {name} public WS connecting url=wss://api.{venue}.example/ws")
        lines.append(f"INFO: {name} public WS connected url=wss://api.{venue}.example/ws")
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--mb", type=float, required=True)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    print(f"{options.out}: {write(options.out, options.mb, options.seed)} lines")
