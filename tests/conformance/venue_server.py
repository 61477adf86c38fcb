"""One simulated venue as a process of its own: `toolkit venues serve` with its ground truth and one drop."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCENARIO = """name = "one drop"

[[fault]]
venue = "{venue}"
kind = "drop"
at_s = {drop_s}
"""


@contextmanager
def served(venue: str, base: str, drop_s: float, most_s: float, folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve a venue that drops every connection at `drop_s` seconds; yields its host and port, and the truth file.

    The server ends by itself after `most_s`, so that none is left if this process is killed. Raises RuntimeError if it
    does not start.
    """
    scenario, truth = folder / "scenario.toml", folder / "truth.jsonl"
    scenario.write_text(SCENARIO.format(venue=venue, drop_s=drop_s))
    options = ("--venue", venue, "--base", base, "--scenario", scenario, "--truth", truth, "--minutes", most_s / 60)
    command = (sys.executable, "-m", "toolkit", "venues", "serve", *map(str, options))
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            address = next(
                (found[0] for line in process.stdout if (found := re.search(r"127\.0\.0\.1:\d+", line))), None
            )
            if address is None:
                raise RuntimeError(f"the venue {venue} did not start: {(folder / 'server.log').read_text()[-300:]}")
            yield address, truth
        finally:
            process.terminate()
            process.stdout.close()
