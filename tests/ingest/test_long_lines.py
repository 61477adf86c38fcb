"""Lines and values that are too long are counted and cut, alike however a file is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolkit.analysis.pipeline import Options, analyze
from toolkit.ingest.log_lines.name_limits import MAX_TEXT_CHARS, NameLimits
from toolkit.model.vocabulary import SetAside
from toolkit.runlog.parse import parse
from toolkit.streams.blocks import LONGEST_LINE_BYTES, blocks
from toolkit.telemetry.block_reader import read_block, read_span

LONGEST = 1_000


def _record(tick: int, filling: int) -> bytes:
    return json.dumps({"t": tick, "venue_age_ms": [1], "filling": "x" * filling}).encode() + b"\n"


@pytest.mark.parametrize(
    ("fillings", "too_long"),
    [((10, 2_000, 10), [2]), ((2_000,), [1]), ((2_000, 10, 900, 2_000), [1, 4]), ((900, 900), [])],
)
def test_a_span_and_a_stream_set_the_same_telemetry_lines_aside(
    tmp_path: Path, fillings: tuple[int, ...], too_long: list[int]
) -> None:
    path = tmp_path / "telemetry.jsonl"
    path.write_bytes(b"".join(_record(tick, filling) for tick, filling in enumerate(fillings)))
    span = read_span(path, 0, path.stat().st_size, longest=LONGEST)
    with path.open("rb") as stream:
        streamed = [each for block in blocks(stream, 256, LONGEST) for each in read_block(block).where]
    assert [(each.line, each.reason) for each in span.where] == [(line, SetAside.TOO_LONG) for line in too_long]
    assert list(span.where) == streamed
    assert (span.lines, span.used) == (len(fillings), len(fillings) - len(too_long))
    assert span.table.num_rows == span.used


def test_long_values_of_a_log_line_are_cut() -> None:
    line = "Error: " + "cause " * MAX_TEXT_CHARS
    record = NameLimits.cut(parse(line).records[0])
    assert max(map(len, parse(line).records[0].fields.values())) > MAX_TEXT_CHARS
    assert max(map(len, record.fields.values())) == MAX_TEXT_CHARS


@pytest.mark.parametrize("name", ["commands.jsonl", "events.jsonl"])
def test_a_line_that_is_too_long_in_a_file_beside_the_run_is_not_used(tmp_path: Path, name: str) -> None:
    (tmp_path / "run.log").write_bytes(b"INFO: Lighter public WS connected\n")
    schema = f"toolkit.{name.removesuffix('s.jsonl')}/1"
    long = json.dumps({"schema": schema, "log": "x" * LONGEST_LINE_BYTES}).encode()
    (tmp_path / name).write_bytes(long + b"\n" + b"{}\n")
    row = next(each for each in analyze([str(tmp_path)], options=Options(scope="ages")).ledger if each.file == name)
    assert row.set_aside["too_long"] == 1
    assert row.lines == row.used + row.other + sum(row.set_aside.values()) == 2


@pytest.mark.parametrize("role", ["run.log", "telemetry.jsonl"])
def test_the_ledger_counts_a_line_that_is_too_long(tmp_path: Path, role: str) -> None:
    short = _record(1, 10) if role == "telemetry.jsonl" else b"Error: cause 1\nINFO: Lighter public WS connected\n"
    (tmp_path / role).write_bytes(short + b"x" * (LONGEST_LINE_BYTES + 1) + b"\n" + short)
    (row,) = analyze([str(tmp_path)], options=Options(scope="ages")).ledger
    assert row.set_aside == {"too_long": 1}
    assert row.lines == row.used + row.other + 1 == 2 * short.count(b"\n") + 1
