"""Write runs of a few lines for a test, and analyse them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from toolkit.analysis.pipeline import analyze
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis

START_MS = 1_700_000_000_000
VENUES = ("hyperliquid", "lighter", "aster")
START_LINE = (
    "paraphina_live | trade_mode=shadow | venues=hyperliquid,lighter,aster | connectors=hyperliquid,lighter,aster"
)


def stamped(lines: Iterable[tuple[float, str]]) -> str:
    """Return a log with a CI timestamp before each line; times are seconds since the start."""
    return "".join(f"{_iso(at_s)} {text}\n" for at_s, text in lines)


def _iso(at_s: float) -> str:
    at = datetime.fromtimestamp(START_MS / 1_000 + at_s, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def record(t: int, at_s: float, ages_ms: Sequence[int], **more: object) -> str:
    """Return one telemetry record as a line; an age of −1 means that no book was applied."""
    guidance = {
        "as_of_ms": START_MS + round(at_s * 1_000),
        "venues": [{"venue_index": i, "venue_id": venue} for i, venue in enumerate(VENUES)],
    }
    fields: Mapping[str, object] = {
        "t": t, "treasury_guidance": guidance, "venue_age_ms": list(ages_ms), "venue_age_event_ms": list(ages_ms),
        "venue_mid_usd": [100.0 if age >= 0 else 0.0 for age in ages_ms], **more,
    }  # fmt: skip
    return json.dumps(fields) + "\n"


def analysed(folder: Path, log: str = "", telemetry: str = "") -> RunAnalysis:
    """Write the log and telemetry into `folder`, if not empty, and analyse it."""
    if log:
        (folder / "run.log").write_text(START_LINE + "\n" + log, encoding="utf-8")
    if telemetry:
        (folder / "telemetry.jsonl").write_text(telemetry, encoding="utf-8")
    return analyze([str(folder)])


def figure(run: RunAnalysis, name: str) -> Figure:
    """Return the figure of that name, and fail if it does not exist."""
    found = run.figure(name)
    assert found is not None, name
    return found
