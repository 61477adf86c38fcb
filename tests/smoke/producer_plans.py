"""The test producer and the plans that run it under supervision."""

from __future__ import annotations

import sys
from pathlib import Path

from toolkit.smoke.stop_policy import TimeLimits
from toolkit.smoke.supervisor import SupervisionPlan

PRODUCER = (sys.executable, str(Path(__file__).parent / "producer.py"))
PATIENCE_S = 300


def plan(
    out: Path,
    *arguments: str,
    argv: tuple[str, ...] | None = None,
    profile: str | None = None,
    run_ms: float = 100,
    build_ms: float = 120_000,
    grace_ms: float = 60_000,
) -> SupervisionPlan:
    """Return a plan with short intervals; without `argv`, of the test producer with these arguments."""
    command = argv or (*PRODUCER, "--telemetry", "{out}/telemetry.jsonl", *arguments)
    limits = TimeLimits(run_ms, build_ms, grace_ms)
    return SupervisionPlan(command, out, limits, profile, poll_ms=5, load_every_ms=20, search_every_ms=20, silent_ms=50)
