"""One trial: a client's script against one simulated venue, and what both sides recorded."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import truth
from tests.conformance.cells import COLUMNS, Cell, Event, cells
from tests.conformance.environments import Environment, InstallError, install
from tests.conformance.registry import Client
from tests.conformance.venue_server import served

START_S = 40
"""Time that a client gets to import, connect and subscribe before the quiet time counts, in seconds."""
AFTER_DROP_S = 25
"""Time after the drop in which a client can connect again, in seconds."""
BASE = "ETH"


@dataclass(frozen=True, slots=True)
class Row:
    """Row of the table: a client at a venue, the versions that ran, and a cell for each column."""

    client: str
    venue: str
    version: str
    python: str
    cells: list[Cell]


def trial(client: Client, venue: str, seconds: float, keep: Path | None = None) -> Row:
    """Run a client against a venue for `seconds` in quiet and through one drop; `keep` receives the recorded files."""
    try:
        environment = install(client)
    except InstallError as reason:
        return Row(client.name, venue, client.version, "–", [Cell(False, f"not installable: {reason}"), *_none()])
    with tempfile.TemporaryDirectory(prefix="conformance-") as temporary:
        folder = keep / f"{client.name}.{venue}" if keep else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "truth.jsonl").unlink(missing_ok=True)
        lasts_s = seconds + START_S + AFTER_DROP_S
        with served(venue, BASE, seconds + START_S, lasts_s + 2 * START_S, folder) as (address, truth_file):
            events = _run(client, environment, venue, address, lasts_s, folder)
        stderr = (folder / "client.err").read_text(errors="replace")
        found = cells(events, truth.read(truth_file), seconds, stderr)
    return Row(client.name, venue, client.version, environment.versions["python"], found)


def _run(
    client: Client, environment: Environment, venue: str, address: str, seconds: float, folder: Path
) -> list[Event]:
    """Run the script of a client and return its events."""
    settings = {"SERVER": address, "VENUE": venue, "BASE": BASE, "SECONDS": str(seconds), "PYTHONUNBUFFERED": "1"}
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    with (folder / "client.out").open("w") as out, (folder / "client.err").open("w") as err:
        process = subprocess.Popen(
            [environment.python, client.script], env=inherited | settings, cwd=folder, stdout=out, stderr=err
        )
        try:
            process.wait(seconds + START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return list(events((folder / "client.out").read_text(errors="replace").splitlines()))


def events(lines: Iterable[str]) -> Iterable[Event]:
    """Yield the events among the lines that a script and its client printed."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event and "at" in event:
            yield event


def _none() -> list[Cell]:
    return [Cell(None, "–")] * (len(COLUMNS) - 1)
