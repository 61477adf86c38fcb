"""A hostile venue in a process of its own with a low priority, so that the work of attacking delays no other venue.

`python -m tests.attacks.hostile_process VENUE` prints the environment that leads to the venue as one line of JSON, and
takes a line with the name of an attack, which begins it, or an empty line, which ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.attacks.catalogue import ATTACKS
from tests.attacks.trial import hostile_venues

LOWER_PRIORITY = 10


class HostileProcess:
    """A running hostile venue; `environ` leads to it."""

    def __init__(self, process: asyncio.subprocess.Process, environ: dict[str, str]) -> None:
        self._process = process
        self.environ = environ

    def begin(self, attack: str) -> None:
        """Begin an attack."""
        self._write(attack)

    def end(self) -> None:
        """End the attack."""
        self._write("")

    def _write(self, line: str) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(f"{line}\n".encode())


@asynccontextmanager
async def hostile_process(venue: str) -> AsyncIterator[HostileProcess]:
    """Run a hostile venue in a process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.attacks.hostile_process", venue,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        line = b"" if process.stdout is None else await process.stdout.readline()
        yield HostileProcess(process, json.loads(line))
    finally:
        process.terminate()
        await process.wait()


async def _serve(venue: str) -> None:
    attacks = {each.name: each for each in ATTACKS}
    async with hostile_venues((venue,)) as (fronts, environ):
        print(json.dumps(environ), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            name = line.strip()
            fronts[venue].begin(attacks[name].make(venue)) if name else fronts[venue].end()


if __name__ == "__main__":
    os.nice(LOWER_PRIORITY)
    asyncio.run(_serve(sys.argv[1]))
