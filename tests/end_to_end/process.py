"""Smokes as processes of their own, and what they left."""

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

from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import ReconnectReason

SCENARIOS = Path(__file__).parent / "scenarios"
VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
PATIENCE_S = 300


def rows(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a JSON Lines file; one that a kill tore off at the end is left out."""
    text = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


@dataclass(frozen=True)
class Left:
    """What a smoke left: its run directory, the truth of its venues, its exit code and what it printed."""

    out: Path
    code: int
    printed: str

    @cached_property
    def analysis(self) -> RunAnalysis:
        return analyze([str(self.out)])

    @cached_property
    def truth(self) -> list[dict[str, Any]]:
        return rows(truth_of(self.out))

    @cached_property
    def telemetry(self) -> list[dict[str, Any]]:
        return rows(self.out / "telemetry.jsonl")

    def told(self, event: str, venue: str) -> list[dict[str, Any]]:
        """The truth's rows of one kind."""
        return [row for row in self.truth if row["event"] == event and row["venue"] == venue]

    def value(self, figure: str) -> Any:
        found = self.analysis.figure(figure)
        assert found is not None, figure
        return found.value

    def reconnects(self, venue: str) -> dict[ReconnectReason, int]:
        """Reconnects by reason, without the zeros."""
        counts = {reason: self.value(f"{venue}.reconnects.{reason}") for reason in ReconnectReason}
        return {reason: count for reason, count in counts.items() if count}


def truth_of(out: Path) -> Path:
    """Where the venues of a run write what they did."""
    return out.with_suffix(".truth.jsonl")


class Smoke:
    """One `toolkit smoke` on its way; its environment has no name of the connectors but those given."""

    def __init__(self, out: Path, seconds: float, scenario: str = "", **environ: object) -> None:
        self.out = out
        clean = {
            name: text for name, text in os.environ.items() if not name.startswith(("PARAPHINA_", "HL_", "TOOLKIT_"))
        }
        argv = [sys.executable, "-m", "toolkit", "smoke", "--minutes", str(seconds / 60), "--out", str(out)]
        argv += ["--truth", str(truth_of(out)), "--db", ":memory:"]
        argv += ["--scenario", str(SCENARIOS / f"{scenario}.toml")] if scenario else []
        self.process = subprocess.Popen(
            argv,
            env=clean | {name: str(value) for name, value in environ.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def left(self) -> Left:
        """Wait for its end."""
        try:
            printed, _ = self.process.communicate(timeout=PATIENCE_S)
        finally:
            self.process.kill()
        return Left(self.out, self.process.returncode, printed)


def wait_until_everyone_speaks(smoke: Smoke) -> None:
    """Wait until every venue has sent a book, and ticks have told it on; or until the smoke ends."""
    while smoke.process.poll() is None:
        speaking = {row["venue"] for row in rows(truth_of(smoke.out)) if row["event"] == "frame"}
        if speaking == set(VENUES) and len(rows(smoke.out / "telemetry.jsonl")) > 4:
            return
        time.sleep(0.05)


def ticks(left: Left, venue: str) -> Iterator[tuple[int, tuple[float, float, float]]]:
    """Each tick's time and what it had of a venue: mid, spread and depth of the best levels."""
    index = VENUES.index(venue)
    for record in left.telemetry:
        at_ms = record["treasury_guidance"]["as_of_ms"]
        mid, spread, depth = (record[f"venue_{name}_usd"][index] for name in ("mid", "spread", "depth_near_mid"))
        yield at_ms, (mid, spread, depth)
