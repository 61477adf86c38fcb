"""`python -m tests.simulation`: simulate the fault table in virtual time and print it in Markdown."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.simulation.fault_rows import SQUARE_ROWS
from tests.simulation.latin_square import simulate_square_run
from tests.simulation.table import markdown_table

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(
            markdown_table([simulate_square_run(number, Path(folder)) for number in range(len(SQUARE_ROWS))])
        )
