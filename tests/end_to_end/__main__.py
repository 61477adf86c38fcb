"""`python -m tests.end_to_end --kills 20`: kill 20 smoke runs, each at a random moment, and print what was lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.end_to_end.killed import losses, run_and_kill, summary


def main() -> int:
    """Run and kill, check what is left, print it; return 1 if anything but a torn last line was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    arguments = parser.parse_args()
    lost = 0
    sys.stdout.write(f"seed {arguments.seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.kills):
            result, at_ms = run_and_kill(Path(folder) / f"run{number}", Random(f"{arguments.seed}/{number}"))
            found = losses(result, at_ms)
            lost += bool(found)
            sys.stdout.write(f"{number + 1:3} {summary(result)} {'; '.join(found) or 'nothing lost'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{arguments.kills} kills, {lost} with a loss\n")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
