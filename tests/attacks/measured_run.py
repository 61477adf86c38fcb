"""A run of the connectors in a process of its own, whose memory, share of a core, files and health are measured."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.attacks.process_load import ProcessLoad

FRESH_MS = 1_500
POLL_S = 0.1
OWN_RESET = "Connection reset by peer"


@dataclass(frozen=True)
class Load:
    """The use of resources by a run over a time: peak memory (MB), share of a core, and growth of its files (kB a second)."""

    peak_mb: float
    share: float
    grown_kb_s: float


class MeasuredRun:
    """A running `toolkit smoke` against the hostile venues of `environ`; only Linux has the files that it reads."""

    def __init__(self, process: asyncio.subprocess.Process, out: Path) -> None:
        self._process = process
        self._load = ProcessLoad(process.pid)
        self.out = out

    async def well(self, venue: str, within_s: float, since_unix_ms: float = 0) -> float | None:
        """Wait until the venue is healthy with a fresh book; return the time in s, None if it is not in time.

        A book that was applied before `since_unix_ms` does not count, nor does one whose time at the venue is old or in
        the future: messages of an attack may wait for seconds in the buffers of the system.
        """
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while loop.time() - began_s <= within_s:
            if self._process.returncode is not None:
                return None
            if self._is_well(venue, since_unix_ms):
                return loop.time() - began_s
            await asyncio.sleep(POLL_S)
        return None

    def _is_well(self, venue: str, since_unix_ms: float) -> bool:
        record = self.last_record()
        if record is None:
            return False
        at = [each["venue_id"] for each in record["toolkit"]["venues"]].index(venue)
        state, status = record["toolkit"]["venues"][at]["state"], record["venue_status"][at]
        age_ms, at_ms = int(record["venue_age_ms"][at]), int(record["treasury_guidance"]["as_of_ms"])
        own_time = record["toolkit"]["venues"][at].get("event_time") != "ahead"
        of_now = own_time and int(record["venue_age_event_ms"][at]) <= 2 * FRESH_MS
        fresh = 0 <= age_ms <= FRESH_MS and at_ms - age_ms >= since_unix_ms
        return (state, status) == ("open", "Healthy") and fresh and of_now

    def last_record(self) -> dict[str, Any] | None:
        """Return the last whole record of telemetry, None before the first."""
        path = self.out / "telemetry.jsonl"
        if not path.exists():
            return None
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 60_000))
            lines = stream.read().split(b"\n")[:-1]
        for line in reversed(lines):
            try:
                record: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            return record
        return None

    def events_since(self, offset: int) -> list[dict[str, Any]]:
        """Return the events after this length of the file."""
        data = (self.out / "events.jsonl").read_bytes()[offset:]
        return [json.loads(line) for line in data.split(b"\n") if line]

    @property
    def events_bytes(self) -> int:
        """Length of the file of events."""
        return (self.out / "events.jsonl").stat().st_size

    async def measure(self, for_s: float) -> Load:
        """Measure the process over this time."""
        size = self._bytes()
        peak_mb, share = await self._load.measure(for_s)
        return Load(peak_mb, share, (self._bytes() - size) / for_s / 1_000)

    def _bytes(self) -> int:
        return sum(path.stat().st_size for path in self.out.rglob("*") if path.is_file())

    async def stop(self) -> None:
        """Interrupt the run and wait for its end."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        await self._process.wait()


@asynccontextmanager
async def measured_run(
    out: Path,
    venues: Sequence[str],
    environ: Mapping[str, str],
    minutes: float,
    program: Sequence[str] = ("toolkit",),
) -> AsyncIterator[MeasuredRun]:
    """Run the connectors of these venues into `out`; `program` is the module of the command, and its first arguments."""
    command = ["-m", *program, "smoke", "--feed", "live", "--venues", ",".join(venues), "--minutes", f"{minutes:g}"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, "--out", str(out), "--quiet",
        env={**os.environ, **environ}, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    run = MeasuredRun(process, out)
    try:
        yield run
    finally:
        await run.stop()


def reasons(events: Sequence[Mapping[str, Any]]) -> str:
    """Return what the run told of its venue in these events: reasons of ends, failed requests and resyncs, counted.

    Resets are left out, because an attack begins or ends with one.
    """
    told: Counter[str] = Counter()
    for event in events:
        fields = event["fields"]
        match event["kind"]:
            case "reconnect" if OWN_RESET not in str(fields.get("detail")):
                told[f"{fields['reason']}{_said(fields)}"] += 1
            case "snapshot_failed" | "funding_failed":
                told[f"{event['kind']}{_said(fields)}"] += 1
            case "resync":
                told[f"resync {fields['reason']}"] += 1
            case "quiet_look" | "frozen_book" | "panic":
                told[event["kind"]] += 1
    return "; ".join(f"{text} ×{count}" if count > 1 else text for text, count in told.most_common(3))


def _said(fields: Mapping[str, Any]) -> str:
    silence = fields.get("silence")
    detail = str(fields.get("detail", "")).replace("|", "/")
    return f" {silence}" if silence else f" ({_printable(detail)})" if detail else ""


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "·" for each in text[:60])
