"""Tests of telemetry records split by a rotation: one record, and one used line in each file's ledger."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.analysis.pipeline import analyze
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import telemetry
from toolkit.model.runs import FileLedger
from toolkit.telemetry.schema import Scope

NAME = "telemetry.jsonl"


def record(t: int, **more: object) -> bytes:
    guidance = {"as_of_ms": 1_000 + 250 * t, "venues": [{"venue_index": 0, "venue_id": "lighter"}]}
    return json.dumps({"t": t, "treasury_guidance": guidance, "venue_age_ms": [t], **more}).encode()


def lines(*numbers: int) -> bytes:
    return b"".join(record(t) + b"\n" for t in numbers)


def read(
    folder: Path, parts: Mapping[str, bytes], scope: Scope = "all"
) -> tuple[list[tuple[object, ...]], list[FileLedger]]:
    """Load the parts; return each record's tick, ages, file number and line, and the ledgers."""
    folder.mkdir(exist_ok=True)
    for name, data in parts.items():
        (folder / name).write_bytes(data)
    con = connect(":memory:")
    ledgers = telemetry.load(con, 1, discover(sorted(str(folder / name) for name in parts)), scope)
    for ledger, data in zip(ledgers, (parts[each.file] for each in ledgers), strict=True):
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" and ledger.file != f"{NAME}.9.gz" else data
        assert ledger.lines == ledger.used + ledger.other + sum(ledger.set_aside.values())
        assert ledger.file == f"{NAME}.9.gz" or ledger.lines == data.count(b"\n") + (data[-1:] not in (b"", b"\n"))
    ages = "select list(coalesce(age_apply_ms, age_event_ms) order by venue) from venue_tick v where v.seq = tick.seq"
    return con.execute(f"select t, ({ages}), file_no, line from tick order by seq").fetchall(), ledgers


BODY = lines(0, 1, 2, 3)
SMALL = len(lines(0))


