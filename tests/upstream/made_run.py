"""Made-up runs: telemetry records, log lines, and the compat rows of their analysis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import CompatRow, RunAnalysis

START_MS = 1_795_508_000_000
STARTUP_LINE = (
    "paraphina_live | trade_mode=shadow | network=lighter:default | venues={venues} | connectors={venues} | cfg=v0.1.6"
    " | cfg_hash=0x5175cca07d758d00 | build_id=unknown | dirty=false | intervals_ms=main:250 hedge:500 risk:3000"
    " | metrics_addr=127.0.0.1:9"
)


def startup_line(*venues: str) -> str:
    return STARTUP_LINE.format(venues=",".join(venues))


def record(t: int, step_ms: int = 250, venues: Sequence[str] = ("lighter",), **fields: Any) -> dict[str, Any]:
    indexed = [{"venue_index": index, "venue_id": venue} for index, venue in enumerate(venues)]
    return {"t": t, "treasury_guidance": {"as_of_ms": START_MS + t * step_ms, "venues": indexed}, **fields}


def age_records(
    *ages_ms: int | None, events_ms: Sequence[int | None] | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Return records of one venue with these apply ages, and these event ages or the same; a None age is left out."""
    event_ages = ages_ms if events_ms is None else events_ms
    return [
        record(t, **options, **({} if age is None else {"venue_age_ms": [age], "venue_age_event_ms": [event]}))
        for t, (age, event) in enumerate(zip(ages_ms, event_ages, strict=True))
    ]


def lines(records: Sequence[object]) -> str:
    return "".join(json.dumps(each) + "\n" for each in records)


RX_KEYS = (
    "raw_drained", "raw_l2_delta", "raw_l2_snapshot", "raw_trade", "raw_funding_update", "out_market", "out_l2_delta",
    "out_l2_snapshot", "out_trade", "out_funding_update", "other",
)  # fmt: skip


def rx(cap_hits: Sequence[int], first_tick: int = 0) -> str:
    zeros = " ".join(f"{key}=0" for key in RX_KEYS)
    return "".join(f"market_rx_stats tick={t} {zeros} cap_hits={n}\n" for t, n in enumerate(cap_hits, first_tick))


def analyzed_run(folder: Path, telemetry: str | None, log: Sequence[str] = (), rx: str | None = None) -> RunAnalysis:
    folder.mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in log)
    for name, content in (("telemetry.jsonl", telemetry), ("run.log", text), ("market_rx_stats.log", rx)):
        if content is not None:
            (folder / name).write_text(content, encoding="utf-8")
    return analyze([str(folder)])


def row(analysis: RunAnalysis, name: str) -> CompatRow:
    return next(row for row in analysis.compat if row.name == name)


def upstream(analysis: RunAnalysis, name: str) -> object:
    return row(analysis, name).upstream


def value(analysis: RunAnalysis, figure: str) -> object:
    result = analysis.figure(figure)
    assert result is not None, figure
    return result.value
