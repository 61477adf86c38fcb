"""Smoke runs as processes, and their results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.truth_rows import without_side_feeds
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import ReconnectReason

SCENARIOS = Path(__file__).parent / "scenarios"
VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
PATIENCE_S = 300


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the complete lines of a JSON Lines file, without a torn last line."""
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


@dataclass(frozen=True)
class SmokeResult:
    """The result of a smoke run: its run directory, ground truth, exit code and output."""

    out: Path
    code: int
    printed: str

    @cached_property
    def analysis(self) -> RunAnalysis:
        return analyze([str(self.out)])

    @cached_property
    def truth(self) -> list[dict[str, Any]]:
        return without_side_feeds(rows(truth_path(self.out)))

    @cached_property
    def telemetry(self) -> list[dict[str, Any]]:
        return rows(self.out / "telemetry.jsonl")

    def truth_rows(self, event: str, venue: str) -> list[dict[str, Any]]:
        """Return the rows of the ground truth for one event and venue, without those of side feeds."""
        return [row for row in self.truth if row["event"] == event and row["venue"] == venue]

    def value(self, figure: str) -> Any:
        result = self.analysis.figure(figure)
        assert result is not None, figure
        return result.value

    def reconnects(self, venue: str) -> dict[ReconnectReason, int]:
        """Return the reconnects by reason, without zeros."""
        counts = {reason: self.value(f"{venue}.reconnects.{reason}") for reason in ReconnectReason}
        return {reason: count for reason, count in counts.items() if count}


def truth_path(out: Path) -> Path:
    """Return the path of the run's ground truth."""
    return out.with_suffix(".truth.jsonl")


class Smoke:
    """A running `toolkit smoke`; its environment has no variables of the connectors except those given."""

    def __init__(self, out: Path, seconds: float, scenario: str = "", **environ: object) -> None:
        self.out = out
        clean = {
            name: text for name, text in os.environ.items() if not name.startswith(("PARAPHINA_", "HL_", "TOOLKIT_"))
        }
        argv = [sys.executable, "-m", "toolkit", "smoke", "--minutes", str(seconds / 60), "--out", str(out)]
        argv += ["--truth", str(truth_path(out)), "--db", ":memory:"]
        argv += ["--scenario", str(SCENARIOS / f"{scenario}.toml")] if scenario else []
        self.process = subprocess.Popen(
            argv,
            env=clean | {name: str(value) for name, value in environ.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait(self) -> SmokeResult:
        """Wait until the process ends."""
        try:
            printed, _ = self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()
        return SmokeResult(self.out, self.process.returncode, printed)


def wait_for_all_venues(smoke: Smoke) -> None:
    """Wait until every venue has sent a book and five ticks are written, or until the run ends."""
    while smoke.process.poll() is None:
        sending = {row["venue"] for row in rows(truth_path(smoke.out)) if row["event"] == "frame"}
        if sending == set(VENUES) and len(rows(smoke.out / "telemetry.jsonl")) > 4:
            return
        time.sleep(0.05)


def ticks(result: SmokeResult, venue: str) -> Iterator[tuple[int, tuple[float, float, float]]]:
    """Yield each tick's time (epoch ms) and the venue's mid, spread and depth in it (USD)."""
    index = VENUES.index(venue)
    for record in result.telemetry:
        at_ms = record["treasury_guidance"]["as_of_ms"]
        mid, spread, depth = (record[f"venue_{name}_usd"][index] for name in ("mid", "spread", "depth_near_mid"))
        yield at_ms, (mid, spread, depth)
