"""Masking makes lines shorter or longer: arrival times move with the lines that they belong to."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from toolkit.files.discovery import discover
from toolkit.model.recorded.arrivals import Arrival, Arrivals, header, line, parse
from toolkit.packs.inputs.copies import copy_run

START = b"paraphina | start\n"
LINES = st.sampled_from([
    b"INFO: Lighter public WS connecting\n", b"peer 203.0.113.7:443 refused\n", b"token=x1y2z3\n", b"pw=q\n",
    b'snippet={"session_id":"00000000-0000-0000-0000-000000000001"}\n', b"\n",
])  # fmt: skip


def times_of_lines(log: bytes, arrivals: Arrivals) -> list[tuple[Arrival | None, Arrival | None]]:
    """The arrival of the first and of the last byte of each line, by its time."""
    found, begin = [], 0
    for each in log.splitlines(keepends=True):
        ends = (arrivals.at(begin), arrivals.at(begin + len(each) - 1))
        found.append(tuple(arrival and arrival.at_ms for arrival in ends))
        begin += len(each)
    return found  # type: ignore[return-value]


@given(st.lists(LINES, min_size=1, max_size=30), st.lists(st.integers(0, 600), max_size=20), st.integers(0, 30))
def test_each_line_keeps_the_time_at_which_it_began_and_ended(lines: list[bytes], cuts: list[int], split: int) -> None:
    lines = [START, *lines]
    log = b"".join(lines)
    rows = [Arrival(byte, 1_000 + number, 5) for number, byte in enumerate(sorted({0, *cuts})) if byte < len(log)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        folder.mkdir()
        older, newer = b"".join(lines[:split]), b"".join(lines[split:])
        if older and newer:
            (folder / "run.log.1.gz").write_bytes(gzip.compress(older))
        (folder / "run.log").write_bytes(newer if older and newer else log)
        (folder / "run.log.times.jsonl").write_bytes(header("run.log") + b"".join(map(line, rows)))
        files = discover([str(folder)])
        packed, _ = copy_run(files, Path(name), "data/runs/run")
        copy = Path(name) / "data/runs/run"
        texts = [gzip.decompress(each.read_bytes()) for each in copy.glob("*.gz")] + [(copy / "run.log").read_bytes()]
        with (copy / "run.log.times.jsonl").open("rb") as stream:
            moved = parse(stream)
        masked = b"".join(texts)
    assert times_of_lines(masked, moved) == times_of_lines(log, Arrivals("run.log", tuple(rows)))
    assert [row.at_ms for row in moved.rows] == [row.at_ms for row in rows]
    assert (b"203.0.113.7" in log) is (b"203.0.113.7" in log and b"203.0.113.7" not in masked)
    assert sum(file.masked for file in packed) == sum(
        old != new for old, new in zip(log.split(b"\n"), masked.split(b"\n"), strict=True)
    )
