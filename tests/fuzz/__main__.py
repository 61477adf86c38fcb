"""The fuzz test, as long as you like."""

import argparse
import tempfile
from pathlib import Path

from tests.fuzz.check import run

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--count", type=int, default=1_000)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    outcomes = run(given.seed, given.count, Path(folder))
print(f"seed {given.seed}, {given.count} damaged runs: {dict(outcomes)}")  # noqa: T201
