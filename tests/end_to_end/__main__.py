"""`python -m tests.end_to_end --kills 20`: kill so many smokes, each at a random moment, and say what was lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.end_to_end.killed import killed, losses, story


def main() -> int:
    """Kill, look, tell; the exit code is 1 where anything but a torn line was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    asked = parser.parse_args()
    lost = 0
    sys.stdout.write(f"seed {asked.seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.kills):
            left, at_ms = killed(Path(folder) / f"run{number}", Random(f"{asked.seed}/{number}"))
            found = losses(left, at_ms)
            lost += bool(found)
            sys.stdout.write(f"{number + 1:3} {story(left)} {'; '.join(found) or 'nothing lost'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{asked.kills} kills, {lost} with a loss\n")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
