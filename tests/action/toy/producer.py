"""Toy producer: writes telemetry and a log in the form of `paraphina_live` until it is stopped.

`settings.json` beside it has the settings that a change is about: `lighter_closes_ms`, the time after which the venue
Lighter closes an idle socket, or null for never; `pairs`, the directories of the pairs in which it does.
"""

import json
import os
import time
from pathlib import Path

VENUES = ("hyperliquid", "lighter")
EVERY_S = 0.02
RUN_DIRECTORY = Path(os.environ["TOOLKIT_RUN_DIR"])
SETTINGS = json.loads(Path("settings.json").read_text(encoding="utf-8"))
CLOSES_MS = SETTINGS["lighter_closes_ms"] if RUN_DIRECTORY.parent.name in SETTINGS["pairs"] else None


def say(line):
    os.write(1, f"{line}\n".encode())


def connect(name, port):
    say(f"INFO: {name} public WS connecting url=ws://127.0.0.1:{port}/stream")
    say(f"INFO: {name} public WS connected url=ws://127.0.0.1:{port}/stream")
    say(f"INFO: {name} public WS first message received")
    say(f"INFO: {name} public WS first book update")


def say_publisher_counters():
    say(
        "WS_AUDIT component=market_publisher reason=periodic interval_ms=1000 queue_cap=256 drain_max=64 queued_len=0 "
        "queued_hiwater=3 pending_latest_present=0 pending_overwrite=0 mp_pending_latest_replaced_count=0 "
        "lossless_send_count=41 lossless_send_wait_ms_max=0 try_send_ok=1 try_send_full=0 mp_try_send_full_count=0 "
        "out_send_ok=42 out_send_err=0 emit_since_ms=1003 venue=all"
    )


def record(t, at_ms):
    return {
        "t": t,
        "execution_mode": "shadow",
        "healthy_venues_used_count": len(VENUES),
        "market_rx_stats": {"cap_hits": 0, "drained": 12, "l2_delta": 8, "l2_snapshot": 4, "out_market": 12},
        "treasury_guidance": {
            "as_of_ms": at_ms,
            "venues": [{"venue_id": venue, "venue_index": index} for index, venue in enumerate(VENUES)],
        },
        "venue_age_event_ms": [5 + t % 4, 7 + t % 3],
        "venue_age_ms": [t % 3, 1 + t % 3],
        "venue_depth_near_mid_usd": [50_000.0, 40_000.0],
        "venue_mid_usd": [2_000.0 + t % 3, 2_000.5 + t % 3],
        "venue_spread_usd": [0.1, 0.2],
        "venue_status": ["Healthy", "Healthy"],
    }


say("paraphina_live | trade_mode=shadow connectors=hyperliquid,lighter")
say("::error::a line of the program that looks like a workflow command")
connect("Hyperliquid", 23000)
connect("Lighter", 23001)
connected_ms = time.time_ns() // 1_000_000
with (RUN_DIRECTORY / "telemetry.jsonl").open("w", encoding="utf-8") as telemetry:
    for t in range(10**9):
        now_ms = time.time_ns() // 1_000_000
        telemetry.write(json.dumps(record(t, now_ms)) + "\n")
        telemetry.flush()
        if t % 50 == 0:
            say_publisher_counters()
        if CLOSES_MS is not None and now_ms - connected_ms >= CLOSES_MS:
            say("Lighter public WS read error: WebSocket protocol error: Connection reset without closing handshake")
            connect("Lighter", 23001)
            connected_ms = now_ms
        time.sleep(EVERY_S)
