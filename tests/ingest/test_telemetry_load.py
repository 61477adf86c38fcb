"""Tests of the telemetry reader: lives, times, weights, venue names, and the ledger's line counts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import telemetry
from toolkit.streams import spans
from toolkit.telemetry.schema import SCHEMAS

NAMES = ("extended", "hyperliquid")


def record(t: int, at_ms: int | None, ages: object = (0, 0), names: tuple[str, ...] = NAMES, **more: object) -> bytes:
    guidance = {"as_of_ms": at_ms, "venues": [{"venue_index": i, "venue_id": name} for i, name in enumerate(names)]}
    body = {"t": t, "treasury_guidance": guidance, "venue_age_ms": ages, "venue_age_event_ms": ages, **more}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def load(folder: Path, content: bytes):
    (folder / "telemetry.jsonl").write_bytes(content)
    con = connect(":memory:")
    ledgers = telemetry.load(con, 1, discover([str(folder / "telemetry.jsonl")]))
    return con, ledgers[0]


def lines(*records: bytes) -> bytes:
    return b"".join(each + b"\n" for each in records)


@pytest.mark.parametrize(
    ("steps", "lives"),
    [([0, 1, 2], [0, 0, 0]), ([0, 1, 0, 1], [0, 0, 1, 1]), ([0, 1, 1, 2], [0, 0, 0, 0]), ([5, 3, 1], [0, 1, 2])],
    ids=["one life", "a restart", "an equal tick is a duplicate", "every fall is a life"],
)
def test_a_life_ends_where_the_tick_falls(tmp_path: Path, steps: list[int], lives: list[int]) -> None:
    con, _ = load(tmp_path, lines(*(record(t, 1_000 * (n + 1)) for n, t in enumerate(steps))))
    assert [life for (life,) in con.execute("select life from tick order by seq").fetchall()] == lives


def test_a_tick_weighs_the_time_to_the_next_up_to_five_medians_and_the_last_weighs_one(tmp_path: Path) -> None:
    at = [0, 100, 200, 300, 1_300, 1_400]
    con, _ = load(tmp_path, lines(*(record(t, ms) for t, ms in enumerate(at))))
    assert con.execute("select weight_ms, hole_ms from tick order by seq").fetchall() == [
        (100, 0), (100, 0), (100, 0), (500, 500), (100, 0), (100, 0),
    ]  # fmt: skip


def test_a_record_without_a_time_gets_one_between_its_neighbours(tmp_path: Path) -> None:
    con, _ = load(tmp_path, lines(record(0, 1_000), record(1, None), record(2, None), record(3, 1_600)))
    assert con.execute("select at_ms, at_is_estimate from tick order by seq").fetchall() == [
        (1_000, False), (1_200, True), (1_400, True), (1_600, False),
    ]  # fmt: skip


def test_without_event_ages_the_only_age_is_the_event_age(tmp_path: Path) -> None:
    without_event_age = json.dumps(
        {"t": 0, "venue_age_ms": [40], "treasury_guidance": {"as_of_ms": 1, "venues": []}}
    ).encode()
    con, _ = load(tmp_path, lines(without_event_age))
    found = con.execute("select venue, age_apply_ms, age_event_ms, has_apply_age from venue_tick").fetchall()
    assert found == [("venue_0", None, 40, False)]


def test_a_record_without_venue_names_gets_those_of_the_other_records(tmp_path: Path) -> None:
    unnamed = b'{"t":0,"venue_age_ms":[1,2],"venue_age_event_ms":[1,2]}'
    con, _ = load(tmp_path, lines(unnamed, record(1, 1_000)))
    assert con.execute("select venue from venue_tick where t = 0 order by seq, rowid").fetchall() == [
        ("extended",),
        ("hyperliquid",),
    ]


def test_missing_elements_of_shorter_arrays_are_unknown(tmp_path: Path) -> None:
    con, _ = load(tmp_path, lines(record(0, 1, ages=[7], venue_status=["Healthy", "Stale"])))
    found = con.execute("select venue, age_apply_ms, status from venue_tick order by rowid").fetchall()
    assert found == [("extended", 7, "Healthy"), ("hyperliquid", None, "Stale")]


WHOLE = record(1, 1_000)
PIECES = st.lists(
    st.sampled_from(
        [WHOLE, record(0, 500), WHOLE[:40], WHOLE + WHOLE, WHOLE[:40] + WHOLE, b"", b"\x00\x00", b"[1]", b"noise \xff"]
    )
    | st.binary(max_size=30),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(PIECES, st.booleans())
def test_every_line_is_used_or_set_aside(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], ended: bool
) -> None:
    content = WHOLE + b"\n" + b"\n".join(pieces) + (b"\n" if ended else b"")
    _, ledger = load(tmp_path_factory.mktemp("run"), content)
    assert ledger.lines == ledger.used + ledger.other + sum(ledger.set_aside.values())
    assert ledger.lines == content.count(b"\n") + (not content.endswith(b"\n"))


def test_a_set_aside_line_has_its_byte_offset(tmp_path: Path) -> None:
    content = lines(WHOLE, b"\xff\xfe noise", WHOLE, WHOLE[:40])[:-1]
    _, ledger = load(tmp_path, content)
    assert [(each.line, each.reason) for each in ledger.where] == [(2, "malformed"), (4, "torn_tail")]
    assert [content[each.byte :][:5] for each in ledger.where] == [b"\xff\xfe no", WHOLE[:5]]


@pytest.mark.parametrize("processors", [2, 3, 5])
def test_several_processes_read_the_same_as_one(
    processors: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"".join(record(t, 250 * t, ages=[t % 7, -1]) + b"\n" for t in range(3_000)) + b"torn {\n" + WHOLE[:30]
    con, single = load(tmp_path, body)
    expected = con.execute("select * from venue_tick order by all").fetchall()
    monkeypatch.setattr(telemetry, "PARALLEL_FROM_BYTES", 1)
    monkeypatch.setattr(spans, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    con, parallel = load(tmp_path, body)
    assert con.execute("select * from venue_tick order by all").fetchall() == expected
    assert parallel == single


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ([(), NAMES], [NAMES, NAMES]),
        ([NAMES, ()], [NAMES, NAMES]),
        ([NAMES[:1], NAMES], [NAMES, NAMES]),
        ([NAMES, NAMES[:1]], [NAMES, ("extended", "venue_1")]),
        ([()], [("venue_0", "venue_1")]),
    ],
    ids=["named later", "named before", "one named later", "one never named again", "never named"],
)
def test_a_venue_that_a_record_does_not_name_has_its_last_known_name(
    tmp_path: Path, orders: list[tuple[str, ...]], found: list[tuple[str, ...]]
) -> None:
    # Ticks fall, so that each record begins a life: only then are its names read.
    con, _ = load(tmp_path, lines(*(record(9 - n, 1_000 + n, names=names) for n, names in enumerate(orders))))
    names = con.execute("select list(venue order by rowid) from venue_tick group by seq order by seq").fetchall()
    assert [tuple(map(str, each)) for (each,) in names] == found


def test_each_field_of_a_record_that_is_not_a_list_by_venue_is_a_column_of_the_store() -> None:
    columns = {name for (name,) in connect(":memory:").execute("select column_name from (describe tick)").fetchall()}
    fields = {name for name in SCHEMAS["all"].names if not name.startswith("venue_")}
    assert fields - {"names_no", "marked_venues"} <= columns
    assert len(fields) > 40
