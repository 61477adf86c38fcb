"""Analyse any number of damaged runs and count the outcomes."""

import argparse
import tempfile
from pathlib import Path

from tests.fuzz.check import run

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--count", type=int, default=1_000)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    outcomes = run(options.seed, options.count, Path(folder))
print(f"seed {options.seed}, {options.count} damaged runs: {dict(outcomes)}")  # noqa: T201
