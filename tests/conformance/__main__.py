"""Run the official clients against the simulated venues and print the table of what each could do.

`python -m tests.conformance [--client NAME …] [--venue NAME …] [--seconds 130] [--jobs 2] [--out TABLE.md] [--keep DIR]`

Each client runs in an environment of its own that is made at its first run and kept in ~/.cache/toolkit-conformance. A client that
cannot be installed is a row of the table with the reason. Each row takes `--seconds` and 65 s more; `--jobs` rows run at a
time. `--keep` keeps what each client printed and the ground truth of its venue.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.conformance.registry import clients
from tests.conformance.table import markdown
from tests.conformance.trial import Row, trial


def main() -> None:
    known = clients()
    venues = sorted({venue for client in known.values() for venue in client.venues})
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--client", action="append", choices=known, help="run this client only; may be repeated")
    parser.add_argument("--venue", action="append", choices=venues, help="run at this venue only; may be repeated")
    parser.add_argument("--seconds", type=float, default=130, help="quiet time of each client (default: 130)")
    parser.add_argument("--jobs", type=int, default=2, help="rows at a time (default: 2)")
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    parser.add_argument("--keep", type=Path, help="keep the recorded files in this directory")
    asked = parser.parse_args()
    pairs = [
        (client, venue)
        for client in known.values()
        if not asked.client or client.name in asked.client
        for venue in client.venues
        if not asked.venue or venue in asked.venue
    ]
    with ThreadPoolExecutor(asked.jobs) as pool:
        rows: list[Row] = []
        for row in pool.map(lambda pair: trial(*pair, asked.seconds, asked.keep), pairs):
            print(
                f"{row.client} at {row.venue}: {sum(bool(cell.passed) for cell in row.cells)} of {len(row.cells)}",
                file=sys.stderr,
            )
            rows.append(row)
    table = markdown(rows, datetime.now(UTC).date().isoformat(), asked.seconds)
    print(table)
    if asked.out:
        asked.out.write_text(table)


if __name__ == "__main__":
    main()