@pytest.mark.parametrize("large", [False, True], ids=["blocks", "spans"])
def test_a_record_split_at_any_byte_has_the_position_of_its_beginning(
    tmp_path: Path, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:
        monkeypatch.setattr(telemetry, "PARALLEL_FROM_BYTES", 1)
    for at in (SMALL + 1, 2 * SMALL - 2) if large else (*range(SMALL, 2 * SMALL, 3), 2 * SMALL - 1):
        found, ledgers = read(tmp_path / "run", {f"{NAME}.1": BODY[:at], NAME: BODY[at:]})
        split = at > SMALL
        positions = [(0, 1), (0, 2) if split else (1, 1), (1, 2), (1, 3)]
        assert found == [(t, [t], *position) for t, position in enumerate(positions)], at
        assert [each.used for each in ledgers] == [1 + split, 3], at
        assert not any(each.where for each in ledgers), at


MIDDLE, COMPRESSED = record(1), gzip.compress(lines(0) + record(1)[:30], mtime=0)
JOINED = {
    "compressed": {f"{NAME}.1.gz": gzip.compress(lines(0) + MIDDLE[:30]), NAME: MIDDLE[30:] + b"\n" + lines(2)},
    "three parts": {f"{NAME}.2": lines(0) + MIDDLE[:20], f"{NAME}.1": MIDDLE[20:40], NAME: MIDDLE[40:] + b"\n" + lines(2)},
    "an empty part": {f"{NAME}.2": lines(0) + MIDDLE[:20], f"{NAME}.1": b"", NAME: MIDDLE[20:] + b"\n" + lines(2)},
    "a newline alone": {f"{NAME}.1": lines(0) + MIDDLE, NAME: b"\n" + lines(2)},
    "a byte order mark": {f"{NAME}.1": lines(0) + MIDDLE[:20], NAME: b"\xef\xbb\xbf" + MIDDLE[20:] + b"\n" + lines(2)},
    "dates": {f"{NAME}-20261122": lines(0) + MIDDLE[:20], NAME: MIDDLE[20:] + b"\n" + lines(2)},
    "no newline at all": {f"{NAME}.1": lines(0) + MIDDLE + b"\n" + record(2)[:30], NAME: record(2)[30:]},
    "a nested tick": {f"{NAME}.1": lines(0) + MIDDLE[:-1] + b', "x": {"t": 9}, "y"', NAME: b': {"t": 8}}\n' + lines(2)},
}  # fmt: skip


@pytest.mark.parametrize("scope", ["all", "ages"])
@pytest.mark.parametrize("parts", JOINED.values(), ids=JOINED)
def test_the_rest_of_a_split_record_is_found(tmp_path: Path, parts: Mapping[str, bytes], scope: Scope) -> None:
    found, ledgers = read(tmp_path / "run", parts, scope)
    assert [row[:2] for row in found] == [(0, [0]), (1, [1]), (2, [2])]
    assert not any(each.where for each in ledgers)


NOT_JOINED = {
    "a part is missing": {f"{NAME}.2": lines(0) + MIDDLE[:30], NAME: MIDDLE[30:] + b"\n" + lines(2)},
    "another file": {"telemetry_a.jsonl": lines(0) + MIDDLE[:30], "telemetry_b.jsonl": MIDDLE[30:] + b"\n" + lines(2)},
    "killed while writing": {f"{NAME}.1": lines(0) + MIDDLE[:30], NAME: lines(2)},
    "no tick": {f"{NAME}.1": lines(0) + b'{"a": [1', NAME: b"2]}\n" + lines(2)},
    "text after the record": {f"{NAME}.1": lines(0) + MIDDLE[:30], NAME: MIDDLE[30:] + b" torn\n" + lines(2)},
    "damaged": {f"{NAME}.9.gz": COMPRESSED[:-9], f"{NAME}.8": MIDDLE[30:] + b"\n" + lines(2)},
}


@pytest.mark.parametrize("parts", NOT_JOINED.values(), ids=NOT_JOINED)
def test_lines_that_are_not_one_record_stay_two_lines(tmp_path: Path, parts: Mapping[str, bytes]) -> None:
    found, ledgers = read(tmp_path / "run", parts)
    assert [row[0] for row in found][-1] == 2
    assert 1 not in [row[0] for row in found]
    assert any(each.where for each in ledgers)


CUTS = st.lists(st.integers(0, 20 * SMALL), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(CUTS, st.booleans())
def test_the_parts_have_the_records_of_the_whole_file(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], compressed: bool
) -> None:
    data = lines(*range(9), *range(9))
    edges = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    pieces = [data[a:b] for a, b in pairwise(edges)]
    parts = {
        f"{NAME}.{age}.gz" if age and compressed else f"{NAME}.{age}" if age else NAME: gzip.compress(each)
        if age and compressed
        else each
        for age, each in enumerate(reversed(pieces))
    }
    folder = tmp_path_factory.mktemp("run")
    found, ledgers = read(folder, parts)
    assert [row[:2] for row in found] == [(t, [t]) for t in (*range(9), *range(9))]
    assert not any(each.where for each in ledgers)


def test_a_recorded_run_split_within_records_has_the_figures_of_the_whole(tmp_path: Path) -> None:
    run = Path(__file__).parents[1] / "data" / "runs" / "restart_head" / "telemetry.jsonl.zst"
    with zstandard.ZstdDecompressor().stream_reader(run.read_bytes()) as stream:
        data = stream.read()
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    (tmp_path / "whole" / NAME).write_bytes(data)
    first, second = len(data) // 3, 2 * len(data) // 3
    assert b"\n" not in (data[first - 1 : first], data[second - 1 : second])
    (tmp_path / "cut" / f"{NAME}.2.gz").write_bytes(gzip.compress(data[:first]))
    (tmp_path / "cut" / f"{NAME}.1").write_bytes(data[first:second])
    (tmp_path / "cut" / NAME).write_bytes(data[second:])
    cut, whole = analyze([str(tmp_path / "cut")]), analyze([str(tmp_path / "whole")])
    assert cut.figures == whole.figures
    assert [each.code for each in cut.findings] == [each.code for each in whole.findings]
