"""Measurement of one analysis in a session of its own: time, memory, size of the output, and the ledger's sum."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SETTLE_S = 0.2
"""Pause between two readings of the memory of the processes."""
LIMIT_S = 600
LIMIT_MIB = 6_000
ADDS_UP = "adds up"
"""Ending of an analysis of which each row of the ledger adds up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cost of one analysis: peak MiB of the largest process and of all, bytes of JSON, exit, the ledger's sum."""

    seconds: float
    processor_s: float
    largest_mib: float
    all_mib: float
    json_bytes: int
    ending: str


def _resident_mib(session: int) -> tuple[float, float]:
    """Return the resident memory of the largest process of a session, and of all of them together.

    A page that several processes share, as those of libraries, is counted once in the sum. Worker processes have
    process groups of their own.
    """
    largest = everything = 0.0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if os.getsid(int(folder.name)) == session:
                fields = (line.split() for line in (folder / "smaps_rollup").read_text().splitlines()[1:])
                kib = {name: int(value) for name, value, *_ in fields}
                largest, everything = max(largest, kib["Rss:"] / 1024), everything + kib["Pss:"] / 1024
        except OSError:
            continue
    return largest, everything


def _processor_s() -> float:
    """Return the processor seconds of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(path: Path) -> Outcome:
    """Analyse a file in a session of its own. One that takes too long or too much is killed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began, used_before = time.perf_counter(), _processor_s()
        command = [sys.executable, "-m", "toolkit", "analyze", str(path), "--db", ":memory:", "--format", "json"]
        process = subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
        largest = everything = 0.0
        ending = ""
        while process.poll() is None:
            one, total = _resident_mib(process.pid)
            largest, everything = max(largest, one), max(everything, total)
            if everything > LIMIT_MIB or time.perf_counter() - began > LIMIT_S:
                os.killpg(process.pid, 9)
                ending = "too much memory" if everything > LIMIT_MIB else "no end"
            time.sleep(SETTLE_S)
        seconds, processor_s = time.perf_counter() - began, _processor_s() - used_before
        out.seek(0)
        text = out.read()
        if process.returncode == 0:
            rows = json.loads(text)["ledger"]
            adds_up = all(row["lines"] == row["used"] + row["other"] + sum(row["set_aside"].values()) for row in rows)
            ending = ADDS_UP if adds_up else "DOES NOT ADD UP"
        elif not ending:
            errors.seek(0)
            ending = f"exit {process.returncode}: {errors.read()[-200:].decode(errors='replace').strip()}"
        return Outcome(seconds, processor_s, largest, everything, len(text), ending)
