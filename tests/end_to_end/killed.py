"""A smoke killed in the middle of its work, and what it left held against itself and against the venues' own record."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from random import Random

from tests.end_to_end.process import VENUES, Left, Smoke, rows
from toolkit.model.errors import InputError

LONGEST_S = 4.0
EACH_TICK_MS = 250
SLOW_MS = 2_000
"""What a machine with other work may take for the way of one tick to its file, beside the time it stood still."""


def killed(out: Path, random: Random) -> tuple[Left, int]:
    """Run one and kill it with SIGKILL at a random moment after its directory exists; also when that was, epoch ms."""
    smoke = Smoke(out, 60, "restless")
    while not (out / "run_meta.json").exists() and smoke.process.poll() is None:
        time.sleep(0.005)
    time.sleep(random.uniform(0.0, LONGEST_S))
    smoke.process.kill()
    at_ms = time.time_ns() // 1_000_000
    return smoke.left(), at_ms


def losses(left: Left, at_ms: int) -> list[str]:
    """What is missing or wrong in what a killed run left; empty where nothing is but a torn last line."""
    try:
        assert left.analysis.ledger
    except InputError as error:
        written = [name for name in ("run.log", "telemetry.jsonl") if _octets(left, name)]
        return [f"{error}, though {written} hold something"] if written else []
    late_ms = SLOW_MS + _stood_still_ms(left, at_ms)
    return [*_accounts(left), *_log(left), *_ticks(left, at_ms, late_ms), *_connects(left, at_ms - late_ms)]


def _stood_still_ms(left: Left, at_ms: int) -> int:
    """The longest time in which the process gave no sign of life: its venues tell something many times a second."""
    signs = [row["t_unix_ms"] for row in left.truth]
    return max((after - before for before, after in pairwise([*signs, at_ms])), default=0)


def _accounts(left: Left) -> list[str]:
    """Every line is used, or is the torn last one."""
    found = []
    for each in left.analysis.ledger:
        whole = _octets(left, each.file).endswith(b"\n")
        if each.used + sum(each.set_aside.values()) != each.lines:
            found.append(f"{each.file}: {each.lines} lines, {each.used} used, {dict(each.set_aside)} set aside")
        if each.set_aside and (whole or sum(each.set_aside.values()) > 1):
            found.append(f"{each.file}: {dict(each.set_aside)} set aside, and not because the last line is torn")
    return found


def _log(left: Left) -> list[str]:
    """Each event that the log tells too begins a line of the log, at the byte it names; only the last may be missing."""
    log = _octets(left, "run.log")
    begins = [row["log"] for row in rows(left.out / "events.jsonl")[1:] if "log" in row]
    astray = [at for at in begins if at and log[at - 1 : at] != b"\n"]
    missing = [at for at in begins if at >= len(log)]
    found = [f"run.log: no line begins at byte {at}" for at in astray if at < len(log)]
    return found + ([f"run.log: {len(missing)} events are not in it"] if len(missing) > 1 else [])


def _ticks(left: Left, at_ms: int, late_ms: int) -> list[str]:
    """Every tick up to the kill is there, and none is missing in between."""
    numbers = [record["t"] for record in left.telemetry]
    if numbers != list(range(len(numbers))):
        return ["telemetry.jsonl: ticks are missing"]
    counted = len(_octets(left, "market_rx_stats.log").splitlines())
    found = [] if 0 <= counted - len(numbers) <= 2 else [f"{counted} ticks counted, {len(numbers)} recorded"]
    if numbers and (last_ms := left.telemetry[-1]["treasury_guidance"]["as_of_ms"]) < at_ms - EACH_TICK_MS - late_ms:
        found.append(f"telemetry.jsonl: nothing in the last {at_ms - last_ms} ms")
    return found


def _connects(left: Left, until_ms: int) -> list[str]:
    """The log has every connection that the venue accepted, but for those after this moment."""
    found = []
    for venue in VENUES:
        accepted = [row["t_unix_ms"] for row in left.told("accept", venue)]
        settled = sum(each < until_ms for each in accepted)
        figure = left.analysis.figure(f"{venue}.connects")
        counted = figure.value if figure is not None and figure.value is not None else 0
        if not settled <= counted <= len(accepted):
            found.append(f"{venue}: {counted} connects of {len(accepted)} accepted")
    return found


def _octets(left: Left, name: str) -> bytes:
    path = left.out / name
    return path.read_bytes() if path.exists() else b""


def story(left: Left) -> str:
    """One line on what was left."""
    files = [path for path in sorted(left.out.iterdir()) if path.suffix != ".json"]
    torn = [path.name for path in files if (octets := path.read_bytes()) and not octets.endswith(b"\n")]
    connects = sum(len(left.told("accept", venue)) for venue in VENUES)
    words = {"ticks": len(left.telemetry), "connections": connects, "torn": torn}
    return json.dumps(words)
