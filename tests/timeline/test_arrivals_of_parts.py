"""Times beside a log that was rotated or cut afterwards are given to the bytes they were taken of, or to none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, START_MS
from toolkit.analysis.pipeline import Options, analyze
from toolkit.db.store import connect
from toolkit.model.recorded.arrivals import FILE_NAME, Arrival, header, line

LINES = [START_LINE] + [
    f"INFO: Lighter public WS {what} url=ws://127.0.0.1:1/ n={n}\n" for n in range(9) for what in ("connecting", "connected")
]  # fmt: skip
LINES[0] += "\n"
LOG = "".join(LINES).encode()
STARTS = [len("".join(LINES[:n])) for n in range(len(LINES))]
TIMES = header("run.log") + b"".join(line(Arrival(at, START_MS + n * 1_000, 10)) for n, at in enumerate(STARTS))
EVENTS = b"".join(
    json.dumps(row).encode() + b"\n"
    for row in [
        {"schema": "toolkit.event/1", "log": "run.log"},
        *({"at_us": (START_MS + n * 1_000) * 1_000, "kind": "x", "log": at} for n, at in enumerate(STARTS)),
    ]
)
BESIDE = {FILE_NAME: TIMES, "events.jsonl": EVENTS}
CUT, WITHIN = STARTS[9], STARTS[9] + 20


def placed(folder: Path, files: Mapping[str, bytes]) -> tuple[list[tuple[str, int, int | None]], list[str]]:
    """The file, number and time (ms since the start) of each recognised line; and the codes of the findings."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    said = analyze([str(folder)], db := str(folder.parent / "store.duckdb"), Options(scope="ages"))
    with connect(db, read_only=True) as con:
        rows = con.execute("select file, line, at_ms - ? from log_events", [START_MS]).fetchall()
    return rows, [each.code for each in said.findings]


HERE = {
    "whole": {"run.log": LOG},
    "rotated": {"run.log.1": LOG[:CUT], "run.log": LOG[CUT:]},
    "rotated within a line": {"run.log.1": LOG[:WITHIN], "run.log": LOG[WITHIN:]},
    "packed": {"run.log.2.gz": gzip.compress(LOG[:99]), "run.log.1.gz": gzip.compress(LOG[99:CUT]), "run.log": LOG[CUT:]},
    "renamed": {"run.log.1": LOG},
    "grown": {"run.log": LOG + b"job\n" * 9},
}  # fmt: skip


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("log", HERE.values(), ids=HERE)
def test_each_line_has_the_time_of_its_own_bytes(tmp_path: Path, log: Mapping[str, bytes], beside: str) -> None:
    rows, codes = placed(tmp_path / "run", {**log, beside: BESIDE[beside]})
    assert sorted(at or 0 for *_, at in rows) == [1_000 * n for n in range(len(LINES))]
    assert "times_without_log" not in codes


@pytest.mark.parametrize("at", [STARTS[1], STARTS[8], STARTS[17]])
def test_a_later_part_has_the_times_of_its_lines(tmp_path: Path, at: int) -> None:
    rows, _ = placed(tmp_path / "run", {"run.log.1": LOG[:at], "run.log": LOG[at:], FILE_NAME: TIMES})
    before = {"run.log.1": 0, "run.log": STARTS.index(at)}
    assert [ms for *_, ms in rows] == [1_000 * (before[file] + number - 1) for file, number, _ in rows]


LOST = {
    "its beginning": {"run.log": LOG[CUT:]},
    "a part in the middle": {"run.log.3": LOG[: STARTS[3]], "run.log.1": LOG[STARTS[6] : CUT], "run.log": LOG[CUT:]},
    "its end": {"run.log": LOG[:CUT]},
    "all of it": {"stderr.log": LOG},
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("log", LOST.values(), ids=LOST)
def test_a_log_that_is_not_all_there_has_no_times_and_a_finding(
    tmp_path: Path, log: Mapping[str, bytes], beside: str
) -> None:
    rows, codes = placed(tmp_path / "run", {**log, beside: BESIDE[beside]})
    assert {at for *_, at in rows} == {None}
    assert "times_without_log" in codes
