"""`python -m tests.simulation`: live through the fault table in virtual time and print it in Markdown."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.simulation.square import KINDS, lived
from tests.simulation.table import table

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(table([lived(number, Path(folder)) for number in range(len(KINDS))]))
