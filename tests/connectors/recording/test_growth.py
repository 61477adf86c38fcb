"""A venue cannot make the files of a run grow faster than a limit; what is left out is said, counters stay exact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import VirtualClock
from connectors.recording.growth import ROWS_AT_ONCE, ROWS_PER_S, TAPE_AT_ONCE, TAPE_PER_S, TokenBucket
from connectors.recording.run_files import EVENTS, LOG, MAX_ROW_TEXT, Journal
from connectors.recording.tape import FrameKind, TapeHeader, read_tape
from connectors.recording.tape_writer import TapeWriter
from connectors.session.events import Note, Opened, Received
from connectors.venues import venues
from toolkit.runlog.parse import parse


def refusal(text: str, count: int = 1) -> Note:
    return Note("refusal", {"text": text, "fatal": False, "topic": None, "code": None, "count": count})


def pressure(total: int) -> Note:
    return Note("pressure", {"name": "mp_try_send_full_count", "count": total, "total": total})


def rows_of(directory: Path, kind: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (directory / EVENTS).read_text().splitlines()[1:]]
    return [row for row in rows if row["kind"] == kind]


def flood(directory: Path, notes_per_ms: int, for_ms: int, *venue_names: str) -> int:
    """Write notes of one kind at this rate, with a tick every 250 ms; return their number for each venue."""
    clock = VirtualClock(1_790_000_000_000)
    journal = Journal(directory, clock, venues(), audit=True)
    sent = 0
    for at_ms in range(for_ms):
        clock.advance_to(at_ms)
        for _ in range(notes_per_ms):
            sent += 1
            for name in venue_names:
                journal.record_note(name, refusal("no", sent))
        if at_ms % 250 == 0:
            journal.write_held()
    journal.close()
    return sent


def test_notes_of_one_kind_are_limited_and_the_number_left_out_is_said(tmp_path: Path) -> None:
    sent = flood(tmp_path, 20, 6_000, "lighter", "aster")
    for name in ("lighter", "aster"):
        rows = [row for row in rows_of(tmp_path, "refusal") if row["venue"] == name]
        assert ROWS_AT_ONCE <= len(rows) <= ROWS_AT_ONCE + 6 * ROWS_PER_S + 1
        assert len(rows) + sum(row["fields"].get("left_out", 0) for row in rows) == sent
        assert rows[-1]["fields"]["count"] == sent, "the newest is written at the end"
    log = (tmp_path / LOG).read_text().splitlines()
    assert len(log) < 500
    said = [line for line in log if line.startswith("toolkit smoke: ")]
    assert said[0].endswith("more notes of kind refusal of lighter came too fast and are left out")
    assert {record.family for line in said for record in parse(line).records} == {"own_left_out"}


def test_a_burst_below_the_limit_is_written_whole(tmp_path: Path) -> None:
    assert flood(tmp_path, ROWS_AT_ONCE, 1, "lighter") == len(rows_of(tmp_path, "refusal"))


def test_a_counter_is_exact_after_the_last_note(tmp_path: Path) -> None:
    clock = VirtualClock(1_790_000_000_000)
    journal = Journal(tmp_path, clock, venues(), audit=True)
    for total in range(1, 30_001):
        journal.record_note("lighter", pressure(total))
    journal.close()
    assert rows_of(tmp_path, "pressure")[-1]["fields"]["total"] == 30_000


def test_a_note_that_is_held_is_written_as_soon_as_the_limit_allows(tmp_path: Path) -> None:
    clock = VirtualClock(1_790_000_000_000)
    journal = Journal(tmp_path, clock, venues(), audit=True)
    for number in range(ROWS_AT_ONCE + 3):
        journal.record_note("lighter", refusal("no", number))
    assert len(rows_of(tmp_path, "refusal")) == ROWS_AT_ONCE
    clock.advance_to(1_000)
    journal.write_held()
    last = rows_of(tmp_path, "refusal")[-1]
    assert (last["fields"]["count"], last["fields"]["left_out"]) == (ROWS_AT_ONCE + 2, 2)
    journal.close()


def test_a_long_text_of_a_note_is_cut_in_its_row(tmp_path: Path) -> None:
    journal = Journal(tmp_path, VirtualClock(0), venues(), audit=True)
    journal.record_note("lighter", Note("refusal", {"text": "no", "topic": "t" * 1_000_000, "fatal": False}))
    journal.close()
    assert len(rows_of(tmp_path, "refusal")[0]["fields"]["topic"]) == MAX_ROW_TEXT


def test_a_tape_grows_only_so_fast_and_says_how_many_rows_are_left_out(tmp_path: Path) -> None:
    clock = VirtualClock(0)
    with TapeWriter(tmp_path, TapeHeader("lighter", "ETH", "SIMULATED"), clock) as writer:
        tape = writer.recorder()
        tape.record_event(Opened())
        for at_ms in range(0, 4_000, 10):
            clock.advance_to(at_ms)
            tape.record_event(Received("x" * 500_000))
    path = tmp_path / "lighter.tape.jsonl"
    assert path.stat().st_size <= TAPE_AT_ONCE + 4 * TAPE_PER_S + 100_000
    _, entries = read_tape(path.read_text().splitlines())
    left_out = sum(int(str(each.data).split()[0]) for each in entries if each.kind is FrameKind.LEFT_OUT)
    assert left_out + sum(each.kind is FrameKind.RECEIVED for each in entries) == 400


@pytest.mark.parametrize(("at_us", "allowed"), [(0, False), (500_000, True), (400_000, False), (10**12, True)])
def test_a_bucket_is_refilled_by_time(at_us: int, allowed: bool) -> None:
    bucket = TokenBucket(2, 2)
    assert bucket.take(2, 0)
    assert bucket.take(1, at_us) is allowed
    assert not bucket.take(3, 10**15), "never more than it holds"
