"""Kill a smoke run, and compare its files with each other and with the venues' ground truth."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.end_to_end.process import VENUES, Smoke, SmokeResult, rows
from toolkit.model.errors import InputError

MAX_RUN_S = 4.0
TICK_INTERVAL_MS = 250
MAX_WRITE_DELAY_MS = 2_000
"""Time that a loaded machine may need to write a tick, in addition to the longest pause of the process."""


def run_and_kill(out: Path, random: Random) -> tuple[SmokeResult, int]:
    """Start a run, send SIGKILL at a random moment, and return its result and the time of the kill (epoch ms)."""
    smoke = Smoke(out, 60, "restless")
    while not (out / "run_meta.json").exists() and smoke.process.poll() is None:
        time.sleep(0.005)
    time.sleep(random.uniform(0.0, MAX_RUN_S))
    smoke.process.kill()
    at_ms = time.time_ns() // 1_000_000
    return smoke.wait(), at_ms


def losses(result: SmokeResult, at_ms: int) -> list[str]:
    """Return what is missing or wrong in the files of a killed run, apart from a torn last line."""
    try:
        assert result.analysis.ledger
    except InputError as error:
        written = [name for name in ("run.log", "telemetry.jsonl") if _file_bytes(result, name)]
        return [f"{error}, although {written} are not empty"] if written else []
    late_ms = MAX_WRITE_DELAY_MS + _longest_pause_ms(result, at_ms)
    return [
        *_ledger_losses(result),
        *_log_losses(result),
        *_tick_losses(result, at_ms, late_ms),
        *_connect_losses(result, at_ms - late_ms),
    ]


def _longest_pause_ms(result: SmokeResult, at_ms: int) -> int:
    """Return the longest pause of the process: its venues write ground truth many times a second."""
    times = [row["t_unix_ms"] for row in result.truth]
    return max((after - before for before, after in pairwise([*times, at_ms])), default=0)


def _ledger_losses(result: SmokeResult) -> list[str]:
    """Return files with lines that are neither used nor a torn last line."""
    found = []
    for each in result.analysis.ledger:
        complete = _file_bytes(result, each.file).endswith(b"\n")
        if each.used + each.other + sum(each.set_aside.values()) != each.lines:
            found.append(f"{each.file}: {each.lines} lines, {each.used} used, {dict(each.set_aside)} set aside")
        if each.set_aside and (complete or sum(each.set_aside.values()) > 1):
            found.append(f"{each.file}: {dict(each.set_aside)} set aside, and not because the last line is torn")
    return found


def _log_losses(result: SmokeResult) -> list[str]:
    """Return events whose log offset is not the start of a line; the last event alone may be missing from the log."""
    log = _file_bytes(result, "run.log")
    offsets = [row["log"] for row in rows(result.out / "events.jsonl")[1:] if "log" in row]
    misplaced = [at for at in offsets if at and log[at - 1 : at] != b"\n"]
    missing = [at for at in offsets if at >= len(log)]
    found = [f"run.log: no line begins at byte {at}" for at in misplaced if at < len(log)]
    return found + ([f"run.log: {len(missing)} events are not in it"] if len(missing) > 1 else [])


def _tick_losses(result: SmokeResult, at_ms: int, late_ms: int) -> list[str]:
    """Return gaps in the ticks, and whether the ticks before the kill are missing."""
    numbers = [record["t"] for record in result.telemetry]
    if numbers != list(range(len(numbers))):
        return ["telemetry.jsonl: ticks are missing"]
    counted = len(_file_bytes(result, "market_rx_stats.log").splitlines())
    found = [] if 0 <= counted - len(numbers) <= 2 else [f"{counted} ticks counted, {len(numbers)} recorded"]
    if (
        numbers
        and (last_ms := result.telemetry[-1]["treasury_guidance"]["as_of_ms"]) < at_ms - TICK_INTERVAL_MS - late_ms
    ):
        found.append(f"telemetry.jsonl: nothing in the last {at_ms - last_ms} ms")
    return found


def _connect_losses(result: SmokeResult, until_ms: int) -> list[str]:
    """Return venues whose log lacks a connection that was accepted before `until_ms`."""
    found = []
    for venue in VENUES:
        accepted = [row["t_unix_ms"] for row in result.truth_rows("accept", venue)]
        expected = sum(each < until_ms for each in accepted)
        figure = result.analysis.figure(f"{venue}.connects")
        counted = figure.value if figure is not None and figure.value is not None else 0
        if not expected <= counted <= len(accepted):
            found.append(f"{venue}: {counted} connects of {len(accepted)} accepted")
    return found


def _file_bytes(result: SmokeResult, name: str) -> bytes:
    path = result.out / name
    return path.read_bytes() if path.exists() else b""


def summary(result: SmokeResult) -> str:
    """Return one line of JSON: ticks, connections and files with a torn last line."""
    files = [path for path in sorted(result.out.iterdir()) if path.suffix != ".json"]
    torn = [path.name for path in files if (data := path.read_bytes()) and not data.endswith(b"\n")]
    connects = sum(len(result.truth_rows("accept", venue)) for venue in VENUES)
    counts = {"ticks": len(result.telemetry), "connections": connects, "torn": torn}
    return json.dumps(counts)
