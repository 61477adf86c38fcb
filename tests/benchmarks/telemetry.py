"""Generator of telemetry files of any size: seeded, with rare stalls, unknown ages and long order lists.

`python -m tests.benchmarks.telemetry OUT --mb 1000`
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import TypeAlias

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
_TYPICAL_AGE_MS = (139, 620, 185, 139, 32)
_STALE_MS = (1_000, 2_000, 1_000, 1_000, 3_000)
STARTED_MS = 1_770_324_595_600
TICK_MS = 250
TEMPLATES = 997
"""Number of prepared bodies to draw from: writing a gigabyte must not take longer than reading it."""

Body: TypeAlias = tuple[bytes, bytes]
"""Two formats of a record: up to the ages, and from the ages on."""


def write(out: Path, megabytes: float, seed: int = 7) -> int:
    """Write about that many megabytes (10⁶ bytes) of records to `out`; return their number."""
    rng = random.Random(seed)
    bodies = [body(rng) for _ in range(TEMPLATES)]
    stalled = [0] * len(VENUES)
    written = t = 0
    with out.open("wb") as file:
        while written < megabytes * 1e6:
            stalled, ages = _ages(rng, stalled)
            line = record(bodies[rng.randrange(TEMPLATES)], t, ages)
            file.write(line)
            written += len(line)
            t += 1
    return t


def record(body: Body, t: int, ages: list[int], at_ms: int | None = None) -> bytes:
    """Return the line of tick `t` with the ages of the venues in ms, -1 where none is known."""
    head, tail = body
    event = [age + 40 if age >= 0 else -1 for age in ages]
    return head % (t, STARTED_MS + TICK_MS * t if at_ms is None else at_ms, t, t) + tail % (
        event,
        ages,
        _statuses(ages),
    )


def typical_age_ms(rng: random.Random, venue: int) -> int:
    """Return an age of a venue, by its index, that is not stalled."""
    return int(_TYPICAL_AGE_MS[venue] * (0.35 + rng.expovariate(1.0)))


def _ages(rng: random.Random, stalled: list[int]) -> tuple[list[int], list[int]]:
    ages = []
    for venue, ticks in enumerate(stalled):
        if ticks or rng.random() < 0.0004:
            stalled[venue] = 0 if ticks > 20 and rng.random() < 0.1 else ticks + 1
            ages.append(250 * stalled[venue])
        else:
            ages.append(-1 if rng.random() < 0.0003 else typical_age_ms(rng, venue))
    return stalled, ages


def _statuses(ages: list[int]) -> bytes:
    return json.dumps(["Healthy" if 0 <= a <= s else "Stale" for a, s in zip(ages, _STALE_MS, strict=True)]).encode()


def body(rng: random.Random, levels: int = 2 * len(VENUES), spread_usd: float = 1.0) -> Body:
    """Return a record without its tick, time and ages: with so many quote levels, and mids so far apart (deviation)."""
    mids = [1_915 + rng.gauss(0, spread_usd) for _ in VENUES]
    quotes = [
        {name: rng.random() for name in _QUOTE_FIELDS}
        | {"side": ("Bid", "Ask")[level % 2], "venue_id": VENUES[index], "venue_index": index}
        for level in range(levels)
        for index in (level // 2 % len(VENUES),)
    ]
    orders = [
        {"action": "place", "client_order_id": f"co_{rng.getrandbits(64):016x}", "price": mids[0], "size": rng.random(),
         "side": "Bid", "status": "intent", "tif": "Gtc", "venue_id": "extended", "venue_index": 0}
        for _ in range(min(10, int(rng.expovariate(0.4))))
    ]  # fmt: skip
    head = {"execution_mode": "shadow", "fair_value": mids[0], "fv_available": True, "healthy_venues_used_count": 5,
            "kill_reason": "None", "kill_switch": False, "orders": orders, "pnl_total": 0.0, "quote_levels": quotes,
            "market_rx_stats": {"cap_hits": 0, "drained": rng.randrange(40, 100)}, "risk_regime": "Normal",
            "schema_version": 1}  # fmt: skip
    tail = {"venue_depth_near_mid_usd": [250_000 * rng.random() for _ in VENUES], "venue_mid_usd": mids,
            "venue_spread_usd": [0.1] * 5, "venue_toxicity": [0.0] * 5, "would_send_orders": orders,
            "would_send_orders_count": len(orders)}  # fmt: skip
    names = ",".join(f'{{"avg_funding_8h":1.2e-05,"venue_id":"{v}","venue_index":{i}}}' for i, v in enumerate(VENUES))
    return (
        _encode_open(head)
        + b',"t":%d,"tick_timing":{"engine_us":104,"event_drain_us":88,"reconcile_us":1,"submit_us":61,"total_us":289},'
        + b'"treasury_guidance":{"as_of_ms":%d,"as_of_tick":%d,"samples":%d,"venues":['
        + names.encode()
        + b"]}",
        b',"venue_age_event_ms":%a,"venue_age_ms":%a,' + _encode_open(tail)[1:] + b',"venue_status":%b}\n',
    )


_QUOTE_FIELDS = ("basis_adj_usd", "delta_final", "edge_local", "funding_adj_usd", "inventory_term_usd", "price", "s_tilde",
          "size_final", "size_liq_factor", "size_margin_cap", "size_mult", "size_raw", "spread_mult")  # fmt: skip


def _encode_open(value: dict[str, object]) -> bytes:
    """Encode the object without its closing brace; percent signs are doubled for the later `%` formatting."""
    return json.dumps(value, separators=(",", ":")).encode()[:-1].replace(b"%", b"%%")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--mb", type=float, required=True)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print(f"{options.out}: {write(options.out, options.mb, options.seed)} records")
