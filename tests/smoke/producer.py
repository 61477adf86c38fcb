"""A small test producer: waits like a build, then writes telemetry and log lines until it is stopped."""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

VENUES = ("hyperliquid", "lighter")


def record(t: int, at_ms: int) -> str:
    return json.dumps(
        {
            "t": t,
            "execution_mode": "shadow",
            "healthy_venues_used_count": len(VENUES),
            "treasury_guidance": {
                "as_of_ms": at_ms,
                "venues": [{"venue_id": venue, "venue_index": index} for index, venue in enumerate(VENUES)],
            },
            "venue_age_event_ms": [5, 7],
            "venue_age_ms": [0, 1],
            "venue_depth_near_mid_usd": [50_000.0, 40_000.0],
            "venue_mid_usd": [2_000.0 + t % 3, 2_000.5 + t % 3],
            "venue_spread_usd": [0.1, 0.2],
            "venue_status": ["Healthy", "Healthy"],
        }
    )


parser = argparse.ArgumentParser()
parser.add_argument("--telemetry", default=os.environ.get("PARAPHINA_TELEMETRY_PATH"))
parser.add_argument("--build-s", type=float, default=0)
parser.add_argument("--every-s", type=float, default=0.005)
parser.add_argument("--ticks", type=int, default=10**9, help="number of records before it exits by itself")
parser.add_argument("--code", type=int, default=0, help="exit code after the last record")
parser.add_argument("--kill-itself", action="store_true", help="send itself SIGKILL after the last record")
parser.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
parser.add_argument("--child", action="store_true", help="start a child that ignores SIGTERM and keeps the output open")
parser.add_argument("--print-file", help="first print this file, half to stdout and half to stderr")
options = parser.parse_args()

if options.stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if options.print_file:
    text = Path(options.print_file).read_bytes()
    half = len(text) // 2
    os.write(1, text[:half])
    os.write(2, text[half:])
if options.child and os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)
    os._exit(0)
time.sleep(options.build_s)
os.write(1, b"paraphina_live | trade_mode=shadow connectors=hyperliquid,lighter\n")
if options.ticks and options.telemetry:
    with Path(options.telemetry).open("w", encoding="utf-8") as telemetry:
        for t in range(options.ticks):
            telemetry.write(record(t, time.time_ns() // 1_000_000) + "\n")
            telemetry.flush()
            if t % 20 == 0:
                os.write(2, f"INFO: tick {t}\n".encode())
            time.sleep(options.every_s)
if options.kill_itself:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(options.code)
