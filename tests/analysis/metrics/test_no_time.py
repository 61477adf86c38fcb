"""Records with equal times: no time passes, so no share of it is known."""

from __future__ import annotations

import json
import math
from pathlib import Path

from toolkit.analysis.metrics import NOTHING_TO_DIVIDE_BY
from toolkit.analysis.pipeline import analyze

STANDING = {"as_of_ms": 1_700_000_000_000, "venues": [{"venue_index": 0, "venue_id": "lighter"}]}


def test_a_share_of_zero_time_is_null(tmp_path: Path) -> None:
    records = (
        {
            "t": t,
            "treasury_guidance": STANDING,
            "venue_age_ms": [5],
            "venue_age_event_ms": [9],
            "venue_status": ["Stale"],
        }
        for t in range(3)
    )
    file = tmp_path / "telemetry.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in records))
    figures = {each.figure: each for each in analyze([str(file)]).figures}
    assert figures["lighter.fresh.share"].value is None
    assert figures["lighter.fresh.share"].note == NOTHING_TO_DIVIDE_BY
    assert [name for name, each in figures.items() if each.value is not None and not math.isfinite(each.value)] == []
